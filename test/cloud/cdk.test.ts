import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'cdk-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** As npm runs its scripts, for a person who never signed in to AWS. */
function run(script: 'synth' | 'deploy' | 'bootstrap', ...args: readonly string[]) {
  const program = script === 'synth' ? ['bin/cdk.ts', 'synth'] : [`bin/${script}.ts`];
  return spawnSync(process.execPath, ['bin/run.js', ...program, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: directory, AWS_EC2_METADATA_DISABLED: 'true', CI: 'true' },
  });
}

test('synth names the template', () => {
  const output = join(directory, 'out');
  const synth = run('synth', '--quiet', '-o', output);
  expect(synth).toMatchObject({ status: 0, stdout: `Template: ${join(output, 'ProcoreConnector.template.json')}\n` });
}, 120_000);

test('deploy without credentials says at once to sign in and to set a region', () => {
  const deploy = run('deploy');
  expect(deploy.status).toBe(5);
  expect(deploy.stderr).toMatch(
    /^(No AWS region is set|There are no AWS credentials).*\nTo deploy, sign in .*: aws sso login .*AWS_REGION=/,
  );
}, 120_000);

test('refuses a setting with -c, which the next deployment would forget: exit code 1, one line, and no template', () => {
  const { status, stdout, stderr } = run('synth', '--quiet', '-c', 'environments=sandbox', '-o', join(directory, 'no'));
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain('-c environments=…: got "sandbox"; allowed: -c stage=NAME alone');
}, 120_000);

test('bootstrap has the CDK prepare the account of the stage, in a fresh clone, too', () => {
  const { status, stdout } = run('bootstrap', '--help');
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('Deploys the CDK toolkit stack') });
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(scripts).toMatchObject({ bootstrap: 'node bin/run.js bin/bootstrap.ts' });
}, 120_000);

test('bootstrap without credentials says to sign in and to set a region', () => {
  const { status, stderr } = run('bootstrap');
  expect(status).toBe(1);
  expect(stderr).toMatch(/sign in and say in which region, as in aws sso login .*AWS_REGION=.* npm run bootstrap/);
}, 120_000);
