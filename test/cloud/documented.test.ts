import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resourcesOf, synthesize } from './synthesized.ts';

const document = readFileSync(new URL('../../lib/cloud/README.md', import.meta.url), 'utf8');

/** The types behind the rows of the table "What is deployed", by the row's first words. */
const types = {
  'HTTP API': 'AWS::ApiGatewayV2::Api',
  'Lambda functions': 'AWS::Lambda::Function',
  'DynamoDB tables': 'AWS::DynamoDB::Table',
  'SQS queues': 'AWS::SQS::Queue',
  'Secrets Manager secrets': 'AWS::SecretsManager::Secret',
  'KMS key': 'AWS::KMS::Key',
  'EventBridge rules': 'AWS::Events::Rule',
  Alarms: 'AWS::CloudWatch::Alarm',
  'Composite alarms': 'AWS::CloudWatch::CompositeAlarm',
  Dashboard: 'AWS::CloudWatch::Dashboard',
};

test('lib/cloud/README.md says how many resources an environment has', () => {
  // What belongs to the stack and not to an environment is the topic of alarms, with its key.
  const resources = [...resourcesOf(synthesize({ environments: 'production' }))].filter(([id]) =>
    id.startsWith('Production'),
  );
  const counted = Object.entries(types).map(([name, type]) => [
    name,
    resources.filter(([, { Type }]) => Type === type).length,
  ]);
  const told = Object.keys(types).map((name) => {
    const [, count] = new RegExp(`^\\| ${name}[^|]*\\| (\\d+) \\|`, 'm').exec(document) ?? [];
    return [name, Number(count)];
  });
  expect(told).toEqual(counted);
});

test('lib/cloud/README.md says how few alarms a sandbox has', () => {
  const [, alarms] = /^\| Alarms.*; (\d+) in a sandbox/m.exec(document) ?? [];
  synthesize({ environments: 'sandbox' }).resourceCountIs('AWS::CloudWatch::Alarm', Number(alarms));
});
