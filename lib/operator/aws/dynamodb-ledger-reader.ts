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
import { arrivalIndex, attentionIndex } from '../../../functions/settings.ts';
import type { Subject } from '../../../functions/webhook/event-message.ts';
import {
  type ArrivedEvent,
  type Attended,
  type Attention,
  arrivalPartitions,
  attentionPartitions,
  type DeadLettered,
  type LedgerReader,
} from '../../../functions/webhook/ledger.ts';
import type { TryRecord } from '../../../functions/webhook/try-record.ts';
import type { WebhookEvent } from '../../../functions/webhook/webhook-event.ts';

/** As many keys as BatchGetItem takes. */
const keysAtOnce = 100;
const secondsADay = 86_400;
/** What stands before the id of an event in its key. */
const eventMark = 'event#';
const { partitionKey, sortKey } = arrivalIndex;

type Attributes = Record<string, AttributeValue>;

/** What the item of an event, or of a change, has, as the ledger writes it. */
interface StoredEvent extends Arrival {
  readonly change?: string;
  readonly tried?: string;
  readonly attentionSince?: number;
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

  /** An item of another environment must not keep a person from seeing the others. */
  function own(item: Attributes): Item[] {
    try {
      return [ownItem(place, item)];
    } catch (error) {
      if (error instanceof ForeignItemError) return [];
      throw error;
    }
  }

  async function read(ids: readonly string[]): Promise<Item[]> {
    const found: Item[] = [];
    let keys: Attributes[] | undefined = ids.map((id) => marshall({ id }));
    while (keys !== undefined && keys.length > 0) {
      const answer: BatchGetItemCommandOutput = await client.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
      );
      found.push(...(answer.Responses?.[table] ?? []).flatMap(own));
      keys = answer.UnprocessedKeys?.[table]?.Keys;
    }
    return found;
  }

  return {
    async show(eventId) {
      const item = await readItem(place, { id: `${eventMark}${eventId}` });
      return item && toArrivedEvent(item)[0];
    },

    async showAll(eventIds) {
      const found: ArrivedEvent[] = [];
      for (let index = 0; index < eventIds.length; index += keysAtOnce) {
        const ids = eventIds.slice(index, index + keysAtOnce).map((id) => `${eventMark}${id}`);
        found.push(...(await read(ids)).flatMap(toArrivedEvent));
      }
      return found;
    },

    async *arrivals(since, until, isLeftOut = () => false) {
      for (let day = Math.floor(since / secondsADay); day * secondsADay < until; day += 1) {
        const shards = await Promise.all(arrivalPartitions(day).map((shard) => arrivalsOf(place, shard, since, until)));
        const ids = shards
          .flat()
          .toSorted(byArrival)
          .map(({ id }) => id)
          .filter((id) => !isLeftOut(id.slice(eventMark.length)));
        for (let index = 0; index < ids.length; index += keysAtOnce) {
          // BatchGetItem answers in any order.
          const items = await read(ids.slice(index, index + keysAtOnce));
          yield* items.flatMap(toArrivedEvent).toSorted(byArrival);
        }
      }
    },

    async *attention(attention) {
      for (const partition of attentionPartitions(attention)) {
        for await (const ids of attended(place, partition)) {
          const entries = (await read(ids)).flatMap((item) => toAttended(item, attention));
          yield* entries.toSorted((left, right) => left.since - right.since);
        }
      }
    },
  };
}

async function arrivalsOf(
  place: EnvironmentTable,
  partition: string,
  since: number,
  until: number,
): Promise<readonly Arrival[]> {
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

/** Lists the keys of what wants attention, the longest first, as many at a time as can be read at once. */
async function* attended(place: EnvironmentTable, partition: string): AsyncGenerator<readonly string[]> {
  let start: Attributes | undefined;
  do {
    const { items, next } = await queryPage(place, {
      IndexName: attentionIndex.name,
      KeyConditionExpression: `${attentionIndex.partitionKey} = :partition`,
      ExpressionAttributeValues: marshall({ ':partition': partition }),
      ExclusiveStartKey: start,
      Limit: keysAtOnce,
    });
    yield items.map((item) => String(unmarshall(item).id));
    start = next;
  } while (start !== undefined);
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
      ...history(item),
    },
  ];
}

function toAttended(stored: Item, attention: Attention): Attended[] {
  const item = stored as unknown as StoredEvent;
  const subject = subjectOf(item);
  if (subject === undefined) return [];
  const { tried, deadLettered } = history(item);
  // Versions that did not know the index leave an event in it that they handled.
  const lastTry = tried?.tries.at(-1)?.at ?? 0;
  if (attention === 'failing' && item.handledAt !== undefined && item.handledAt > lastTry) return [];
  const since = item.attentionSince ?? 0;
  return [{ subject, attention, since, ...(tried && { tried }), ...(deadLettered && { deadLettered }) }];
}

function subjectOf({ event, change }: StoredEvent): Subject | undefined {
  if (typeof event === 'string') return { kind: 'webhook_event', event: JSON.parse(event) };
  return typeof change === 'string' ? { kind: 'connection_change', change: JSON.parse(change) } : undefined;
}

function history({ tried, deadLettered }: StoredEvent): Pick<ArrivedEvent, 'tried' | 'deadLettered'> {
  return {
    ...(typeof tried === 'string' && { tried: JSON.parse(tried) as TryRecord }),
    ...(typeof deadLettered === 'string' && { deadLettered: JSON.parse(deadLettered) as DeadLettered }),
  };
}
