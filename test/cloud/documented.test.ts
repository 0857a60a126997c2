import { readFileSync } from 'node:fs';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { expect, test } from 'vitest';
import { environmentOptions } from '../../lib/cloud/environment-options.ts';
import { keyActionsOf } from '../../lib/key-permissions.ts';
import { permissionsOf } from '../../lib/operator/permissions.ts';
import { tableOutputs } from '../../lib/stack-outputs.ts';
import { permissions } from './permissions.ts';
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
  'Log queries': 'AWS::Logs::QueryDefinition',
  Dashboard: 'AWS::CloudWatch::Dashboard',
  'Aliases of functions': 'AWS::Lambda::Alias',
  'CodeDeploy deployment groups': 'AWS::CodeDeploy::DeploymentGroup',
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

test('a construct has the defaults that its props document', () => {
  const source = readFileSync(new URL('../../lib/cloud/procore-environment.ts', import.meta.url), 'utf8');
  const props = source.slice(source.indexOf('interface ProcoreEnvironmentProps'), source.indexOf('\n}\n'));
  const documented = [...props.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+readonly (\w+)(\??):/g)].map(
    ([, text = '', name = '', optional]) => ({ name, optional, byDefault: /@default (.*)/.exec(text)?.[1] }),
  );
  expect(documented.length).toBe(props.match(/^ {2}readonly /gm)?.length);
  for (const { name, optional, byDefault } of documented) {
    expect(byDefault !== undefined, `${name} has a @default`).toBe(optional === '?');
    const { default: option, defaultIn } = environmentOptions[name as keyof typeof environmentOptions] ?? {};
    if (defaultIn !== undefined) {
      const [others, elsewhere] = [Object.keys(defaultIn).join(' and '), Object.values(defaultIn)[0]];
      const spelled = [elsewhere, option].map((value) => (typeof value === 'string' ? `'${value}'` : value));
      expect(byDefault, name).toBe(`${spelled[0]} for ${others}, ${spelled[1]} for the sandboxes`);
    } else if (option === undefined || typeof option === 'object') {
      expect(byDefault ?? '- ', name).toMatch(/^- /);
    } else {
      const spelled = name === 'logRetention' ? `RetentionDays.${RetentionDays[option as number]}` : option;
      expect(byDefault, name).toBe(typeof spelled === 'string' && name === 'logLevel' ? `'${spelled}'` : `${spelled}`);
    }
  }
});

test('lib/cloud/README.md says how few alarms a sandbox has', () => {
  const [, alarms] = /^\| Alarms.*; (\d+) in a sandbox/m.exec(document) ?? [];
  synthesize({ environments: 'sandbox' }).resourceCountIs('AWS::CloudWatch::Alarm', Number(alarms));
});

test('the policy for GitHub has what verify needs, what `npm run deploy` asks itself, and the way to the roles of the CDK', () => {
  const [, policy = '{}'] =
    [...document.matchAll(/```json\n([\s\S]*?)```/g)].find(([text]) => text.includes('cdk-hnb659fds')) ?? [];
  const { Statement } = JSON.parse(policy) as {
    Statement: { Action: string | string[]; Resource: string | string[] }[];
  };
  const lines = Statement.flatMap(({ Action, Resource }) =>
    [Resource]
      .flat()
      .flatMap((resource) => [Action].flat().map((action) => `${action} ${resource.split(/[:/]/).at(-1)}`)),
  );
  const nameOf = (resource: string) =>
    resource === 'the stack' ? '*' : resource.replace(/\B(?=[A-Z])/g, '-').toUpperCase();
  const tables = tableOutputs.map((name) => nameOf(`Table${name}`));
  const ofDeploy = [
    'sts:AssumeRole cdk-hnb659fds-*-role-111122223333-us-east-1',
    'cloudformation:GetTemplate *',
    'cloudformation:UpdateTerminationProtection *',
    ...tables.map((table) => `dynamodb:UpdateTable ${table}`),
    ...['dynamodb:GetItem', 'dynamodb:UpdateItem'].map((action) => `${action} TABLE-RATE-BUDGET`),
    ...keyActionsOf('dynamodb:UpdateItem').map((action) => `${action} KEY`),
  ];
  const ofVerify = [...permissionsOf('verify')].flatMap(([resource, actions]) =>
    actions.map((action) => `${action} ${nameOf(resource)}`),
  );
  expect(lines.sort()).toEqual([...new Set([...ofDeploy, ...ofVerify])].sort());
});

test('a consumer of the queue of events is told the rights that our own worker has on it', () => {
  const contract = readFileSync(new URL('../../functions/webhook/README.md', import.meta.url), 'utf8');
  const [, policy = '{}'] =
    [...contract.matchAll(/```json\n([\s\S]*?)```/g)].find(([text]) => text.includes('"Statement"')) ?? [];
  const [ofEvents, ofDeadLetters, ofTokens] = JSON.parse(policy).Statement;
  const { QueueEvents, QueueEventsDeadLetter, FunctionAccessToken } = permissions.WebhookWorker ?? {};
  expect([...ofEvents.Action].sort()).toEqual(QueueEvents);
  expect([[ofDeadLetters.Action], [ofTokens.Action]]).toEqual([QueueEventsDeadLetter, FunctionAccessToken]);
});
