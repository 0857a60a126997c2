import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { dynamoDbAuthorizationStore } from '../../functions/aws/dynamodb-authorization-store.ts';
import { memoryAuthorizationStore } from '../memory/authorization-store.ts';
import { authorizationStoreContract } from './authorization-store.ts';
import { useTable } from './use-table.ts';

const used = useTable('Authorizations');

authorizationStoreContract('in-memory', async () => memoryAuthorizationStore());
authorizationStoreContract('DynamoDB', async () => {
  await used.empty();
  return dynamoDbAuthorizationStore({ client: used.client, table: used.table, environment: 'sandbox' });
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

  it('believes its own claim when the SDK repeats a write whose answer was lost', async () => {
    const store = dynamoDbAuthorizationStore({
      client: sendingUpdatesTwice(used.client),
      table,
      environment: 'sandbox',
    });
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
