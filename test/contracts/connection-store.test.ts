import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { dynamoDbConnectionStore } from '../../functions/aws/dynamodb-connection-store.ts';
import { create } from '../../functions/connection/transitions.ts';
import { memoryConnectionStore } from '../memory/connection-store.ts';
import { connectionStoreContract, storedConnection } from './connection-store.ts';
import { sendingTwice } from './sending-twice.ts';
import { useTable } from './use-table.ts';

const used = useTable('Connections');

const storeOf = (table: string) => dynamoDbConnectionStore({ client: used.client, table, environment: 'sandbox' });

connectionStoreContract('in-memory', async (repetition) => memoryConnectionStore('sandbox', () => repetition));
connectionStoreContract('DynamoDB', async (repetition) => {
  await used.empty();
  const client = repetition ? sendingTwice(used.client) : used.client;
  return dynamoDbConnectionStore({ client, table: used.table, environment: 'sandbox' });
});

describe('the DynamoDB connection store alone', () => {
  const { table } = used;
  beforeEach(used.empty);

  it('keeps a connection as one flat item, with a shard only while it has a time to look at it', async () => {
    await storeOf(table).write(create(storedConnection()));
    const key = { connectionId: { S: 'acme' } };
    const { Item = {} } = await used.client.send(new GetItemCommand({ TableName: table, Key: key }));
    expect(Item).toMatchObject({
      environment: { S: 'sandbox' },
      accessToken: { S: 'access-1' },
      refreshToken: { S: 'refresh-1' },
      expiresAt: { N: '1800005400' },
      dueShard: { S: expect.stringMatching(/^due-\d+$/) },
    });
    await storeOf(table).write({ connectionId: 'acme', require: [], set: { updatedAt: 1 }, remove: ['rotateAt'] });
    const { Item: rested = {} } = await used.client.send(new GetItemCommand({ TableName: table, Key: key }));
    expect(rested).not.toHaveProperty('dueShard');
    expect(rested).not.toHaveProperty('rotateAt');
  });

  it('stores no connection that names another environment', async () => {
    const foreign = create(storedConnection({ environment: 'production' }));
    await expect(storeOf(table).write(foreign)).rejects.toMatchObject({ code: 'foreign_item' });
    expect(await used.items()).toEqual([]);
  });

  it('asks for strongly consistent reads (hard case 36)', async () => {
    const sent: unknown[] = [];
    const spy = new Proxy(used.client, {
      get: (target, property) =>
        property === 'send'
          ? (command: GetItemCommand) => {
              sent.push(command.input);
              return target.send(command);
            }
          : Reflect.get(target, property),
    });
    await dynamoDbConnectionStore({ client: spy, table, environment: 'sandbox' }).read('acme');
    expect(sent).toEqual([expect.objectContaining({ ConsistentRead: true })]);
  });

  it('throws on every error but a refused condition', async () => {
    await expect(storeOf('no-such-table').write(create(storedConnection()))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});
