import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AuthorizationSession, AuthorizationStore, ConnectLink } from '../connect/authorization-store.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { timeToLiveAttribute } from '../settings.ts';

/**
 * Keeps links and sessions in the `authorizations` table (key `id`), one item each: `link#<hash>`, `session#<hash>`.
 *
 * @returns the store; it sees only items of its own environment
 */
export function dynamoDbAuthorizationStore({
  client,
  table,
  environment,
}: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly environment: ProcoreEnvironmentName;
}): AuthorizationStore {
  async function put(id: string, timeToLive: number, item: ConnectLink | AuthorizationSession): Promise<void> {
    // DynamoDB reads only whole seconds as a time to live.
    const stored = { ...item, id, environment, [timeToLiveAttribute]: Math.ceil(timeToLive) };
    await client.send(
      new PutItemCommand({ TableName: table, Item: marshall(stored, { removeUndefinedValues: true }) }),
    );
  }

  async function read<Item>(id: string): Promise<Item | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: marshall({ id }), ConsistentRead: true }),
    );
    if (!Item) return undefined;
    const { id: _id, environment: storedEnvironment, [timeToLiveAttribute]: _timeToLive, ...rest } = unmarshall(Item);
    // An item of another environment is as good as none: it was never issued here.
    return storedEnvironment === environment ? (rest as Item) : undefined;
  }

  async function update(
    id: string,
    change: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>,
  ): Promise<'written' | 'refused'> {
    try {
      await client.send(new UpdateItemCommand({ TableName: table, Key: marshall({ id }), ...change }));
      return 'written';
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'refused';
      throw error;
    }
  }

  const readLink = (linkHash: string) => read<ConnectLink>(`link#${linkHash}`);
  const readSession = (sessionId: string) => read<AuthorizationSession>(`session#${sessionId}`);

  return {
    putLink: (link) => put(`link#${link.linkHash}`, link.expiresAt, link),
    readLink,
    async spendLink(linkHash) {
      await update(`link#${linkHash}`, {
        UpdateExpression: 'SET spent = :true',
        ConditionExpression: 'environment = :environment',
        ExpressionAttributeValues: marshall({ ':true': true, ':environment': environment }),
      });
    },
    putSession: (session) => put(`session#${session.sessionId}`, session.keptUntil, session),
    readSession,
    async claimSession(sessionId, claim) {
      const written = await update(`session#${sessionId}`, {
        UpdateExpression: 'SET claim = :claim',
        ConditionExpression: 'environment = :environment AND attribute_not_exists(claim)',
        ExpressionAttributeValues: marshall({ ':claim': claim, ':environment': environment }),
      });
      if (written === 'written') return 'claimed';
      // The SDK repeats a write whose answer was lost, and is then refused by its own first success.
      const session = await readSession(sessionId);
      return session?.claim?.owner === claim.owner ? 'claimed' : 'refused';
    },
    async settleSession(sessionId, result) {
      const written = await update(`session#${sessionId}`, {
        UpdateExpression: 'SET #result = :result',
        ConditionExpression: 'environment = :environment AND attribute_not_exists(#result)',
        ExpressionAttributeNames: { '#result': 'result' },
        ExpressionAttributeValues: marshall(
          { ':result': result, ':environment': environment },
          { removeUndefinedValues: true },
        ),
      });
      return written === 'written' ? result : (await readSession(sessionId))?.result;
    },
  };
}
