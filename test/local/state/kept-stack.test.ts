import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settingNames } from '../../../functions/settings.ts';
import { startAwsFront } from '../../../lib/local/aws/front.ts';
import { queueUrl } from '../../../lib/local/aws/identity.ts';
import { makeOwnSecrets } from '../../../lib/local/own-secrets.ts';
import { keptStack, provisionAndKeep } from '../../../lib/local/state/kept-stack.ts';
import { openState } from '../../../lib/local/state/state-file.ts';
import { clientOptions, type Provisioned, provision } from '../../../lib/local/template/provision.ts';
import type { LocalResources } from '../../../lib/local/template/resources.ts';

const resources = {
  tables: [
    {
      TableName: 'items',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'shard', AttributeType: 'S' },
        { AttributeName: 'at', AttributeType: 'N' },
      ],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'due',
          KeySchema: [
            { AttributeName: 'shard', KeyType: 'HASH' },
            { AttributeName: 'at', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    },
  ],
  queues: [{ name: 'events.fifo', attributes: { FifoQueue: 'true', VisibilityTimeout: '900' } }],
  secrets: [
    { name: 'secret', value: 'first' },
    { name: 'SandboxOauthClient1234', value: 'unset' },
  ],
} as unknown as Provisioned;

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'kept-stack-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

/** Runs an AWS on the folder, as `npm start` does. */
async function run(work: (aws: Awaited<ReturnType<typeof start>>) => Promise<void>): Promise<void> {
  const aws = await start();
  try {
    await work(aws);
  } finally {
    await aws.stop();
  }
}

async function start() {
  const state = openState(join(parent, 'state'));
  const kept = keptStack(state);
  const front = await startAwsFront(0, () => {}, kept);
  await provisionAndKeep(front.endpoint, resources, kept.provisioned, state);
  const options = clientOptions(front.endpoint);
  const [dynamo, sqs, secrets] = [
    new DynamoDBClient(options),
    new SQSClient(options),
    new SecretsManagerClient(options),
  ];
  return {
    dynamo,
    sqs,
    secrets,
    endpoint: front.endpoint,
    queue: queueUrl(front.endpoint, 'events.fifo'),
    stop: async () => {
      for (const client of [dynamo, sqs, secrets]) client.destroy();
      await front.stop();
      await state.close();
    },
  };
}

const item = (id: string, at = '1') => ({ id: { S: id }, shard: { S: 'a' }, at: { N: at } });

describe('a local AWS that is started again', () => {
  it('has the items of its tables as every kind of write left them, and finds them by an index', async () => {
    await run(async ({ dynamo }) => {
      for (const id of ['put', 'updated', 'deleted', 'batch deleted']) {
        await dynamo.send(new PutItemCommand({ TableName: 'items', Item: item(id) }));
      }
      const update = { UpdateExpression: 'SET #at = :at', ExpressionAttributeNames: { '#at': 'at' } };
      const to = (at: string) => ({ ...update, ExpressionAttributeValues: { ':at': { N: at } } });
      await dynamo.send(new UpdateItemCommand({ TableName: 'items', Key: { id: { S: 'updated' } }, ...to('5') }));
      await dynamo.send(new DeleteItemCommand({ TableName: 'items', Key: { id: { S: 'deleted' } } }));
      const requests = [
        { DeleteRequest: { Key: { id: { S: 'batch deleted' } } } },
        { PutRequest: { Item: item('batch put') } },
      ];
      await dynamo.send(new BatchWriteItemCommand({ RequestItems: { items: requests } }));
      const refused = new UpdateItemCommand({
        TableName: 'items',
        Key: { id: { S: 'put' } },
        ...to('9'),
        ConditionExpression: 'attribute_not_exists(id)',
      });
      await expect(dynamo.send(refused)).rejects.toThrow('conditional');
    });
    await run(async ({ dynamo }) => {
      const { Items: items = [] } = await dynamo.send(
        new QueryCommand({
          TableName: 'items',
          IndexName: 'due',
          KeyConditionExpression: '#shard = :shard',
          ExpressionAttributeNames: { '#shard': 'shard' },
          ExpressionAttributeValues: { ':shard': { S: 'a' } },
        }),
      );
      expect(items.map(({ id, at }) => `${id?.S} ${at?.N}`).sort()).toEqual(['batch put 1', 'put 1', 'updated 5']);
    });
  });

  it('has the last of many writes of one item that were under way at once', async () => {
    await run(async ({ dynamo }) => {
      const add = new UpdateItemCommand({
        TableName: 'items',
        Key: { id: { S: 'counter' } },
        UpdateExpression: 'ADD #total :one',
        ExpressionAttributeNames: { '#total': 'total' },
        ExpressionAttributeValues: { ':one': { N: '1' } },
      });
      await Promise.all(Array.from({ length: 30 }, () => dynamo.send(add)));
    });
    await run(async ({ dynamo }) => {
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: 'items', Key: { id: { S: 'counter' } } }));
      expect(Item?.total?.N).toBe('30');
    });
  });

  it('has messages with their order and receive count, and hands out at once what was in somebody’s hands', async () => {
    await run(async ({ sqs, queue: QueueUrl }) => {
      for (const MessageBody of ['one', 'two', 'three']) {
        const ids = { MessageGroupId: 'group', MessageDeduplicationId: MessageBody };
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...ids }));
      }
      const { Messages: [first] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle }));
      await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    });
    await run(async ({ sqs, queue: QueueUrl }) => {
      const got: unknown[] = [];
      for (let turn = 0; turn < 2; turn += 1) {
        const receive = new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['All'] });
        const { Messages: [message] = [] } = await sqs.send(receive);
        got.push([message?.Body, message?.Attributes?.ApproximateReceiveCount]);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
      }
      expect(got).toEqual([
        ['two', '2'],
        ['three', '1'],
      ]);
    });
  });

  it('hands out again what was given back, at once and after a start', async () => {
    const receive = async ({ sqs, queue: QueueUrl }: Awaited<ReturnType<typeof start>>) => {
      const command = new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['All'] });
      const { Messages: [message] = [] } = await sqs.send(command);
      return message;
    };
    const countOf = (message: Awaited<ReturnType<typeof receive>>) => message?.Attributes?.ApproximateReceiveCount;
    await run(async (aws) => {
      const { sqs, queue: QueueUrl } = aws;
      const ids = { MessageGroupId: 'group', MessageDeduplicationId: 'one' };
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one', ...ids }));
      for (const count of ['1', '2']) {
        const message = await receive(aws);
        expect(countOf(message)).toBe(count);
        const given = { QueueUrl, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 0 };
        await sqs.send(new ChangeMessageVisibilityCommand(given));
      }
    });
    await run(async (aws) => expect(countOf(await receive(aws))).toBe('3'));
  });

  it('has its secrets with both versions, and generates none anew', async () => {
    await run(async ({ secrets }) => {
      await secrets.send(new PutSecretValueCommand({ SecretId: 'secret', SecretString: 'second' }));
    });
    await run(async ({ secrets }) => {
      const read = async (VersionStage: string) =>
        (await secrets.send(new GetSecretValueCommand({ SecretId: 'secret', VersionStage }))).SecretString;
      expect([await read('AWSCURRENT'), await read('AWSPREVIOUS')]).toEqual(['second', 'first']);
    });
  });

  it('has not the secret of the OAuth client, which is nowhere on the disk', async () => {
    const SecretId = 'SandboxOauthClient1234';
    await run(async ({ secrets }) => {
      await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: 'canary-client-secret' }));
    });
    const files = readdirSync(join(parent, 'state')).map((name) => readFileSync(join(parent, 'state', name)));
    expect(files.filter((bytes) => bytes.includes('canary-client-secret'))).toEqual([]);
    await run(async ({ secrets }) => {
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
      expect(SecretString).toBe('unset');
    });
  });

  it('has no secret of the integrator’s own file, which stands in no other one on the disk', async () => {
    const functions = [{ environment: { [settingNames.ownSecrets]: JSON.stringify({ erp: 'acme/erp' }) } }];
    await run(async ({ endpoint, secrets }) => {
      await makeOwnSecrets(endpoint, { functions } as unknown as LocalResources, { erp: 'only-in-its-file' });
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: 'acme/erp' }));
      expect(SecretString).toBe('only-in-its-file');
    });
    const folder = join(parent, 'state');
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
    expect(texts.join('')).not.toContain('only-in-its-file');
  });

  it('makes again what a start had begun to make when it was killed', async () => {
    const state = openState(join(parent, 'state'));
    const front = await startAwsFront(0, () => {}, keptStack(state));
    await provision(front.endpoint, resources);
    await front.stop();
    await state.close();
    await run(async ({ dynamo }) => {
      await dynamo.send(new PutItemCommand({ TableName: 'items', Item: item('a') }));
    });
  });
});
