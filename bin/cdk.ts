// npm run synth, npm run deploy: cdk with all its arguments and its exit code, and a line for whom cdk leaves without.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { awsTrouble } from '../lib/operator/aws-trouble.ts';
import { findDeployment } from '../lib/operator/deployment.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const [command] = args;

/** cdk's own options that matter here; all others are cdk's matter. */
const { values: given } = parseArgs({
  args,
  strict: false,
  options: {
    output: { type: 'string', short: 'o' },
    profile: { type: 'string' },
    context: { type: 'string', short: 'c' },
  },
});

const cdk = join(dirname(fileURLToPath(import.meta.resolve('aws-cdk/package.json'))), 'bin/cdk');
const { status, signal, error } = spawnSync(process.execPath, [cdk, ...args], { cwd: root, stdio: 'inherit' });
if (error) throw error;
if (command === 'synth' && status === 0) for (const path of templates()) console.log(`Template: ${path}`);
if (command === 'deploy' && status !== 0 && signal === null) {
  const trouble = await troubleWithSignIn();
  if (trouble !== undefined) console.error(`\n${trouble}`);
}
process.exitCode = status ?? 1;

function templates(): string[] {
  const folder = resolve(root, typeof given.output === 'string' ? given.output : 'cdk.out');
  // Not the folder's list: cdk leaves templates of other stacks there.
  const { artifacts } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    artifacts: Readonly<Record<string, { readonly properties?: { readonly templateFile?: string } }>>;
  };
  const files = Object.values(artifacts).flatMap(({ properties }) => properties?.templateFile ?? []);
  return files.map((file) => join(folder, file));
}

/** Asks AWS as the command line does: cdk's "Unable to resolve AWS account" does not say what a newcomer is to do. */
async function troubleWithSignIn(): Promise<string | undefined> {
  // As cdk does without one. Only who asks matters here.
  const region = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1';
  try {
    const profile = typeof given.profile === 'string' && { profile: given.profile };
    await findDeployment({ stackName: 'ProcoreConnector', region, ...profile });
  } catch (error) {
    const text = awsTrouble(error, false)?.message;
    const example = 'aws sso login --profile NAME, then AWS_PROFILE=NAME AWS_REGION=us-east-1 npm run deploy';
    if (text?.includes('credentials')) return `${text}\nTo deploy, sign in and say in which region: ${example}.`;
  }
}
