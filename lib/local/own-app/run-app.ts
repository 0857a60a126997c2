import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { account, region } from '../aws/identity.ts';
import { SynthesisError } from '../template/assembly.ts';

/** Which app is run, and from where. */
export interface AppCommand {
  /** The folder of its cdk.json. */
  readonly folder: string;
  /** A line for the shell, as `app` of cdk.json. @default that of cdk.json */
  readonly command?: string | undefined;
}

const cdkJsonSchema = z.looseObject({
  app: z.string().min(1).optional(),
  context: z.record(z.string(), z.json()).default({}),
});
const contextSchema = z.record(z.string(), z.json());

/** What the cdk command lays over the context that stands in files. */
const ownContext = {
  // By paths it is told what belongs to an environment, and assets lie where these paths say.
  'aws:cdk:enable-path-metadata': true,
  'aws:cdk:enable-asset-metadata': true,
  'aws:cdk:version-reporting': false,
  // On AWS a stack holds 500 resources.
  '@aws-cdk/core:stackResourceLimit': 0,
};

/** So many of the last lines of a failing app are shown: they name the fault and the construct. */
const mostLines = 30;

/** Programs that still run. They go also when this process ends in a hurry. */
const programs = new Set<ChildProcess>();
process.once('exit', () => {
  for (const program of programs) program.kill('SIGKILL');
});

/**
 * Has a CDK app write its cloud assembly, as the cdk command does: by a shell, in the app's folder, with the context of
 * cdk.json and cdk.context.json.
 *
 * @param directory where the assembly goes
 * @throws SynthesisError when no command is known, a file cannot be read, or the app fails, with the app's own line
 */
export async function runApp({ folder, command: given }: AppCommand, directory: string): Promise<void> {
  const { app, context } = readJson(join(folder, 'cdk.json'), cdkJsonSchema) ?? { context: {} };
  const command = given ?? app;
  if (command === undefined || command.trim() === '') {
    throw new SynthesisError(
      `There is no cdk.json with an "app" in ${folder}. Run this in the folder of your CDK app, or say how the app is started: --app "npx tsx bin/app.ts".`,
    );
  }
  const looked = readJson(join(folder, 'cdk.context.json'), contextSchema) ?? {};
  const env = {
    ...process.env,
    CDK_OUTDIR: directory,
    CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...looked, ...ownContext }),
    CDK_DEFAULT_ACCOUNT: account,
    CDK_DEFAULT_REGION: region,
    CDK_VALIDATION: 'false',
  };
  const { code, said } = await run(command, folder, env);
  if (code !== 0) {
    // It is one line with the place, and the stack behind it is of ours.
    const entry = /^EntryError: (.+)$/m.exec(said)?.[1];
    if (entry !== undefined) throw new SynthesisError(`The app failed (${command}): ${entry}`);
    const lines = said.trimEnd().split('\n').slice(-mostLines);
    throw new SynthesisError(`The app failed with exit code ${code} (${command}). It said:\n${lines.join('\n')}`);
  }
  if (existsSync(join(directory, 'manifest.json'))) return;
  throw new SynthesisError(
    `The app wrote no cloud assembly (${command}). It has to end with app.synth(), without an outdir of its own.`,
  );
}

/** @returns undefined when there is no such file */
function readJson<Content>(path: string, schema: z.ZodType<Content>): Content | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const what = issue ? `${issue.path.join('.')}: ${issue.message}` : (error as Error).message.replaceAll(/\s+/g, ' ');
    throw new SynthesisError(`${path} cannot be read. Mend it, then start again: ${what}`, { cause: error });
  }
}

function run(command: string, folder: string, env: NodeJS.ProcessEnv): Promise<{ code: number; said: string }> {
  return new Promise((done, fail) => {
    const program = spawn(command, { cwd: folder, env, shell: true, stdio: ['ignore', 'ignore', 'pipe'] });
    programs.add(program);
    let said = '';
    program.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-64_000);
    });
    program.once('error', fail);
    program.once('close', (code) => {
      programs.delete(program);
      done({ code: code ?? 1, said });
    });
  });
}
