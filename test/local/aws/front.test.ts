import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, ListQueuesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startAwsFront } from '../../../lib/local/aws/front.ts';
import { functionArn, queueArn, queueUrl, secretArn, tableArn } from '../../../lib/local/aws/identity.ts';
import { TooManyExecutionsError } from '../../../lib/local/runtime/invocation.ts';
import { clientOptions } from '../../../lib/local/template/provision.ts';
import { keyFileOf, localCredentials } from '../../../lib/local-key.ts';
import { reservePorts } from '../../../lib/ports.ts';
import { useFront } from './front.ts';

const local = useFront();
let dynamo: DynamoDBClient;
const item = { id: { S: 'a' } };

beforeAll(async () => {
  dynamo = local.dynamo();
  await dynamo.send(
    new CreateTableCommand({
      TableName: 'items',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await local.sqs().send(new CreateQueueCommand({ QueueName: 'queue' }));
  await local.secrets().send(new CreateSecretCommand({ Name: 'secret', SecretString: 'x' }));
});

describe('DynamoDB', () => {
  test('takes an item of almost 400 kB and refuses a larger one', async () => {
    const put = (bytes: number) =>
      dynamo.send(new PutItemCommand({ TableName: 'items', Item: { ...item, data: { S: 'x'.repeat(bytes) } } }));
    await put(400 * 1024 - 20);
    await expect(put(400 * 1024)).rejects.toThrow('Item size has exceeded the maximum allowed size');
  });

  test('refuses by name what dynalite would skip', async () => {
    const TransactItems = [{ Put: { TableName: 'items', Item: item } }];
    await expect(dynamo.send(new TransactWriteItemsCommand({ TransactItems }))).rejects.toThrow('TransactWriteItems');
    const put = new PutItemCommand({ TableName: 'items', Item: item, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' });
    await expect(dynamo.send(put)).rejects.toThrow('ReturnValuesOnConditionCheckFailure');
  });

  test('reports a failed condition as the SDK knows it', async () => {
    const put = new PutItemCommand({ TableName: 'items', Item: item, ConditionExpression: 'attribute_not_exists(id)' });
    await dynamo.send(new PutItemCommand({ TableName: 'items', Item: item }));
    await expect(dynamo.send(put)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  });
});

test('stops in the middle of writes: dynalite would end the process over one that its closed store refuses', async () => {
  const front = await startAwsFront(0, () => {});
  const client = new DynamoDBClient({ ...clientOptions(front.endpoint), maxAttempts: 1 });
  const indexed = { AttributeName: 'at', AttributeType: 'S' } as const;
  await client.send(
    new CreateTableCommand({
      TableName: 'items',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }, indexed],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-at',
          KeySchema: [{ AttributeName: 'at', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
  const put = (id: number) =>
    client.send(new PutItemCommand({ TableName: 'items', Item: { id: { S: String(id) }, at: { S: String(id) } } }));
  await put(0);
  const writes = Array.from({ length: 40 }, (_, id) => put(id));
  // One is answered, so the others are on their way.
  await Promise.race(writes);
  await front.stop();
  const ends = await Promise.allSettled(writes);
  expect(ends.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
  client.destroy();
});

describe('a function', () => {
  const statement = (actions: string[], resources: string[]) => ({ effect: 'Allow' as const, actions, resources });
  beforeEach(() => {
    const statements = [
      statement(['dynamodb:GetItem'], [tableArn('items')]),
      statement(['sqs:SendMessage'], [queueArn('queue')]),
      statement(['lambda:InvokeFunction'], [functionArn('worker:live')]),
    ];
    local
      .front()
      .serve([{ logicalId: 'WorkerKey', name: 'worker', roleStatements: statements, aliases: ['live'] }], async () => ({
        payload: null,
      }));
  });

  test('may do what its role says, and it is noted', async () => {
    await local.dynamo('WorkerKey').send(new GetItemCommand({ TableName: 'items', Key: item }));
    const QueueUrl = queueUrl(local.front().endpoint, 'queue');
    await local.sqs('WorkerKey').send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    expect(local.front().usedPermissions()).toEqual([
      { functionName: 'worker', action: 'dynamodb:GetItem', resource: tableArn('items'), calls: expect.any(Number) },
      { functionName: 'worker', action: 'sqs:SendMessage', resource: queueArn('queue'), calls: expect.any(Number) },
    ]);
  });

  const message = (action: string, resource: string) =>
    `User: arn:aws:sts::000000000000:assumed-role/worker/worker is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;

  test('is refused an index that its role does not name', async () => {
    const query = new QueryCommand({
      TableName: 'items',
      IndexName: 'due',
      KeyConditionExpression: 'a = :a',
      ExpressionAttributeValues: { ':a': { S: 'x' } },
    });
    await expect(local.dynamo('WorkerKey').send(query)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: message('dynamodb:Query', `${tableArn('items')}/index/due`),
    });
  });

  test('is refused by every service in its own words, and nothing is done', async () => {
    const accessDenied = (action: string, resource: string) => ({
      name: 'AccessDeniedException',
      message: message(action, resource),
    });
    const put = new PutItemCommand({ TableName: 'items', Item: { id: { S: 'denied' } } });
    await expect(local.dynamo('WorkerKey').send(put)).rejects.toMatchObject(
      accessDenied('dynamodb:PutItem', tableArn('items')),
    );
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: 'items', Key: { id: { S: 'denied' } } }));
    expect(Item).toBeUndefined();
    const read = new GetSecretValueCommand({ SecretId: 'secret' });
    const denied = accessDenied('secretsmanager:GetSecretValue', secretArn('secret'));
    await expect(local.secrets('WorkerKey').send(read)).rejects.toMatchObject(denied);
    const QueueUrl = queueUrl(local.front().endpoint, 'dead');
    const send = new SendMessageCommand({ QueueUrl, MessageBody: 'x' });
    await expect(local.sqs('WorkerKey').send(send)).rejects.toMatchObject({
      message: message('sqs:SendMessage', queueArn('dead')),
    });
    // Its role allows the alias, which does not mean the function.
    const invoke = new InvokeCommand({ FunctionName: 'worker' });
    const notInvoked = accessDenied('lambda:InvokeFunction', functionArn('worker'));
    await expect(local.lambda('WorkerKey').send(invoke)).rejects.toMatchObject(notInvoked);
    await local.lambda('WorkerKey').send(new InvokeCommand({ FunctionName: 'worker:live' }));
  });
});

describe('Lambda', () => {
  const text = (payload: { transformToString(): string } | undefined) => payload?.transformToString();
  beforeEach(() => {
    const echo = { logicalId: 'EchoKey', name: 'echo', roleStatements: [], aliases: ['live'] };
    local.front().serve([echo], async (name, payload) => {
      if (JSON.stringify(payload) === '{"fail":true}') {
        return { payload: { errorType: 'Error', errorMessage: 'it failed' }, functionError: 'Unhandled' };
      }
      return { payload: { name, payload } };
    });
  });

  test.each(['echo', functionArn('echo'), '000000000000:function:echo'])(
    'finds a function by %s',
    async (FunctionName) => {
      const answer = await local.lambda().send(new InvokeCommand({ FunctionName, Payload: '{"n":9007199254740991}' }));
      expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
      expect(answer.FunctionError).toBeUndefined();
      expect(text(answer.Payload)).toBe('{"name":"echo","payload":{"n":9007199254740991}}');
    },
  );

  test.each(['echo:live', functionArn('echo:live')])(
    'runs the function behind the alias in %s',
    async (FunctionName) => {
      const answer = await local.lambda().send(new InvokeCommand({ FunctionName, Payload: '1' }));
      expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '1' });
      expect(text(answer.Payload)).toBe('{"name":"echo","payload":1}');
    },
  );

  test('hands out the error a function ended with', async () => {
    const answer = await local.lambda().send(new InvokeCommand({ FunctionName: 'echo', Payload: '{"fail":true}' }));
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(text(answer.Payload)).toBe('{"errorType":"Error","errorMessage":"it failed"}');
  });

  test('does not wait for an invocation of type Event, and logs its failure', async () => {
    const invoke = new InvokeCommand({ FunctionName: 'echo', InvocationType: 'Event', Payload: '{"fail":true}' });
    const answer = await local.lambda().send(invoke);
    expect(answer.StatusCode).toBe(202);
    expect(local.logged).toContain('echo, invoked without waiting, failed: Unhandled');
  });

  test('refuses, in the words of Lambda, what the account has no execution free for', async () => {
    const full = () => Promise.reject(new TooManyExecutionsError('echo', 10));
    local.front().serve([{ logicalId: 'EchoKey', name: 'echo', roleStatements: [], aliases: [] }], full);
    await expect(local.lambda().send(new InvokeCommand({ FunctionName: 'echo' }))).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      message: 'Rate Exceeded.',
      Reason: 'ConcurrentInvocationLimitExceeded',
      Type: 'User',
      $metadata: { httpStatusCode: 429 },
    });
  });

  test.each<[string, ConstructorParameters<typeof InvokeCommand>[0], string]>([
    ['a function that is not there', { FunctionName: 'nobody' }, 'ResourceNotFoundException'],
    ['a payload that is not JSON', { FunctionName: 'echo', Payload: 'x' }, 'InvalidRequestContentException'],
    [
      'a payload over 6 MB',
      { FunctionName: 'echo', Payload: `"${'x'.repeat(6_291_560)}"` },
      'RequestTooLargeException',
    ],
    ['a version', { FunctionName: 'echo', Qualifier: '1' }, 'UnsupportedOperation'],
    ['an alias that does not exist', { FunctionName: 'echo:dead' }, 'ResourceNotFoundException'],
  ])('refuses %s', async (_name, input, name) => {
    await expect(local.lambda().send(new InvokeCommand(input))).rejects.toMatchObject({ name });
  });

  test('refuses by name every operation but Invoke', async () => {
    await expect(local.lambda().send(new ListFunctionsCommand({}))).rejects.toThrow('only knows Invoke, not GET');
  });
});

test('a service that is not there, and a call without signature, are refused by name', async () => {
  const call = (authorization: string) =>
    fetch(local.front().endpoint, { method: 'POST', headers: { authorization }, body: '{}' }).then((answer) =>
      answer.text(),
    );
  const { accessKeyId } = localCredentials(local.front().endpoint);
  expect(await call(`AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/us-east-1/kinesis/aws4_request`)).toContain(
    'no service kinesis',
  );
  expect(await call('')).toContain('takes calls with the key alone');
});

describe('the key of a system', () => {
  const clients = [
    ['DynamoDB', (options: Options) => new DynamoDBClient(options).send(new ListTablesCommand({}))],
    ['SQS', (options: Options) => new SQSClient(options).send(new ListQueuesCommand({}))],
    ['Secrets Manager', (options: Options) => new SecretsManagerClient(options).send(new ListSecretsCommand({}))],
    ['Lambda', (options: Options) => new LambdaClient(options).send(new InvokeCommand({ FunctionName: 'worker' }))],
    ['CloudFormation', (options: Options) => new CloudFormationClient(options).send(new DescribeStacksCommand({}))],
    [
      'CloudWatch Logs',
      (options: Options) => new CloudWatchLogsClient(options).send(new FilterLogEventsCommand({ logGroupName: 'a' })),
    ],
  ] as const;
  type Options = ReturnType<typeof clientOptions>;
  const withKey = (accessKeyId: string): Options => {
    const options = clientOptions(local.front().endpoint);
    return { ...options, credentials: { ...options.credentials, accessKeyId } };
  };

  test.each(clients)('is wanted by %s, and a missing or wrong one is refused', async (_, call) => {
    const { accessKeyId } = localCredentials(local.front().endpoint);
    const wrong = accessKeyId.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    for (const given of ['local', 'AKIAIOSFODNN7EXAMPLE', 'Worker', 'local-', wrong, `${accessKeyId}0`]) {
      await expect(call(withKey(given)), given).rejects.toMatchObject({
        name: expect.stringMatching(/^UnrecognizedClient/),
        message: expect.stringMatching(/the key alone that was drawn .* \S*aws-\d+\.key/),
      });
    }
  });

  test.each(clients)('lets a call of %s be answered', async (_, call) => {
    const said = await call(withKey(localCredentials(local.front().endpoint).accessKeyId)).then(
      () => 'answered',
      ({ name }) => name,
    );
    expect(said).not.toMatch(/^UnrecognizedClient/);
  });

  test('is another one at every start, stands in a file of its user alone, and goes with the system', async () => {
    const keys: string[] = [];
    for (const _ of [1, 2]) {
      const front = await startAwsFront(0, () => {});
      const path = keyFileOf(front.endpoint);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
      keys.push(await readFile(path, 'utf8'));
      await front.stop();
      await expect(stat(path)).rejects.toThrow('ENOENT');
    }
    expect(new Set(keys).size).toBe(2);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/);
  });

  test('is drawn anew over one that a killed system has left behind, whatever others may do with it', async () => {
    const { first, release } = await reservePorts();
    const path = keyFileOf(`http://127.0.0.1:${first}`);
    await writeFile(path, 'left-behind', { mode: 0o644 });
    const front = await startAwsFront(first, () => {});
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).not.toBe('left-behind');
    await front.stop();
    await release();
  });
});

test('a port that is taken is a clear error', async () => {
  const port = Number(new URL(local.front().endpoint).port);
  await expect(startAwsFront(port, () => {})).rejects.toMatchObject({ code: 'port_taken' });
});

describe('the operator', () => {
  const statement = (actions: string[], resources: string[]) => ({ effect: 'Allow' as const, actions, resources });
  const keyArn = 'arn:aws:kms:us-east-1:000000000000:key/the-key';
  const read = () => local.dynamo().send(new GetItemCommand({ TableName: 'items', Key: item }));
  afterEach(() => local.front().limitOperator(undefined));

  test('may do everything, until a policy says what, the key of the table included', async () => {
    await read();
    const refused: unknown[] = [];
    const limit = (...statements: ReturnType<typeof statement>[]) =>
      local.front().limitOperator({ statements, keyArn, refused: (permission) => refused.push(permission) });
    const table = statement(['dynamodb:GetItem'], [tableArn('items')]);
    limit(table);
    await expect(read()).rejects.toThrow('assumed-role/operator/operator is not authorized to perform: kms:Decrypt');
    limit(statement(['kms:Decrypt', 'kms:DescribeKey'], [keyArn]));
    await expect(read()).rejects.toThrow('is not authorized to perform: dynamodb:GetItem');
    expect(refused).toEqual([
      { action: 'kms:Decrypt', resource: keyArn },
      { action: 'kms:DescribeKey', resource: keyArn },
      { action: 'dynamodb:GetItem', resource: tableArn('items') },
    ]);
    limit(table, statement(['kms:Decrypt', 'kms:DescribeKey'], [keyArn]));
    await read();
    const used = local.front().usedPermissions();
    expect(used).toContainEqual({ functionName: 'operator', action: 'kms:Decrypt', resource: keyArn, calls: 1 });
  });
});
