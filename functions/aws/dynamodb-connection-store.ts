import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Connection } from '../connection/connection.ts';
import {
  type Condition,
  type ConnectionStore,
  type ConnectionWrite,
  dueShardOf,
  mostCompanyIds,
} from '../connection/connection-store.ts';
import type { TokenSet } from '../oauth/token-endpoint.ts';
import { companiesMark, dueIndex } from '../settings.ts';
import {
  type EnvironmentTable,
  foreignItem,
  type Item,
  type ItemChange,
  type Placeholders,
  queryPage,
  readItem,
  updateItem,
  updateItemUnread,
} from './environment-table.ts';

/** The token set lies flat in the item. */
const tokenAttributes = ['accessToken', 'refreshToken', 'issuedAt', 'expiresAt'] as const;

type StoredConnection = Omit<Connection, 'tokens'> & Partial<TokenSet> & { readonly dueShard?: string };

/**
 * Keeps connections in the `connections` table (key `connectionId`), one item each; the sparse index of due ones holds
 * the items that have a `rotateAt`, which alone gives them a `dueShard`. The companies of an account that sees very many
 * stand in items of their own beside it.
 *
 * @returns the store; `read` throws ForeignItemError, and a caller that `write` refuses reads next
 */
export function dynamoDbConnectionStore(table: EnvironmentTable): ConnectionStore {
  return {
    environment: table.environment,

    async read(connectionId) {
      const item = await readItem(table, { connectionId });
      return item && connectionOf(item);
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

    async keepCompanies(connectionId, sessionId, companyIds) {
      if (companyIds.length <= mostCompanyIds) return;
      const parts = Math.ceil(companyIds.length / companiesOfPart);
      // One after the other, the first one last: it says how many there are.
      for (let part = parts - 1; part >= 0; part -= 1) {
        const ids = companyIds.slice(part * companiesOfPart, (part + 1) * companiesOfPart);
        const set = { companyIds: ids, companiesFor: sessionId, parts };
        await updateItem(table, companiesKey(connectionId, part), { set });
      }
    },

    async companies(connectionId, sessionId) {
      const companyIds: string[] = [];
      for (let part = 0, parts = 1; part < parts; part += 1) {
        const item = await readItem(table, companiesKey(connectionId, part));
        if (item?.companiesFor !== sessionId) return [];
        companyIds.push(...(item.companyIds as readonly string[]));
        parts = Number(item.parts);
      }
      return companyIds;
    },
  };
}

/** How many ids one item of companies holds: with the longest that Procore has, about 90 kB. */
const companiesOfPart = 4000;

/** No connection id has a `#`, so no connection can have this key. */
function companiesKey(connectionId: string, part: number) {
  return { connectionId: `${connectionId}${companiesMark}${part}` };
}

/** Reads an item of the table as a connection. */
export function connectionOf(item: Item): Connection {
  const stored = item as unknown as StoredConnection;
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
    case 'unconfirmedIs': {
      const unconfirmed = name('unconfirmed');
      const { referenceHash } = condition;
      if (referenceHash === undefined) return `attribute_not_exists(${unconfirmed})`;
      return `${unconfirmed}.${name('referenceHash')} = ${value(referenceHash)}`;
    }
    case 'unconfirmedAccountIs': {
      const changed = `${name('unconfirmed')}.${name('account')}.${name('changedAt')}`;
      const { changedAt } = condition;
      return changedAt === undefined ? `attribute_not_exists(${changed})` : `${changed} = ${value(changedAt)}`;
    }
    case 'companiesAre':
      return (['companiesReadAt', 'companyId', 'companyChosenAt'] as const)
        .map((field) => {
          const expected = condition[field];
          return expected === undefined
            ? `attribute_not_exists(${name(field)})`
            : `${name(field)} = ${value(expected)}`;
        })
        .join(' AND ');
  }
}
