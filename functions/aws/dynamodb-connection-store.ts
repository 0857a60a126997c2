import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Connection } from '../connection/connection.ts';
import {
  type Condition,
  type ConnectionStore,
  type ConnectionWrite,
  dueShardOf,
} from '../connection/connection-store.ts';
import type { TokenSet } from '../oauth/token-endpoint.ts';
import { dueIndex } from '../settings.ts';
import {
  type EnvironmentTable,
  foreignItem,
  type ItemChange,
  type Placeholders,
  queryPage,
  readItem,
  updateItemUnread,
} from './environment-table.ts';

/** The token set lies flat in the item. */
const tokenAttributes = ['accessToken', 'refreshToken', 'issuedAt', 'expiresAt'] as const;

type StoredConnection = Omit<Connection, 'tokens'> & Partial<TokenSet> & { readonly dueShard?: string };

/**
 * Keeps connections in the `connections` table (key `connectionId`), one item each; the sparse index of due ones holds
 * the items that have a `rotateAt`, which alone gives them a `dueShard`.
 *
 * @returns the store; `read` throws ForeignItemError, and a caller that `write` refuses reads next
 */
export function dynamoDbConnectionStore(table: EnvironmentTable): ConnectionStore {
  return {
    environment: table.environment,

    async read(connectionId) {
      const item = await readItem(table, { connectionId });
      return item && fromStored(item as unknown as StoredConnection);
    },

    async write(write) {
      const { environment: named = table.environment } = write.set;
      if (named !== table.environment) throw foreignItem(table, named);
      const { connectionId } = write;
      return (await updateItemUnread(table, { connectionId }, changeOf(write))).outcome;
    },

    async due(shard, now, limit, cursor) {
      const { items, next } = await queryPage(table, {
        IndexName: dueIndex.name,
        KeyConditionExpression: '#shard = :shard AND #rotateAt <= :now',
        ExpressionAttributeNames: { '#shard': dueIndex.partitionKey, '#rotateAt': dueIndex.sortKey },
        ExpressionAttributeValues: marshall({ ':shard': shard, ':now': now }),
        Limit: limit,
        ...(cursor !== undefined && { ExclusiveStartKey: JSON.parse(cursor) }),
      });
      const connections = items.map((item) => {
        const { connectionId, rotateAt } = unmarshall(item);
        return { connectionId: String(connectionId), rotateAt: Number(rotateAt) };
      });
      return { connections, ...(next && { cursor: JSON.stringify(next) }) };
    },
  };
}

function fromStored(stored: StoredConnection): Connection {
  const { accessToken, refreshToken, issuedAt, expiresAt, dueShard: _, ...rest } = stored;
  if (accessToken === undefined || issuedAt === undefined || expiresAt === undefined) return rest;
  return { ...rest, tokens: { accessToken, ...(refreshToken !== undefined && { refreshToken }), issuedAt, expiresAt } };
}

/** What a write changes in the item. */
function changeOf({ connectionId, set, remove, require }: ConnectionWrite): ItemChange {
  const { tokens, environment: _, ...plain } = set;
  const removed = new Set<string>(remove.flatMap((field) => (field === 'tokens' ? tokenAttributes : [field])));
  // A set without a refresh token does not keep the one of the set before.
  if (tokens && tokens.refreshToken === undefined) removed.add('refreshToken');
  if (removed.has('rotateAt')) removed.add(dueIndex.partitionKey);
  const shard = set.rotateAt === undefined ? undefined : dueShardOf(connectionId);
  return {
    set: { ...plain, ...tokens, [dueIndex.partitionKey]: shard },
    remove: [...removed],
    require: require.map((condition) => (to) => expressionOf(condition, to)),
  };
}

function expressionOf(condition: Condition, { name, value }: Placeholders): string {
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
