import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDbAuthorizationStore } from '../../functions/aws/dynamodb-authorization-store.ts';
import { memoryAuthorizationStore } from '../memory/authorization-store.ts';
import { authorizationStoreContract } from './authorization-store.ts';

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
  const table = `authorizations-${tables++}`;
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.1 }, { TableName: table });
  return table;
}

const newStore = async () => dynamoDbAuthorizationStore({ client, table: await newTable(), environment: 'sandbox' });

authorizationStoreContract('in-memory', async () => memoryAuthorizationStore());
authorizationStoreContract('DynamoDB', newStore);

describe('the DynamoDB authorization store alone', () => {
  const session = {
    sessionId: 'b'.repeat(64),
    browserHash: 'c'.repeat(64),
    linkHash: 'a'.repeat(64),
    linkIssuedAt: 1,
    connectionId: 'acme',
    expiresAt: 2,
    keptUntil: 1_800_000_000.5,
  };

  it('neither shows nor claims an item of another environment', async () => {
    const table = await newTable();
    const sandbox = dynamoDbAuthorizationStore({ client, table, environment: 'sandbox' });
    const production = dynamoDbAuthorizationStore({ client, table, environment: 'production' });
    await sandbox.putSession(session);
    expect(await production.readSession(session.sessionId)).toBeUndefined();
    expect(await production.claimSession(session.sessionId, { owner: 'me', leaseUntil: 3 })).toBe('refused');
    expect(await sandbox.claimSession(session.sessionId, { owner: 'me', leaseUntil: 3 })).toBe('claimed');
  });

  it('writes a time to live in whole seconds, not before the item’s own end', async () => {
    const table = await newTable();
    const store = dynamoDbAuthorizationStore({ client, table, environment: 'sandbox' });
    await store.putSession(session);
    const { Item = {} } = await client.send(
      new GetItemCommand({ TableName: table, Key: { id: { S: `session#${session.sessionId}` } } }),
    );
    expect(unmarshall(Item)).toMatchObject({ timeToLive: 1_800_000_001, environment: 'sandbox' });
  });

  it('believes its own claim when the SDK repeats a write whose answer was lost', async () => {
    const table = await newTable();
    const store = dynamoDbAuthorizationStore({ client: sendingUpdatesTwice(client), table, environment: 'sandbox' });
    await store.putSession(session);
    expect(await store.claimSession(session.sessionId, { owner: 'me', leaseUntil: 3 })).toBe('claimed');
    expect(await store.claimSession(session.sessionId, { owner: 'other', leaseUntil: 3 })).toBe('refused');
    const result = { outcome: 'connected', companies: [] } as const;
    expect(await store.settleSession(session.sessionId, result)).toEqual(result);
  });
});

/** A client whose updates take effect, lose their answer and are sent again. */
function sendingUpdatesTwice(real: DynamoDBClient): DynamoDBClient {
  return new Proxy(real, {
    get: (target, property) =>
      property === 'send'
        ? async (command: UpdateItemCommand) => {
            if (command instanceof UpdateItemCommand) await target.send(new UpdateItemCommand(command.input));
            return target.send(command);
          }
        : Reflect.get(target, property),
  });
}
