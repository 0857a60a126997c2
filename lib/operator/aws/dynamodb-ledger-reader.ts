import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  type DynamoDBClient,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import { arrivalIndex } from '../../../functions/settings.ts';
import {
  type ArrivedEvent,
  arrivalPartitions,
  type DeadLettered,
  type LedgerReader,
} from '../../../functions/webhook/ledger.ts';
import type { WebhookEvent } from '../../../functions/webhook/webhook-event.ts';

/** As many keys as BatchGetItem takes. */
const keysAtOnce = 100;
const secondsADay = 86_400;
const { partitionKey, sortKey } = arrivalIndex;

type Attributes = Record<string, AttributeValue>;

interface Arrival {
  readonly id: string;
  readonly arrivedAt: number;
}

/**
 * Lists the ledger by time: keys from the index `arrival`, a day at a time, then the items themselves.
 *
 * The index is eventually consistent: what arrived within the last second or so may be missing.
 */
export function dynamoDbLedgerReader({
  client,
  table,
  environment,
}: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly environment: ProcoreEnvironmentName;
}): LedgerReader {
  async function arrivalsOf(partition: string, since: number, until: number): Promise<Arrival[]> {
    const found: Arrival[] = [];
    let start: Attributes | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: table,
          IndexName: arrivalIndex.name,
          // A range of a sort key includes both ends.
          KeyConditionExpression: `${partitionKey} = :partition AND ${sortKey} BETWEEN :since AND :until`,
          ExpressionAttributeValues: marshall({ ':partition': partition, ':since': since, ':until': until }),
          ExclusiveStartKey: start,
        }),
      );
      found.push(...(page.Items ?? []).map((item) => unmarshall(item) as Arrival));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return found.filter(({ arrivedAt }) => arrivedAt < until);
  }

  async function read(ids: readonly string[]): Promise<ArrivedEvent[]> {
    const found: ArrivedEvent[] = [];
    let keys: Attributes[] | undefined = ids.map((id) => marshall({ id }));
    while (keys !== undefined && keys.length > 0) {
      const answer: BatchGetItemCommandOutput = await client.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
      );
      found.push(...(answer.Responses?.[table] ?? []).flatMap((item) => toArrivedEvent(item, environment)));
      keys = answer.UnprocessedKeys?.[table]?.Keys;
    }
    return found;
  }

  return {
    show: async (eventId) => (await read([`event#${eventId}`]))[0],

    async *arrivals(since, until) {
      for (let day = Math.floor(since / secondsADay); day * secondsADay < until; day += 1) {
        const shards = await Promise.all(arrivalPartitions(day).map((shard) => arrivalsOf(shard, since, until)));
        const ids = shards
          .flat()
          .toSorted(byArrival)
          .map(({ id }) => id);
        for (let index = 0; index < ids.length; index += keysAtOnce) {
          // BatchGetItem answers in any order.
          yield* (await read(ids.slice(index, index + keysAtOnce))).toSorted(byArrival);
        }
      }
    },
  };
}

function byArrival(left: Pick<Arrival, 'arrivedAt'>, right: Pick<Arrival, 'arrivedAt'>): number {
  return left.arrivedAt - right.arrivedAt;
}

function toArrivedEvent(attributes: Attributes, environment: ProcoreEnvironmentName): ArrivedEvent[] {
  const item = unmarshall(attributes);
  if (item.environment !== environment || typeof item.event !== 'string') return [];
  return [
    {
      event: JSON.parse(item.event) as WebhookEvent,
      arrivedAt: item.arrivedAt,
      failures: item.failures ?? 0,
      ...(item.receivedAt !== undefined && { receivedAt: item.receivedAt }),
      ...(item.handledAt !== undefined && { handledAt: item.handledAt }),
      ...(typeof item.deadLettered === 'string' && { deadLettered: JSON.parse(item.deadLettered) as DeadLettered }),
    },
  ];
}
