import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { subscriptionsKey } from '../settings.ts';
import type { StoredSubscription, Subscription, SubscriptionStore } from '../webhook/subscription.ts';

const { partitionKey, sortKey } = subscriptionsKey;
const sameRevision = { ConditionExpression: 'revision = :revision' };

/** The item: what is asked for by name as attributes, the rest as one compressed JSON text. */
interface Item {
  readonly revision: number;
  /** As it is, DynamoDB's 400 kB would end at two thousand projects. */
  readonly subscription: Uint8Array;
}

/**
 * Keeps subscriptions in the `subscriptions` table. The environment is the partition key: all of them are read by one
 * query, and an item of another environment is none that could be found.
 *
 * @returns the store
 */
export function dynamoDbSubscriptionStore({
  client,
  table,
  environment,
}: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly environment: ProcoreEnvironmentName;
}): SubscriptionStore {
  const key = (companyId: string) => marshall({ [partitionKey]: environment, [sortKey]: companyId });

  async function lostRace<Won, Lost>(write: () => Promise<Won>, lost: () => Promise<Lost>): Promise<Won | Lost> {
    try {
      return await write();
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return lost();
      throw error;
    }
  }

  async function read(companyId: string): Promise<StoredSubscription | undefined> {
    const command = new GetItemCommand({ TableName: table, Key: key(companyId), ConsistentRead: true });
    const { Item: attributes } = await client.send(command);
    return attributes && fromItem(attributes);
  }

  return {
    read,

    async list() {
      const found: StoredSubscription[] = [];
      let start: Record<string, AttributeValue> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({
            TableName: table,
            ConsistentRead: true,
            KeyConditionExpression: `${partitionKey} = :environment`,
            ExpressionAttributeValues: marshall({ ':environment': environment }),
            ExclusiveStartKey: start,
          }),
        );
        found.push(...(page.Items ?? []).map(fromItem));
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
      return found;
    },

    async save(subscription, revision) {
      const next = (revision ?? 0) + 1;
      const text = JSON.stringify(withoutRevision(subscription));
      const command = new PutItemCommand({
        TableName: table,
        Item: { ...key(subscription.companyId), ...marshall({ revision: next, subscription: gzipSync(text) }) },
        ...(revision === undefined
          ? { ConditionExpression: `attribute_not_exists(${sortKey})` }
          : { ...sameRevision, ExpressionAttributeValues: marshall({ ':revision': revision }) }),
      });
      return lostRace<number, number | 'changed'>(
        async () => {
          await client.send(command);
          return next;
        },
        async () => {
          // The SDK may have repeated a write that took effect: what is stored may be ours.
          const stored = await read(subscription.companyId);
          const ours = stored?.revision === next && JSON.stringify(withoutRevision(stored)) === text;
          return ours ? next : 'changed';
        },
      );
    },

    async remove(companyId, revision) {
      const command = new DeleteItemCommand({
        TableName: table,
        Key: key(companyId),
        ...sameRevision,
        ExpressionAttributeValues: marshall({ ':revision': revision }),
      });
      return lostRace<'removed', 'removed' | 'changed'>(
        async () => {
          await client.send(command);
          return 'removed';
        },
        async () => ((await read(companyId)) === undefined ? 'removed' : 'changed'),
      );
    },
  };
}

function fromItem(attributes: Record<string, AttributeValue>): StoredSubscription {
  const { revision, subscription } = unmarshall(attributes) as unknown as Item;
  return { ...(JSON.parse(gunzipSync(subscription).toString()) as Subscription), revision };
}

function withoutRevision(subscription: Subscription & { readonly revision?: number }): Subscription {
  const { revision: _, ...rest } = subscription;
  return rest;
}
