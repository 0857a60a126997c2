import { type App, NestedStack, Stack } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { procoreEnvironmentNames } from '../../functions/procore/environment.ts';
import { readConfiguration } from '../../lib/cloud/configuration.ts';
import { ConnectorStack } from '../../lib/cloud/connector-stack.ts';
import { ProcoreEnvironment } from '../../lib/cloud/procore-environment.ts';
import { mostStackNameCharacters } from '../../lib/cloud/stack-name.ts';
import { findingsOf } from './findings.ts';
import { stubBundles } from './synthesized.ts';

const bundles = stubBundles();

function ourStack(app: App): ConnectorStack {
  const [stack] = readConfiguration((key) => app.node.tryGetContext(key)).map(
    (configuration) => new ConnectorStack(app, { configuration, bundles }),
  );
  if (stack === undefined) throw new Error('no stack');
  return stack;
}

const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555';
const apart = {
  sandbox: {
    account: '111122223333',
    region: 'us-east-1',
    domain: { name: 'a.example.com', certificateArn, inUse: false },
  },
  production: { account: '444455556666', region: 'eu-central-1', worker: false },
};
const everythingOn = {
  alarmEmail: 'ops@example.com',
  domains: { sandbox: { name: 'connect.example.com', certificateArn } },
};

describe("AWS's own rules for solutions (cdk-nag) and CDK's validator of CloudFormation find nothing unexplained", () => {
  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['without a setting', {}],
    ['in two accounts, with a domain that is not in use yet', { stages: { default: { environments: apart } } }],
    ['with everything that configuration can turn on', everythingOn],
    ['without the worker', { worker: false, environments: ['production'] }],
    ...procoreEnvironmentNames.map((name): [string, Readonly<Record<string, unknown>>] => [
      `with ${name} alone and the longest name`,
      { environments: [name], stackName: 'S'.repeat(mostStackNameCharacters([name])) },
    ]),
  ])('in our stack %s', (_variant, block) => {
    expect(findingsOf(ourStack, { procore: block })).toEqual([]);
  });

  test('in a nested stack of an app of an integrator', () => {
    const nested = (app: App) => {
      const scope = new NestedStack(new Stack(app, 'Theirs'), 'Nested');
      new ProcoreEnvironment(scope, 'Procore', { procoreEnvironment: 'production', bundles, queueNamePrefix: 'acme' });
    };
    expect(findingsOf(nested)).toEqual([]);
  });
});

test('a role with a wildcard of its own would be found', () => {
  const found = findingsOf((app) => {
    const worker = ourStack(app).node.findChild('Sandbox').node.findChild('Webhooks').node.findChild('WebhookWorker');
    (worker as unknown as { allow(actions: string[], resources: string[]): void }).allow(['sqs:*'], ['*']);
  });
  expect(found).toEqual([
    'AwsSolutions-IAM5[Action::sqs:*] ProcoreConnector/Sandbox/Webhooks/WebhookWorker/Role/Resource',
    'AwsSolutions-IAM5[Resource::*] ProcoreConnector/Sandbox/Webhooks/WebhookWorker/Role/Resource',
  ]);
});

test('a queue that hides messages for less than its function takes would be found', () => {
  const found = findingsOf((app) => {
    // Of a function that is called by its name: the validator does not follow an alias.
    const escrow = ourStack(app).node.findChild('Sandbox').node.findChild('EscrowQueue');
    const { defaultChild } = escrow.node.findChild('Queue').node;
    (defaultChild as unknown as { visibilityTimeout: number }).visibilityTimeout = 10;
  });
  expect(found.length).toBeGreaterThan(0);
});
