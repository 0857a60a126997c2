import { gzipSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { decompress } from '../decompress.ts';
import { subscriptionsKey } from '../settings.ts';
import type { StoredSubscription, Subscription, SubscriptionStore } from '../webhook/subscription.ts';
import {
  deleteItem,
  type EnvironmentTable,
  type Item,
  ownItem,
  queryPage,
  type Requirement,
  readItem,
  updateItemUnread,
} from './environment-table.ts';

const { partitionKey, sortKey } = subscriptionsKey;

/** Requires that the item is still of the revision that was read; undefined requires that there is no item. */
const isAt =
  (revision: number | undefined): Requirement =>
  ({ name, value }) =>
    revision === undefined ? `attribute_not_exists(${name(sortKey)})` : `${name('revision')} = ${value(revision)}`;

/** The item: what is asked for by name as attributes, the rest as one compressed JSON text. */
interface SubscriptionItem {
  readonly revision: number;
  /** Uncompressed, two thousand projects would fill DynamoDB's 400 kB. */
  readonly subscription: Uint8Array;
}

/**
 * Keeps subscriptions in the `subscriptions` table. The environment is the partition key, so all of them are read by
 * one query, and items of other environments cannot be found.
 */
export function dynamoDbSubscriptionStore(table: EnvironmentTable): SubscriptionStore {
  const keyOf = (companyId: string) => ({ [partitionKey]: table.environment, [sortKey]: companyId });

  async function read(companyId: string): Promise<StoredSubscription | undefined> {
    const item = await readItem(table, keyOf(companyId));
    return item && fromItem(item);
  }

  async function pageFrom(start: Record<string, AttributeValue> | undefined, limit?: number) {
    const { items, next } = await queryPage(table, {
      ConsistentRead: true,
      KeyConditionExpression: `${partitionKey} = :environment`,
      ExpressionAttributeValues: marshall({ ':environment': table.environment }),
      ExclusiveStartKey: start,
      Limit: limit,
    });
    return { subscriptions: items.map((item) => fromItem(ownItem(table, item))), next };
  }

  return {
    read,

    async list() {
      const found: StoredSubscription[] = [];
      let start: Record<string, AttributeValue> | undefined;
      do {
        const page = await pageFrom(start);
        found.push(...page.subscriptions);
        start = page.next;
      } while (start !== undefined);
      return found;
    },

    async page(limit, cursor) {
      const { subscriptions, next } = await pageFrom(cursor === undefined ? undefined : JSON.parse(cursor), limit);
      return { subscriptions, ...(next && { cursor: JSON.stringify(next) }) };
    },

    async save(subscription, revision) {
      const next = (revision ?? 0) + 1;
      const text = JSON.stringify(withoutRevision(subscription));
      // An update, since a later version may keep more attributes in the item.
      const change = { set: { revision: next, subscription: gzipSync(text) }, require: [isAt(revision)] };
      const { outcome } = await updateItemUnread(table, keyOf(subscription.companyId), change);
      if (outcome === 'written') return next;
      // The SDK may have repeated a write that took effect: what is stored may be ours.
      const stored = await read(subscription.companyId);
      const isOurs = stored?.revision === next && JSON.stringify(withoutRevision(stored)) === text;
      return isOurs ? next : 'changed';
    },

    async remove(companyId, revision) {
      if ((await deleteItem(table, keyOf(companyId), [isAt(revision)])) === 'deleted') return 'removed';
      return (await read(companyId)) === undefined ? 'removed' : 'changed';
    },
  };
}

function fromItem(item: Item): StoredSubscription {
  const { revision, subscription } = item as unknown as SubscriptionItem;
  const text = decompress('gzip', subscription, `The subscription of company ${String(item[sortKey])}`).toString();
  return { ...(JSON.parse(text) as Subscription), revision };
}

function withoutRevision(subscription: Subscription & { readonly revision?: number }): Subscription {
  const { revision: _, ...rest } = subscription;
  return rest;
}
