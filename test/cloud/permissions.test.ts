import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { isList, type Json, type Resource, resourcesOf, synthesize, textsIn } from './synthesized.ts';

const read = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'];
const readAndDelete = ['dynamodb:DeleteItem', ...read];
const send = ['sqs:SendMessage'];
const work = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];
const secret = ['secretsmanager:GetSecretValue'];

/** What each function may do to which resource (by output name), and nothing more. */
const permissions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  ConnectLink: { TableAuthorizations: readAndDelete },
  OauthStart: { TableAuthorizations: readAndDelete, SecretOauthClient: secret },
  OauthCallback: {
    TableAuthorizations: readAndDelete,
    TableConnections: read,
    SecretOauthClient: secret,
    QueueEvents: send,
  },
  OauthCompany: {
    TableAuthorizations: readAndDelete,
    TableConnections: read,
    SecretOauthClient: secret,
    QueueEvents: send,
  },
  Disconnect: { TableConnections: read, SecretOauthClient: secret, QueueEvents: send },
  AccessToken: { TableConnections: read, SecretOauthClient: secret, QueueEvents: send, QueueEscrow: send },
  RotationSweep: { 'TableConnections/index/due': ['dynamodb:Query'], QueueRotation: send },
  TokenRotation: {
    TableConnections: read,
    SecretOauthClient: secret,
    QueueEvents: send,
    QueueEscrow: send,
    QueueRotation: work,
  },
  TokenRecovery: { TableConnections: read, SecretOauthClient: secret, QueueEvents: send, QueueEscrow: work },
  WebhookIntake: {
    TableDeliveries: read,
    SecretWebhookAuthorization: secret,
    QueueEvents: send,
    QueueQuarantine: send,
  },
  WebhookWorker: {
    TableDeliveries: read,
    SecretOauthClient: secret,
    QueueEvents: ['sqs:ChangeMessageVisibility', ...work],
    QueueEventsDeadLetter: send,
    FunctionAccessToken: ['lambda:InvokeFunction'],
  },
};

let template: Template;
let resources: ReadonlyMap<string, Resource>;
let outputs: ReadonlyMap<string, string>;
beforeAll(() => {
  template = synthesize({ environments: 'sandbox' });
  resources = resourcesOf(template);
  // Logical id to output name, for the outputs that are a plain reference.
  outputs = new Map(
    Object.entries(template.findOutputs('*')).flatMap(([name, { Value: value }]) =>
      typeof value?.Ref === 'string' ? [[value.Ref, name.replace('Sandbox', '')] as const] : [],
    ),
  );
});

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: Json;
  readonly Condition?: Json;
}

function statementsOf(output: string): readonly Statement[] {
  const functionId = [...outputs].find(([, name]) => name === `Function${output}`)?.[0] ?? '';
  const [roleId] = textsIn(resources.get(functionId)?.Properties.Role ?? '');
  return [...resources.values()]
    .filter(
      ({ Type, Properties }) => Type === 'AWS::IAM::Policy' && textsIn(Properties.Roles ?? '').includes(roleId ?? ''),
    )
    .flatMap(({ Properties }) => (Properties.PolicyDocument as unknown as { Statement: Statement[] }).Statement);
}

/** The output name of the one resource that a statement names, with what is joined to its ARN. */
function nameOf(resource: Json): string {
  const texts = textsIn(resource).filter((text) => text !== 'Arn' && text !== '');
  return texts.map((text) => outputs.get(text) ?? text).join('');
}

describe('the role of each function', () => {
  const common = /^(logs|xray|kms):/;

  test('is in the table of permissions', () => {
    const deployed = [...outputs.values()].filter((name) => name.startsWith('Function'));
    expect(deployed.sort()).toEqual(
      Object.keys(permissions)
        .map((name) => `Function${name}`)
        .sort(),
    );
  });

  test.each(Object.entries(permissions))('%s may do exactly what the table says', (output, expected) => {
    const found: Record<string, string[]> = {};
    for (const { Effect, Action: action, Resource: resource } of statementsOf(output)) {
      expect(Effect).toBe('Allow');
      const actions = [action].flat();
      if (actions.some((each) => common.test(each))) continue;
      // CDK merges statements that differ in the resource alone.
      for (const name of (isList(resource) ? resource : [resource]).map(nameOf)) {
        found[name] = [...(found[name] ?? []), ...actions].sort();
      }
    }
    expect(found).toEqual(expected);
  });

  test.each(Object.keys(permissions))('%s writes its own log group alone', (output) => {
    const logs = statementsOf(output).filter(({ Action: action }) => [action].flat()[0]?.startsWith('logs:'));
    expect(logs).toEqual([
      expect.objectContaining({
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [expect.stringMatching(new RegExp(`^Sandbox\\w*${output}LogGroup\\w{8}$`)), 'Arn'] },
      }),
    ]);
  });

  test.each(Object.entries(permissions))('%s uses the key through the services it calls alone', (output, expected) => {
    const services = new Set<string>();
    for (const statement of statementsOf(output)) {
      const actions = [statement.Action].flat();
      if (!actions.some((action) => action.startsWith('kms:'))) continue;
      expect(statement.Resource).toEqual({
        'Fn::GetAtt': [expect.stringMatching(/^SandboxEncryptionKey\w{8}$/), 'Arn'],
      });
      expect(actions.filter((action) => action.includes('*'))).toEqual([]);
      const via = textsIn((statement.Condition as { StringEquals: Json }).StringEquals).find((text) =>
        text.endsWith('.'),
      );
      services.add(String(via));
    }
    const wanted = Object.keys(expected).flatMap((name) =>
      name.startsWith('Table') ? ['dynamodb.'] : name.startsWith('Secret') ? ['secretsmanager.'] : [],
    );
    expect(services).toEqual(new Set(wanted));
  });

  test('has no managed policy and may be assumed by Lambda alone', () => {
    const roles = [...resources.values()].filter(({ Type }) => Type === 'AWS::IAM::Role');
    expect(roles.length).toBe(Object.keys(permissions).length);
    for (const { Properties } of roles) {
      expect(Properties.ManagedPolicyArns).toBeUndefined();
      expect(textsIn(Properties.AssumeRolePolicyDocument ?? '')).toContain('lambda.amazonaws.com');
    }
  });
});

describe('the resource policies', () => {
  test('refuse every queue to requests without TLS', () => {
    const queues = [...resources].filter(([, { Type }]) => Type === 'AWS::SQS::Queue').map(([id]) => id);
    expect(queues.length).toBe(6);
    const refused = [...resources.values()]
      .filter(({ Type }) => Type === 'AWS::SQS::QueuePolicy')
      .map(({ Properties }) => {
        const [queue] = textsIn(Properties.Queues ?? '');
        expect((Properties.PolicyDocument as unknown as { Statement: Statement[] }).Statement).toContainEqual({
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: 'sqs:*',
          Resource: { 'Fn::GetAtt': [queue, 'Arn'] },
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        });
        return queue;
      });
    expect(refused.sort()).toEqual(queues.sort());
  });

  test('refuse the messages of the escrow to everybody but token-recovery', () => {
    const denials = [...resources.values()]
      .filter(({ Type }) => Type === 'AWS::SQS::QueuePolicy')
      .flatMap(({ Properties }) => (Properties.PolicyDocument as unknown as { Statement: Statement[] }).Statement)
      .filter(({ Action: action }) => isList(action as Json));
    expect(denials).toEqual([
      {
        Sid: 'TokenSetsForRecoveryAlone',
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:PurgeQueue', 'sqs:ReceiveMessage'],
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^SandboxEscrowQueue\w{8}$/), 'Arn'] },
        Condition: {
          ArnNotEquals: {
            'aws:PrincipalArn': {
              'Fn::GetAtt': [expect.stringMatching(/^SandboxTokensTokenRecoveryRole\w{8}$/), 'Arn'],
            },
          },
        },
      },
    ]);
  });

  test("open the key to CloudWatch Logs for this account's log groups alone", () => {
    const keys = [...resources.values()].filter(({ Type }) => Type === 'AWS::KMS::Key');
    expect(keys.length).toBe(1);
    const statements = keys.flatMap(
      ({ Properties }) => (Properties.KeyPolicy as unknown as { Statement: Statement[] }).Statement,
    );
    const forLogs = statements.filter((statement) => JSON.stringify(statement).includes('"logs."'));
    expect(forLogs.map(({ Condition: condition }) => condition)).toEqual([
      {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': {
            'Fn::Join': [
              '',
              [
                'arn:',
                { Ref: 'AWS::Partition' },
                ':logs:',
                { Ref: 'AWS::Region' },
                ':',
                { Ref: 'AWS::AccountId' },
                ':log-group:*',
              ],
            ],
          },
        },
      },
    ]);
  });
});
