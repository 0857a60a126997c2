import { CreateTableCommand, DynamoDBClient, GetItemCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDbConnectionStore } from '../../functions/aws/dynamodb-connection-store.ts';
import { create } from '../../functions/connection/transitions.ts';
import { dueIndex } from '../../functions/settings.ts';
import { memoryConnectionStore } from '../memory/connection-store.ts';
import { connectionStoreContract, storedConnection } from './connection-store.ts';

const server = dynalite({ createTableMs: 0 });
let client: DynamoDBClient;
let tables = 0;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('dynalite listens on no port');
  client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${address.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
});

afterAll(async () => {
  client.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

async function newTable(): Promise<string> {
  const table = `connections-${tables++}`;
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'connectionId', AttributeType: 'S' },
        { AttributeName: dueIndex.partitionKey, AttributeType: 'S' },
        { AttributeName: dueIndex.sortKey, AttributeType: 'N' },
      ],
      KeySchema: [{ AttributeName: 'connectionId', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: dueIndex.name,
          KeySchema: [
            { AttributeName: dueIndex.partitionKey, KeyType: 'HASH' },
            { AttributeName: dueIndex.sortKey, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.1 }, { TableName: table });
  return table;
}

const storeOf = (table: string) => dynamoDbConnectionStore({ client, table, environment: 'sandbox' });

connectionStoreContract('in-memory', async () => memoryConnectionStore());
connectionStoreContract('DynamoDB', async () => storeOf(await newTable()));

describe('the DynamoDB connection store alone', () => {
  it('keeps a connection as one flat item, with a shard only while it has a time to look at it', async () => {
    const table = await newTable();
    await storeOf(table).write(create(storedConnection()));
    const key = { connectionId: { S: 'acme' } };
    const { Item = {} } = await client.send(new GetItemCommand({ TableName: table, Key: key }));
    expect(Item).toMatchObject({
      environment: { S: 'sandbox' },
      accessToken: { S: 'access-1' },
      refreshToken: { S: 'refresh-1' },
      expiresAt: { N: '1800005400' },
      dueShard: { S: expect.stringMatching(/^due-\d+$/) },
    });
    await storeOf(table).write({ connectionId: 'acme', require: [], set: { updatedAt: 1 }, remove: ['rotateAt'] });
    const { Item: rested = {} } = await client.send(new GetItemCommand({ TableName: table, Key: key }));
    expect(rested).not.toHaveProperty('dueShard');
    expect(rested).not.toHaveProperty('rotateAt');
  });

  it('refuses to hand out a connection of another environment', async () => {
    const table = await newTable();
    await storeOf(table).write(create(storedConnection({ environment: 'production' })));
    await expect(storeOf(table).read('acme')).rejects.toMatchObject({ code: 'foreign_connection' });
  });

  it('asks for strongly consistent reads (hard case 36)', async () => {
    const sent: unknown[] = [];
    const spy = new Proxy(client, {
      get: (target, property) =>
        property === 'send'
          ? (command: GetItemCommand) => {
              sent.push(command.input);
              return target.send(command);
            }
          : Reflect.get(target, property),
    });
    await dynamoDbConnectionStore({ client: spy, table: await newTable(), environment: 'sandbox' }).read('acme');
    expect(sent).toEqual([expect.objectContaining({ ConsistentRead: true })]);
  });

  it('throws on every error but a refused condition', async () => {
    await expect(storeOf('no-such-table').write(create(storedConnection()))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});
