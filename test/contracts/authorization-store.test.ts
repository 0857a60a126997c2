import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { dynamoDbAuthorizationStore } from '../../functions/aws/dynamodb-authorization-store.ts';
import { memoryAuthorizationStore } from '../memory/authorization-store.ts';
import { authorizationStoreContract } from './authorization-store.ts';
import { sendingTwice } from './sending-twice.ts';
import { useTable } from './use-table.ts';

const used = useTable('Authorizations');

authorizationStoreContract('in-memory', async (repetition) =>
  memoryAuthorizationStore(
    () => 0,
    () => repetition,
  ),
);
authorizationStoreContract('DynamoDB', async (repetition) => {
  await used.empty();
  const client = repetition ? sendingTwice(used.client) : used.client;
  return dynamoDbAuthorizationStore({ client, table: used.table, environment: 'sandbox' });
});

describe('the DynamoDB authorization store alone', () => {
  const { table } = used;
  beforeEach(used.empty);
  const session = {
    sessionId: 'b'.repeat(64),
    browserHash: 'c'.repeat(64),
    linkHash: 'a'.repeat(64),
    linkIssuedAt: 1,
    connectionId: 'acme',
    expiresAt: 2,
    keptUntil: 1_800_000_000.5,
  };

  it('writes a time to live in whole seconds, not before the item’s own end', async () => {
    const store = dynamoDbAuthorizationStore({ client: used.client, table, environment: 'sandbox' });
    await store.putSession(session);
    const { Item = {} } = await used.client.send(
      new GetItemCommand({ TableName: table, Key: { id: { S: `session#${session.sessionId}` } } }),
    );
    expect(unmarshall(Item)).toMatchObject({ timeToLive: 1_800_000_001, environment: 'sandbox' });
  });
});
