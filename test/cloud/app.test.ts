import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { accountLimitKey } from '../../lib/concurrency.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** As `cdk synth` starts the app, but by plain Node and without anything that points to an AWS account. */
function startApp(
  context: Readonly<Record<string, unknown>>,
  outputDirectory: string,
  variables: Readonly<Record<string, string>> = {},
) {
  const { context: own } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  return spawnSync(process.execPath, ['bin/app.ts'], {
    cwd: root,
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      CDK_OUTDIR: outputDirectory,
      CDK_CONTEXT_JSON: JSON.stringify({ ...own, ...context }),
      ...variables,
    },
  });
}

test('synthesizes the real functions for two accounts without credentials, and passes the validation of CloudFormation rules', () => {
  const outputDirectory = mkdtempSync(join(tmpdir(), 'app-test-'));
  const environments = {
    sandbox: { account: '111122223333', region: 'eu-central-1' },
    production: { account: '444455556666', region: 'us-east-1' },
  };
  try {
    const { status, stderr } = startApp({ procore: { stages: { default: { environments } } } }, outputDirectory);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringMatching(/error|warning/i) });
    for (const name of Object.keys(environments)) {
      expect(existsSync(join(outputDirectory, `ProcoreConnector-${name}.template.json`))).toBe(true);
    }
    expect(JSON.parse(readFileSync(join(outputDirectory, 'validation-report.json'), 'utf8')).pluginReports).toEqual([]);
  } finally {
    rmSync(outputDirectory, { recursive: true });
  }
});

test('prints one line and exits 1 for a wrong value', () => {
  const procore = { stages: { default: { logRetentionDays: 2 } } };
  const { status, stdout, stderr } = startApp({ procore }, join(tmpdir(), 'app-test-unused'));
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^procore\.stages\.default\.logRetentionDays in cdk\.json: got 2; allowed: [^\n]*\n$/);
});

test('holds back what the account of the deployment cannot run, and says so with the command that asks for more', () => {
  const outputDirectory = mkdtempSync(join(tmpdir(), 'app-test-'));
  const [account, region] = ['111122223333', 'eu-central-1'];
  const variables = { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region, CDK_VALIDATION: 'false' };
  const limit = { [accountLimitKey(account, region)]: { concurrentExecutions: 17, unreserved: 17 } };
  try {
    const { status, stderr } = startApp(limit, outputDirectory, variables);
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /run 17 functions at once in eu-central-1\.\n.*\n {2}sandbox: 2 batches.*\n {2}production: 2 batches/,
    );
    expect(stderr).toContain('--quota-code L-B99A9384 --desired-value 1000 --region eu-central-1\n');
    const template = readFileSync(join(outputDirectory, 'ProcoreConnector.template.json'), 'utf8');
    expect(new Set(template.match(/"MaximumConcurrency": \d+/g))).toEqual(new Set(['"MaximumConcurrency": 2']));
  } finally {
    rmSync(outputDirectory, { recursive: true });
  }
});
