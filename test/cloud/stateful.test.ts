import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { eventQueueLimits } from '../../functions/webhook/work-queue.ts';
import {
  functionBehind,
  type Json,
  type Resource,
  referencesIn,
  resourcesOf,
  resourcesOfType,
  synthesize,
  textsIn,
} from './synthesized.ts';

let template: Template;
beforeAll(() => {
  template = synthesize();
});

function only(type: string, prefix: string): readonly (readonly [string, Resource])[] {
  return resourcesOfType(template, type).filter(([id]) => id.startsWith(prefix));
}

function propertiesOf(logicalId: string): Resource['Properties'] {
  return resourcesOf(template).get(logicalId)?.Properties ?? {};
}

describe('what holds data', () => {
  // CloudFormation replaces a resource whose logical id or one of these properties changes, and a table, queue, secret
  // or key that is replaced is empty. Whoever must change a line of this list needs a migration, not a deployment.
  test('keeps its logical id and every property whose change would replace it', () => {
    const fixed: Readonly<Record<string, readonly string[]>> = {
      'AWS::KMS::Key': ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'],
      'AWS::SecretsManager::Secret': ['Name'],
      'AWS::DynamoDB::Table': ['TableName', 'KeySchema', 'ImportSourceSpecification'],
      'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
    };
    const retained = [...resourcesOf(template)]
      .filter(
        ([id, { Type, DeletionPolicy }]) =>
          DeletionPolicy === 'RetainExceptOnCreate' && Type in fixed && /^Sandbox/.test(id),
      )
      .map(([id, { Type, Properties }]) => {
        const values = (fixed[Type] ?? []).flatMap((property) => {
          const value = Properties[property];
          return value === undefined ? [] : [`${property}=${textsIn(value).join() || String(value)}`];
        });
        return [Type.replace('AWS::', ''), id, ...values].join(' ');
      });
    expect(retained).toEqual([
      'KMS::Key SandboxEncryptionKey9F605679',
      'SecretsManager::Secret SandboxSecretsOauthClient365EB07C',
      'SecretsManager::Secret SandboxSecretsWebhookAuthorization47D2A5E5',
      'DynamoDB::Table SandboxTablesConnections24A4F32E KeySchema=connectionId,HASH',
      'DynamoDB::Table SandboxTablesAuthorizations9C0EFFA4 KeySchema=id,HASH',
      'DynamoDB::Table SandboxTablesDeliveries403226BD KeySchema=id,HASH',
      'DynamoDB::Table SandboxTablesSubscriptionsA57F332A KeySchema=environment,HASH,companyId,RANGE',
      'DynamoDB::Table SandboxTablesRateBudget399974CB KeySchema=id,HASH',
      'DynamoDB::Table SandboxTablesJobs953A209A KeySchema=environment,HASH,jobId,RANGE',
      'SQS::Queue SandboxEventsDeadCBD132A2 FifoQueue=true',
      'SQS::Queue SandboxEventsDBDC0462 FifoQueue=true',
      'SQS::Queue SandboxQuarantineQueue0D8BDA03',
      'SQS::Queue SandboxEscrowQueue81059B13',
    ]);
  });

  test('is kept when the stack is deleted and when a change would replace it, but not of a deployment that failed', () => {
    const types = ['AWS::KMS::Key', 'AWS::SecretsManager::Secret', 'AWS::DynamoDB::Table', 'AWS::Logs::LogGroup'];
    for (const type of types) {
      // The topic's key encrypts mails on their way and holds nothing.
      const found = resourcesOfType(template, type).filter(([id]) => !id.startsWith('Alarms'));
      expect(found.length, type).toBeGreaterThan(0);
      for (const [id, resource] of found) {
        expect(resource, id).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
      }
    }
  });

  test('has a generated physical name, so that a replacement and a second stack can exist beside it', () => {
    const ofThisStackAlone = { 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] };
    const names = ['TableName', 'QueueName', 'FunctionName', 'RoleName', 'LogGroupName', 'Name'];
    const types =
      /^AWS::(DynamoDB::Table|SQS::Queue|Lambda::Function|IAM::Role|Logs::LogGroup|SecretsManager::Secret)$/;
    const named = [...resourcesOf(template)].filter(
      ([, { Type, Properties }]) => types.test(Type) && names.some((name) => name in Properties),
    );
    // API Gateway's logs need a given name, which is this stack's alone: its id stands in it.
    expect(named.map(([id, { Properties }]) => [id.slice(0, -8), Properties.LogGroupName])).toEqual(
      ['sandbox', 'production'].map((environment) => [
        `${environment === 'sandbox' ? 'Sandbox' : 'Production'}HttpApiAccessLogs`,
        { 'Fn::Join': ['', ['/aws/vendedlogs/procore/', ofThisStackAlone, `/${environment}`]] },
      ]),
    );
  });
});

describe('the access logs of the HTTP API', () => {
  test('go where AWS needs no entry for each group in a policy that the account shares (hard case 52)', () => {
    const stages = resourcesOfType(template, 'AWS::ApiGatewayV2::Stage');
    expect(stages.length).toBe(2);
    for (const [id, { Properties }] of stages) {
      const { DestinationArn: arn } = Properties.AccessLogSettings as { readonly [key: string]: Json };
      const [group = ''] = textsIn(arn ?? '').filter((text) => resourcesOf(template).has(text));
      expect(textsIn(propertiesOf(group).LogGroupName ?? '')[1], id).toBe('/aws/vendedlogs/procore/');
    }
  });
});

describe('what is retained', () => {
  test('carries the stack’s id and the environment’s name, by which it is found when the stack is gone', () => {
    const kept = [...resourcesOf(template)].filter(
      // Versions have no tags, and go with their functions.
      ([, { Type, DeletionPolicy }]) =>
        DeletionPolicy === 'RetainExceptOnCreate' && !/Policy$|Lambda::Version$/.test(Type),
    );
    expect(kept.length).toBe(2 * 29);
    for (const [id, { Properties }] of kept) {
      const environment = id.startsWith('Sandbox') ? 'sandbox' : 'production';
      const tags = Properties.Tags;
      expect(tags, id).toContainEqual({ Key: 'procore-connector:stack', Value: { Ref: 'AWS::StackId' } });
      expect(tags, id).toContainEqual({ Key: 'procore-connector:environment', Value: environment });
      const isEscrow = { Key: 'procore-connector:part', Value: 'escrow' };
      expect(JSON.stringify(tags).includes(JSON.stringify(isEscrow)), id).toBe(/EscrowQueue/.test(id));
    }
  });
});

describe('tables', () => {
  test('are not protected by the template: a first deployment that fails could not delete them', () => {
    for (const [, { Properties }] of resourcesOfType(template, 'AWS::DynamoDB::Table')) {
      expect(Properties).not.toHaveProperty('DeletionProtectionEnabled');
    }
  });

  test("are restorable but for the ledger, on demand and encrypted with their environment's key", () => {
    for (const prefix of ['Sandbox', 'Production']) {
      const tables = only('AWS::DynamoDB::Table', prefix);
      expect(tables.length).toBe(6);
      for (const [id, { Properties }] of tables) {
        expect(Properties).toMatchObject({
          BillingMode: 'PAY_PER_REQUEST',
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: !id.startsWith(`${prefix}TablesDeliveries`) },
          SSESpecification: {
            SSEEnabled: true,
            SSEType: 'KMS',
            KMSMasterKeyId: { 'Fn::GetAtt': [expect.stringMatching(new RegExp(`^${prefix}EncryptionKey`)), 'Arn'] },
          },
        });
      }
    }
  });

  test('take keys of the types that functions write: texts, and numbers where times are compared', () => {
    const types = only('AWS::DynamoDB::Table', 'Sandbox').map(([id, { Properties }]) => [
      id.slice('SandboxTables'.length, -8),
      ...(Properties.AttributeDefinitions as unknown as { AttributeName: string; AttributeType: string }[]).map(
        ({ AttributeName, AttributeType }) => `${AttributeName} ${AttributeType}`,
      ),
    ]);
    expect(types).toEqual([
      ['Connections', 'connectionId S', 'dueShard S', 'rotateAt N'],
      ['Authorizations', 'id S'],
      ['Deliveries', 'id S', 'arrivedDay S', 'arrivedAt N', 'attention S', 'attentionSince N'],
      ['Subscriptions', 'environment S', 'companyId S'],
      ['RateBudget', 'id S'],
      ['Jobs', 'environment S', 'jobId S', 'dueShard S', 'nextAt N'],
    ]);
  });

  test('expire their items, but for connections, subscriptions and jobs', () => {
    const expiring = only('AWS::DynamoDB::Table', 'Sandbox').map(([id, { Properties }]) => [
      id.slice('SandboxTables'.length, -8),
      Properties.TimeToLiveSpecification,
    ]);
    const timeToLive = { AttributeName: 'timeToLive', Enabled: true };
    expect(expiring).toEqual([
      ['Connections', undefined],
      ['Authorizations', timeToLive],
      ['Deliveries', timeToLive],
      ['Subscriptions', undefined],
      ['RateBudget', timeToLive],
      ['Jobs', undefined],
    ]);
  });

  test('copy no token and no event into an index', () => {
    const indexes = only('AWS::DynamoDB::Table', 'Sandbox').flatMap(
      ([, { Properties }]) => Properties.GlobalSecondaryIndexes ?? [],
    );
    expect(indexes).toEqual([
      {
        IndexName: 'due',
        KeySchema: [
          { AttributeName: 'dueShard', KeyType: 'HASH' },
          { AttributeName: 'rotateAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'arrival',
        KeySchema: [
          { AttributeName: 'arrivedDay', KeyType: 'HASH' },
          { AttributeName: 'arrivedAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'attention',
        KeySchema: [
          { AttributeName: 'attention', KeyType: 'HASH' },
          { AttributeName: 'attentionSince', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'due',
        KeySchema: [
          { AttributeName: 'dueShard', KeyType: 'HASH' },
          { AttributeName: 'nextAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });
});

describe('keys', () => {
  test('rotate, one an environment and one for the topic of alarms', () => {
    expect(
      resourcesOfType(template, 'AWS::KMS::Key').map(([, { Properties }]) => Properties.EnableKeyRotation),
    ).toEqual([true, true, true]);
  });
});

describe('secrets', () => {
  // CloudFormation writes a secret's value anew when one of these changes: over what a person has entered.
  test('keep every property that makes their value, byte for byte', () => {
    const valueBearing = resourcesOfType(template, 'AWS::SecretsManager::Secret').map(([, { Properties }]) => {
      const { Description: _, KmsKeyId: __, Tags: ___, ...rest } = Properties;
      return JSON.stringify(rest);
    });
    expect(valueBearing).toEqual([
      '{"SecretString":"{\\"environment\\":\\"sandbox\\",\\"clientId\\":\\"REPLACE-ME\\",\\"clientSecret\\":\\"REPLACE-ME\\"}"}',
      '{"GenerateSecretString":{"ExcludePunctuation":true,"GenerateStringKey":"current","PasswordLength":48,"SecretStringTemplate":"{\\"environment\\":\\"sandbox\\"}"}}',
      '{"SecretString":"{\\"environment\\":\\"production\\",\\"clientId\\":\\"REPLACE-ME\\",\\"clientSecret\\":\\"REPLACE-ME\\"}"}',
      '{"GenerateSecretString":{"ExcludePunctuation":true,"GenerateStringKey":"current","PasswordLength":48,"SecretStringTemplate":"{\\"environment\\":\\"production\\"}"}}',
    ]);
  });

  test("are encrypted with their environment's key", () => {
    for (const [id, { Properties }] of resourcesOfType(template, 'AWS::SecretsManager::Secret')) {
      const [key] = textsIn(Properties.KmsKeyId ?? '');
      expect(key).toMatch(id.startsWith('Sandbox') ? /^SandboxEncryptionKey/ : /^ProductionEncryptionKey/);
    }
  });

  test('reach functions as ARNs only: no value stands in the template', () => {
    const everything = JSON.stringify(template.toJSON());
    expect(everything).not.toMatch(/resolve:secretsmanager|resolve:ssm/);
    for (const [id, { Properties }] of resourcesOfType(template, 'AWS::Lambda::Function')) {
      const { Environment: environment } = Properties as { Environment: { Variables: Record<string, unknown> } };
      for (const [variable, value] of Object.entries(environment.Variables)) {
        if (!/SECRET|TOKEN|KEY|PASSWORD|AUTHORIZATION/.test(variable)) continue;
        expect(value, `${id} ${variable}`).toEqual({ Ref: expect.stringMatching(/^(Sandbox|Production)/) });
      }
    }
    // Long texts without spaces are what secrets look like; ids and asset names are known.
    const suspicious = textsIn(JSON.parse(everything)).filter(
      (text) => /^[A-Za-z0-9+=_-]{32,}$/.test(text) && !text.startsWith('ApproximateNumber'),
    );
    const logicalIds = new Set(resourcesOf(template).keys());
    expect(suspicious.filter((text) => !logicalIds.has(text) && !/^(Sandbox|Production)\w+$/.test(text))).toEqual([]);
  });
});

describe('queues', () => {
  /**
   * Terminal by design: nobody works the quarantine; the escrow tries again until its messages are 14 days old; wake-ups
   * end by themselves, and the sweep sends others.
   */
  const terminal = /^SandboxQuarantineQueue|^SandboxEscrowQueue|^SandboxCompanyWorkQueue/;

  test('have a dead-letter queue or are one, but for quarantine, escrow and wake-ups', () => {
    const queues = only('AWS::SQS::Queue', 'Sandbox');
    const deadLetterQueues = new Set(queues.flatMap(([, { Properties }]) => textsIn(Properties.RedrivePolicy ?? '')));
    const without = queues
      .filter(([id, { Properties }]) => !Properties.RedrivePolicy && !deadLetterQueues.has(id))
      .map(([id]) => id);
    expect(without.length).toBe(3);
    for (const id of without) expect(id).toMatch(terminal);
    const redriven = queues.filter(([, { Properties }]) => Properties.RedrivePolicy);
    expect(redriven.length).toBe(2);
    const counts = redriven.map(([id, { Properties }]) => [
      id.slice('Sandbox'.length, -8),
      (Properties.RedrivePolicy as { maxReceiveCount: number }).maxReceiveCount,
    ]);
    // The worker gives up itself: SQS's count also grows for events that only wait behind the nine before them.
    expect(counts).toEqual([
      ['Events', eventQueueLimits.receives],
      ['Rotate', 5],
    ]);
  });

  test('keep messages for 14 days, wake-ups for an hour, and are encrypted with the key of SQS, so that a fault of ours stops nothing', () => {
    for (const [id, { Properties }] of resourcesOfType(template, 'AWS::SQS::Queue')) {
      const seconds = id.includes('CompanyWorkQueue') ? 3600 : 1_209_600;
      expect(Properties, id).toMatchObject({ MessageRetentionPeriod: seconds, SqsManagedSseEnabled: true });
      expect(Properties.KmsMasterKeyId).toBeUndefined();
    }
  });

  test('take the largest delivery that Procore sends where it may have to be kept', () => {
    const [[, { Properties }] = ['', { Properties: {} }]] = only('AWS::SQS::Queue', 'SandboxQuarantineQueue');
    expect((Properties as Resource['Properties']).MaximumMessageSize).toBe(1_048_576);
  });

  test('outlive the stack when they hold what nobody sends again, and go with it when the sweep fills them anew', () => {
    const policies = only('AWS::SQS::Queue', 'Sandbox').map(([id, resource]) => [
      id.slice('Sandbox'.length, -8),
      resource.DeletionPolicy,
      resource.UpdateReplacePolicy,
    ]);
    expect(policies).toEqual([
      ['EventsDead', 'RetainExceptOnCreate', 'Retain'],
      ['Events', 'RetainExceptOnCreate', 'Retain'],
      ['QuarantineQueue', 'RetainExceptOnCreate', 'Retain'],
      ['RotateDead', 'Delete', 'Delete'],
      ['Rotate', 'Delete', 'Delete'],
      ['EscrowQueue', 'RetainExceptOnCreate', 'Retain'],
      ['CompanyWorkQueue', 'Delete', 'Delete'],
    ]);
  });

  test('set aside into the dead-letter queue of their own', () => {
    for (const name of ['Events', 'Rotate']) {
      const [[deadLetters] = []] = only('AWS::SQS::Queue', `Sandbox${name}Dead`);
      const [[, queue] = ['', { Properties: {} }]] = only('AWS::SQS::Queue', `Sandbox${name}`).filter(
        ([id]) => id !== deadLetters,
      );
      expect((queue.Properties as Resource['Properties']).RedrivePolicy).toMatchObject({
        deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters, 'Arn'] },
      });
    }
  });

  test('keep their policy as long as themselves, and so do secrets: what stays is never open to the whole account', () => {
    const kept = [...resourcesOf(template)].flatMap(([id, { Type, Properties, DeletionPolicy }]) => {
      const [owner] = textsIn(Properties.Queues ?? Properties.SecretId ?? '');
      const isPolicy = ['AWS::SQS::QueuePolicy', 'AWS::SecretsManager::ResourcePolicy'].includes(Type);
      const ofOwner = resourcesOf(template).get(String(owner))?.DeletionPolicy;
      return isPolicy ? [{ id, policy: DeletionPolicy ?? 'Delete', owner: ofOwner }] : [];
    });
    expect(kept.length).toBe(18);
    for (const { id, policy, owner } of kept) expect({ id, policy }).toEqual({ id, policy: owner });
    expect(kept.filter(({ policy }) => policy === 'RetainExceptOnCreate').length).toBe(12);
  });

  test('take many messages a second where they are FIFO', () => {
    const fifo = only('AWS::SQS::Queue', 'Sandbox').filter(([, { Properties }]) => Properties.FifoQueue);
    expect(fifo.length).toBe(4);
    for (const [, { Properties }] of fifo) {
      expect(Properties).toMatchObject({
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
      });
    }
  });

  test('hide a message for at least six times the time-out of the function that works it', () => {
    const mappings = only('AWS::Lambda::EventSourceMapping', 'Sandbox');
    expect(mappings.length).toBe(4);
    for (const [, { Properties }] of mappings) {
      const [queueId] = textsIn(Properties.EventSourceArn ?? '');
      const [functionId] = referencesIn(Properties.FunctionName ?? '');
      const { Timeout: timeout } = functionBehind(template, String(functionId))?.Properties ?? {};
      expect(propertiesOf(String(queueId)).VisibilityTimeout).toBeGreaterThanOrEqual(6 * Number(timeout));
    }
    // The worker tells by it whether a message may have ended a process.
    const [[, events] = ['', { Properties: {} }]] = only('AWS::SQS::Queue', 'SandboxEvents').filter(
      ([id]) => !id.startsWith('SandboxEventsDead'),
    );
    expect((events as Resource).Properties.VisibilityTimeout).toBe(eventQueueLimits.visibilitySeconds);
  });
});
