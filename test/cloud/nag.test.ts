import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import { readConfiguration } from '../../lib/cloud/configuration.ts';
import { ConnectorStack } from '../../lib/cloud/connector-stack.ts';
import { cdkContext, stubBundles } from './synthesized.ts';

interface Report {
  readonly pluginReports: readonly {
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
}

/** What cdk-nag finds, as `rule path`, for a stack with everything that configuration can turn on. */
function findings(change: (app: App, stack: ConnectorStack) => void = () => {}): string[] {
  const outdir = mkdtempSync(join(tmpdir(), 'nag-'));
  const domains = {
    sandbox: {
      name: 'connect.example.com',
      certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555',
    },
  };
  const app = new App({
    context: { ...cdkContext, domains, alarmEmail: 'ops@example.com' },
    outdir,
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const configuration = readConfiguration((key) => app.node.tryGetContext(key));
  change(app, new ConnectorStack(app, { configuration, bundles: stubBundles() }));
  const { exitCode, stderr } = process;
  // CDK prints the findings and marks the process as failed; here they are compared instead.
  const silenced = stderr.write;
  stderr.write = () => true;
  try {
    app.synth();
  } catch (error) {
    if (!/^ValidationFailed/.test(String(error))) throw error;
  } finally {
    stderr.write = silenced;
    process.exitCode = exitCode;
  }
  const report: Report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));
  rmSync(outdir, { recursive: true });
  return report.pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    ),
  );
}

test("AWS's own rules for solutions (cdk-nag) find nothing that the code does not explain where it stands", () => {
  expect(findings()).toEqual([]);
});

test('a role with a wildcard of its own would be found', () => {
  const found = findings((_app, stack) => {
    const worker = stack.node.findChild('Sandbox').node.findChild('Webhooks').node.findChild('WebhookWorker');
    (worker as unknown as { allow(actions: string[], resources: string[]): void }).allow(['sqs:*'], ['*']);
  });
  expect(found).toEqual([
    'AwsSolutions-IAM5[Action::sqs:*] ProcoreConnector/Sandbox/Webhooks/WebhookWorker/Role/Resource',
    'AwsSolutions-IAM5[Resource::*] ProcoreConnector/Sandbox/Webhooks/WebhookWorker/Role/Resource',
  ]);
});
