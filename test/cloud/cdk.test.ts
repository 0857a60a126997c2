import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'cdk-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** As npm runs the scripts `synth` and `deploy`, for a person who never signed in to AWS. */
function run(...args: readonly string[]) {
  return spawnSync(process.execPath, ['bin/cdk.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: directory, AWS_EC2_METADATA_DISABLED: 'true', CI: 'true' },
  });
}

test('synth names the template, and deploy without credentials says to sign in and to set a region', () => {
  const output = join(directory, 'out');
  const synth = run('synth', '--quiet', '-o', output);
  expect(synth).toMatchObject({ status: 0, stdout: `Template: ${join(output, 'ProcoreConnector.template.json')}\n` });

  const deploy = run('deploy', '--app', output);
  expect(deploy.status).toBe(1);
  expect(deploy.stderr).toContain('Unable to resolve AWS account');
  expect(deploy.stderr).toMatch(
    /\nThere are no AWS credentials: .*\nTo deploy, sign in .*: aws sso login .*AWS_REGION=/,
  );
}, 60_000);

test('refuses a setting with -c, which the next deployment would forget: exit code 1, one line, and no template', () => {
  const { status, stdout, stderr } = run('synth', '--quiet', '-c', 'environments=sandbox', '-o', join(directory, 'no'));
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain('-c environments=…: got "sandbox"; allowed: -c stage=NAME alone');
}, 60_000);
