import { readdirSync, readFileSync } from 'node:fs';
import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { pascalCase } from '../../lib/stack-outputs.ts';
import { permissions } from './permissions.ts';
import { functionBehind, isList, type Json, type Resource, resourcesOf, synthesize, textsIn } from './synthesized.ts';

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
  const [calledId = ''] = [...outputs].find(([, name]) => name === `Function${output}`) ?? [];
  const [roleId] = textsIn(functionBehind(template, calledId)?.Properties.Role ?? '');
  const policies = resources.get(roleId ?? '')?.Properties.Policies as unknown;
  return (policies as { PolicyDocument: { Statement: Statement[] } }[]).flatMap(
    ({ PolicyDocument: document }) => document.Statement,
  );
}

/** The functions whose bundle holds the integrator's file, by their outputs. */
function rolesOfForeignCode(): readonly string[] {
  const folder = new URL('../../functions/', import.meta.url);
  const importing = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && /(from|import\() ?'#on-event'/.test(readFileSync(new URL(path, folder), 'utf8')),
  );
  return importing.map((path) => pascalCase(path.replace(/\.ts$/, '')));
}

/** The output name of the one resource that a statement names, with what is joined to its ARN. */
function nameOf(resource: Json): string {
  const texts = textsIn(resource).filter((text) => text !== 'Arn' && text !== '');
  return texts.map((text) => outputs.get(text) ?? text).join('');
}

describe('the role of each function', () => {
  const common = /^(logs|kms):/;

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
      const condition = (statement.Condition as { StringEquals: Record<string, Json> }).StringEquals;
      const [, service = '', region, domain] = textsIn(condition['kms:ViaService'] ?? '');
      expect([region, domain]).toEqual(['AWS::Region', '.amazonaws.com']);
      const via = service;
      services.add(via);
      if (via === 'dynamodb.') {
        const writes = Object.entries(expected).some(
          ([name, allowed]) =>
            name.startsWith('Table') && allowed.some((action) => /Item$/.test(action) && action !== 'dynamodb:GetItem'),
        );
        const reading = ['kms:Decrypt', 'kms:DescribeKey'];
        const writing = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
        expect(actions).toEqual(writes ? [...reading, ...writing] : reading);
      }
      // A function decrypts the secrets that it may read, and no other that the key protects.
      if (via === 'secretsmanager.') {
        const secret = outputs.get(textsIn(condition['kms:EncryptionContext:SecretARN'] ?? '')[0] ?? '') ?? '';
        const writes = expected[secret]?.includes('secretsmanager:PutSecretValue');
        expect(actions).toEqual(writes ? ['kms:Decrypt', 'kms:GenerateDataKey'] : ['kms:Decrypt']);
        expect(expected).toHaveProperty(secret);
        expect(secret).toMatch(/^Secret/);
      }
    }
    const wanted = Object.keys(expected).flatMap((name) =>
      name.startsWith('Table') ? ['dynamodb.'] : name.startsWith('Secret') ? ['secretsmanager.'] : [],
    );
    expect(services).toEqual(new Set(wanted));
  });

  test('in which code of others runs can read no secret, no token and no link, and be given an access token alone', () => {
    const outOfReach = /^(Secret|TableConnections|TableAuthorizations|QueueEscrow|QueueRotation)|\*/;
    expect(rolesOfForeignCode()).toEqual(['WebhookWorker']);
    for (const statement of rolesOfForeignCode().flatMap(statementsOf)) {
      const actions = [statement.Action].flat();
      const names = (isList(statement.Resource) ? statement.Resource : [statement.Resource]).map(nameOf);
      expect(actions.filter((action) => /^secretsmanager:|\*/.test(action))).toEqual([]);
      expect(names.filter((name) => outOfReach.test(name))).toEqual([]);
      if (actions.some((action) => action.startsWith('lambda:'))) expect(names).toEqual(['FunctionAccessToken']);
      // The key opens the tables of this role, and no secret.
      expect(JSON.stringify(statement.Condition ?? {})).not.toContain('secretsmanager');
    }
  });

  test('stands in the role itself: no policy can be attached, detached or forgotten', () => {
    expect([...resources.values()].filter(({ Type }) => /^AWS::IAM::(Managed)?Policy$/.test(Type))).toEqual([]);
  });

  test('has no managed policy and may be assumed by Lambda alone', () => {
    const roles = [...resources.values()].filter(({ Type }) => Type === 'AWS::IAM::Role');
    expect(roles.length).toBe(Object.keys(permissions).length);
    for (const { Properties } of roles) {
      expect(Properties.ManagedPolicyArns).toBeUndefined();
      expect(Properties.AssumeRolePolicyDocument).toEqual({
        Version: '2012-10-17',
        Statement: [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } }],
      });
    }
  });
});

describe('the resource policies', () => {
  test('refuse every queue to requests without TLS', () => {
    const queues = [...resources].filter(([, { Type }]) => Type === 'AWS::SQS::Queue').map(([id]) => id);
    expect(queues.length).toBe(7);
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

  test('refuse every queue and secret to other accounts, and secrets to requests without TLS', () => {
    const documents = [...resources.values()].flatMap(({ Type, Properties }): (readonly [string, unknown])[] => {
      if (Type === 'AWS::SQS::QueuePolicy') return [['sqs:*', Properties.PolicyDocument]];
      if (Type === 'AWS::SecretsManager::ResourcePolicy') {
        return [['secretsmanager:*', Properties.ResourcePolicy]];
      }
      return [];
    });
    expect(documents.length).toBe(9);
    for (const [action, document] of documents) {
      const { Statement: statements } = document as unknown as { Statement: Statement[] };
      const refused = statements.filter(({ Effect, Action }) => Effect === 'Deny' && Action === action);
      expect(refused.map(({ Condition: condition }) => condition)).toEqual(
        expect.arrayContaining([
          { Bool: { 'aws:SecureTransport': 'false' } },
          { StringNotEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } } },
        ]),
      );
    }
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
    const keys = [...resources]
      .filter(([id, { Type }]) => Type === 'AWS::KMS::Key' && id.startsWith('Sandbox'))
      .map(([, resource]) => resource);
    expect(keys.length).toBe(1);
    const statements = keys.flatMap(
      ({ Properties }) => (Properties.KeyPolicy as unknown as { Statement: Statement[] }).Statement,
    );
    const forLogs = statements.filter((statement) => JSON.stringify(statement).includes('"logs."'));
    const logGroups = [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':logs:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      ':log-group:*',
    ];
    expect(forLogs).toEqual([
      {
        Sid: 'LogsOfThisAccount',
        Effect: 'Allow',
        Principal: { Service: { 'Fn::Join': ['', ['logs.', { Ref: 'AWS::Region' }, '.amazonaws.com']] } },
        Action: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
        Resource: '*',
        Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': { 'Fn::Join': ['', logGroups] } } },
      },
    ]);
  });
});
