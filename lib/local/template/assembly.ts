import { type ChildProcess, execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ConnectorError } from '../../../functions/connector-error.ts';
import { asOneStack, localStage } from '../../stages.ts';
import { account, region } from '../aws/identity.ts';
import { isObject, type Json, type Template } from './template.ts';

/** A synthesized app: its one template, and where its assets lie until `remove`. */
export interface Assembly {
  readonly template: Template;
  /** The folder that relative `aws:asset:path` values start from. */
  readonly directory: string;
  /** Deletes the folder. */
  remove(): Promise<void>;
}

/** The CDK app did not synthesize, or not to what the runner can run. */
export class SynthesisError extends ConnectorError {
  override readonly name = 'SynthesisError';
  readonly code = 'synthesis_failed';
}

const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** Running programs and folders not yet removed. They go also when the process ends in a hurry. */
const programs = new Set<ChildProcess>();
const directories = new Set<string>();
process.once('exit', () => {
  // A program that went on would write its folder again.
  for (const program of programs) program.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({ type: z.string(), properties: z.looseObject({ templateFile: z.string().optional() }).optional() }),
  ),
});

// CloudFormation's own schema is AWS's matter; the runner reads Resources and Outputs and refuses what it does not know.
const templateSchema = z.custom<Template>(
  (value) => z.looseObject({ Resources: z.looseObject({}) }).safeParse(value).success,
);

/**
 * Synthesizes the app exactly as a deployment would, in a child process, and loads the result.
 *
 * @param contextOverrides context keys laid over those of cdk.json; of `procore` the settings that each environment of the
 *   {@link localStage} gets, and as `environments` which ones there are
 * @param app the program to run, relative to the repository; tests give another
 * @throws SynthesisError with the app's own last line when it fails
 */
export async function synthesize(
  contextOverrides: Readonly<Record<string, Json>>,
  app = 'bin/app.ts',
): Promise<Assembly> {
  const directory = await mkdtemp(join(tmpdir(), 'procore-connector-'));
  directories.add(directory);
  const remove = async () => {
    // In one go: an exit in the middle would have to remove what is being removed.
    rmSync(directory, { recursive: true, force: true });
    directories.delete(directory);
  };
  try {
    await runApp(app, directory, await mergedContext(contextOverrides));
    return { template: await loadTemplate(directory), directory, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Loads the only stack of a cloud assembly that is on disk. */
export async function loadTemplate(directory: string): Promise<Template> {
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')));
  const files = Object.values(manifest.artifacts)
    .filter((artifact) => artifact.type === 'aws:cloudformation:stack')
    .map((artifact) => artifact.properties?.templateFile ?? '');
  const [file] = files;
  if (file === undefined || files.length !== 1) {
    throw new SynthesisError(`The app has ${files.length} stacks; the local runner runs an app of exactly one.`);
  }
  return templateSchema.parse(JSON.parse(await readFile(join(directory, file), 'utf8')));
}

/**
 * Reads cdk.json.
 *
 * @param path tests give another
 * @throws SynthesisError that says what is wrong with the file
 */
export async function readCdkJson<Content>(
  schema: z.ZodType<Content>,
  path = join(repository, 'cdk.json'),
): Promise<Content> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const what = issue ? `${issue.path.join('.')}: ${issue.message}` : (error as Error).message.replaceAll(/\s+/g, ' ');
    throw new SynthesisError(`cdk.json cannot be read. Mend it, then start again: ${what}`, { cause: error });
  }
}

async function mergedContext(overrides: Readonly<Record<string, Json>>): Promise<Record<string, Json>> {
  const { context } = await readCdkJson(z.looseObject({ context: z.record(z.string(), z.json()).default({}) }));
  const given = isObject(overrides.procore) ? overrides.procore : {};
  const procore = z.json().parse(asOneStack(localStage(context.procore), given));
  // On AWS a stack holds 500 resources. The cdk command sets the last one: it puts the assets' folders into the template.
  const own = { '@aws-cdk/core:stackResourceLimit': 0, 'aws:cdk:enable-asset-metadata': true };
  return { ...context, ...overrides, procore, ...own };
}

function runApp(app: string, directory: string, context: Record<string, Json>): Promise<void> {
  const env = {
    ...process.env,
    CDK_OUTDIR: directory,
    CDK_CONTEXT_JSON: JSON.stringify(context),
    CDK_DEFAULT_ACCOUNT: account,
    CDK_DEFAULT_REGION: region,
    // Three seconds at each start; `npm run check` has the validator on.
    CDK_VALIDATION: 'false',
  };
  return new Promise((resolve, reject) => {
    const options = { cwd: repository, env, maxBuffer: 16 * 1024 * 1024 };
    const program = execFile(process.execPath, [app], options, (error, _out, stderr) => {
      programs.delete(program);
      if (error === null) resolve();
      else reject(new SynthesisError(`${app} failed: ${tellingLine(stderr) ?? error.message}`, { cause: error }));
    });
    programs.add(program);
  });
}

/** Of what a failing program wrote: the first line that names an error, else the last line. */
function tellingLine(stderr: string): string | undefined {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.find((line) => /\[ERROR\]|^\w*Error\b.*:/.test(line)) ?? lines.findLast((line) => line !== '');
}
