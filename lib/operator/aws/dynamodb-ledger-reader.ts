import { type AttributeValue, BatchGetItemCommand, type BatchGetItemCommandOutput } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import {
  type EnvironmentTable,
  type Item,
  ownItem,
  queryPage,
  readItem,
} from '../../../functions/aws/environment-table.ts';
import { ForeignItemError } from '../../../functions/procore/foreign-item.ts';
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

/** What an event's item has, as the ledger writes it. */
interface StoredEvent extends Arrival {
  readonly event?: string;
  readonly failures?: number;
  readonly receivedAt?: number;
  readonly handledAt?: number;
  readonly deadLettered?: string;
}

interface Arrival {
  readonly id: string;
  readonly arrivedAt: number;
}

/**
 * Lists the ledger by time: keys from the index `arrival`, a day at a time, then the items themselves.
 *
 * The index is eventually consistent: what arrived within the last second or so may be missing.
 *
 * @returns the reader; `show` throws ForeignItemError, `arrivals` leaves out what is not of this environment
 */
export function dynamoDbLedgerReader(place: EnvironmentTable): LedgerReader {
  const { client, table } = place;

  async function arrivalsOf(partition: string, since: number, until: number): Promise<Arrival[]> {
    const found: Arrival[] = [];
    let start: Attributes | undefined;
    do {
      const { items, next } = await queryPage(place, {
        IndexName: arrivalIndex.name,
        // A range of a sort key includes both ends.
        KeyConditionExpression: `${partitionKey} = :partition AND ${sortKey} BETWEEN :since AND :until`,
        ExpressionAttributeValues: marshall({ ':partition': partition, ':since': since, ':until': until }),
        ExclusiveStartKey: start,
      });
      found.push(...items.map((item) => unmarshall(item) as Arrival));
      start = next;
    } while (start !== undefined);
    return found.filter(({ arrivedAt }) => arrivedAt < until);
  }

  /** An item of another environment must not keep a person from seeing the others. */
  function ownEvents(item: Attributes): ArrivedEvent[] {
    try {
      return toArrivedEvent(ownItem(place, item));
    } catch (error) {
      if (error instanceof ForeignItemError) return [];
      throw error;
    }
  }

  async function read(ids: readonly string[]): Promise<ArrivedEvent[]> {
    const found: ArrivedEvent[] = [];
    let keys: Attributes[] | undefined = ids.map((id) => marshall({ id }));
    while (keys !== undefined && keys.length > 0) {
      const answer: BatchGetItemCommandOutput = await client.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
      );
      found.push(...(answer.Responses?.[table] ?? []).flatMap(ownEvents));
      keys = answer.UnprocessedKeys?.[table]?.Keys;
    }
    return found;
  }

  return {
    async show(eventId) {
      const item = await readItem(place, { id: `event#${eventId}` });
      return item && toArrivedEvent(item)[0];
    },

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

function toArrivedEvent(stored: Item): ArrivedEvent[] {
  const item = stored as unknown as StoredEvent;
  if (typeof item.event !== 'string') return [];
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
