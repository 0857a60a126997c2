import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Connection } from '../connection/connection.ts';
import {
  type Condition,
  type ConnectionStore,
  type ConnectionWrite,
  dueShardOf,
  ForeignConnectionError,
} from '../connection/connection-store.ts';
import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { dueIndex } from '../settings.ts';

/** The token set lies flat in the item. */
const tokenAttributes = ['accessToken', 'refreshToken', 'issuedAt', 'expiresAt'] as const;

type StoredConnection = Omit<Connection, 'tokens'> & Partial<TokenSet> & { readonly dueShard?: string };

/**
 * Keeps connections in the `connections` table (key `connectionId`), one item each; the sparse index of due ones holds
 * the items that have a `rotateAt`, which alone gives them a `dueShard`.
 *
 * @returns the store of one environment
 */
export function dynamoDbConnectionStore({
  client,
  table,
  environment,
}: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly environment: ProcoreEnvironmentName;
}): ConnectionStore {
  return {
    environment,

    async read(connectionId) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: marshall({ connectionId }), ConsistentRead: true }),
      );
      if (!Item) return undefined;
      const connection = fromStored(unmarshall(Item) as StoredConnection);
      if (connection.environment === environment) return connection;
      throw new ForeignConnectionError(connectionId, connection.environment, environment);
    },

    async write(write) {
      try {
        await client.send(new UpdateItemCommand({ TableName: table, ...expressionsOf(write, environment) }));
        return 'written';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'refused';
        throw error;
      }
    },

    async due(shard, now, limit, cursor) {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          IndexName: dueIndex.name,
          KeyConditionExpression: '#shard = :shard AND #rotateAt <= :now',
          ExpressionAttributeNames: { '#shard': dueIndex.partitionKey, '#rotateAt': dueIndex.sortKey },
          ExpressionAttributeValues: marshall({ ':shard': shard, ':now': now }),
          Limit: limit,
          ...(cursor !== undefined && { ExclusiveStartKey: JSON.parse(cursor) }),
        }),
      );
      const connections = Items.map((item) => {
        const { connectionId, rotateAt } = unmarshall(item);
        return { connectionId: String(connectionId), rotateAt: Number(rotateAt) };
      });
      return { connections, ...(LastEvaluatedKey && { cursor: JSON.stringify(LastEvaluatedKey) }) };
    },
  };
}

function fromStored(stored: StoredConnection): Connection {
  const { accessToken, refreshToken, issuedAt, expiresAt, dueShard: _, ...rest } = stored;
  if (accessToken === undefined || issuedAt === undefined || expiresAt === undefined) return rest;
  return { ...rest, tokens: { accessToken, ...(refreshToken !== undefined && { refreshToken }), issuedAt, expiresAt } };
}

/** The attributes that a write sets and removes: what a field is in the item. */
function attributesOf({ connectionId, set, remove }: ConnectionWrite): {
  readonly set: ReadonlyMap<string, unknown>;
  readonly remove: ReadonlySet<string>;
} {
  const { tokens, ...plain } = set;
  const values = new Map<string, unknown>(
    Object.entries({ ...plain, ...tokens }).filter(([, value]) => value !== undefined),
  );
  const removed = new Set<string>(remove.flatMap((field) => (field === 'tokens' ? tokenAttributes : [field])));
  // A set without a refresh token must not keep its predecessor's.
  if (tokens && tokens.refreshToken === undefined) removed.add('refreshToken');
  if (set.rotateAt !== undefined) values.set(dueIndex.partitionKey, dueShardOf(connectionId));
  if (removed.has('rotateAt')) removed.add(dueIndex.partitionKey);
  return { set: values, remove: removed };
}

function expressionsOf(write: ConnectionWrite, environment: ProcoreEnvironmentName) {
  const names = new Map<string, string>();
  const values = new Map<string, unknown>();
  /** Names stand for attributes, because some (`status`, `grant`, `owner`) are DynamoDB's own words. */
  const name = (attribute: string): string => {
    names.set(`#${attribute}`, attribute);
    return `#${attribute}`;
  };
  const value = (content: unknown): string => {
    const placeholder = `:v${values.size}`;
    values.set(placeholder, content);
    return placeholder;
  };
  const { set, remove } = attributesOf(write);
  const assignments = [...set].map(([attribute, content]) => `${name(attribute)} = ${value(content)}`);
  const removals = [...remove].map(name);
  const update = [
    ...(assignments.length > 0 ? [`SET ${assignments.join(', ')}`] : []),
    ...(removals.length > 0 ? [`REMOVE ${removals.join(', ')}`] : []),
  ];
  const isOurs = `attribute_not_exists(${name('connectionId')}) OR ${name('environment')} = ${value(environment)}`;
  const conditions = [isOurs, ...write.require.map((condition) => expressionOf(condition, name, value))];
  return {
    Key: marshall({ connectionId: write.connectionId }),
    UpdateExpression: update.join(' '),
    ConditionExpression: conditions.map((condition) => `(${condition})`).join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(names),
    ExpressionAttributeValues: marshall(Object.fromEntries(values), { removeUndefinedValues: true }),
  };
}

function expressionOf(
  condition: Condition,
  name: (attribute: string) => string,
  value: (content: unknown) => string,
): string {
  switch (condition.condition) {
    case 'absent':
      return `attribute_not_exists(${name('connectionId')})`;
    case 'generationIs':
      return `${name('generation')} = ${value(condition.generation)}`;
    case 'statusIs':
      return `${name('status')} = ${value(condition.status)}`;
    case 'attemptFreeAt': {
      const attempt = name('attempt');
      return `attribute_not_exists(${attempt}) OR ${attempt}.${name('leaseUntil')} < ${value(condition.now)}`;
    }
    case 'coolDownOverAt': {
      const notBefore = name('notBefore');
      return `attribute_not_exists(${notBefore}) OR ${notBefore} <= ${value(condition.now)}`;
    }
    case 'attemptIs': {
      const attempt = name('attempt');
      const isOwner = `${attempt}.${name('owner')} = ${value(condition.owner)}`;
      return `${isOwner} AND ${attempt}.${name('number')} = ${value(condition.number)}`;
    }
    case 'attemptNumberIs':
      return `${name('attemptNumber')} = ${value(condition.attemptNumber)}`;
    case 'linkOlderThan':
      return `${name('authorizedBy')}.${name('linkIssuedAt')} < ${value(condition.linkIssuedAt)}`;
    case 'sessionIs':
      return `${name('authorizedBy')}.${name('sessionId')} = ${value(condition.sessionId)}`;
    case 'revokingIs': {
      const revoking = name('revoking');
      if (condition.revoking.length === 0) return `attribute_not_exists(${revoking})`;
      // Element by element: DynamoDB compares lists as a whole, too, but its stand-ins do not.
      const elements = condition.revoking.map((token, index) => `${revoking}[${index}] = ${value(token)}`);
      return [`size(${revoking}) = ${value(elements.length)}`, ...elements].join(' AND ');
    }
    case 'rotateAtIs':
      return `${name('rotateAt')} = ${value(condition.rotateAt)}`;
  }
}
