import type { Clock } from '../clock.ts';
import { arrivalIndex, attentionIndex, timeToLiveAttribute } from '../settings.ts';
import { resourceKey, type Subject, subjectId } from '../webhook/event-message.ts';
import {
  type Attention,
  arrivalPartition,
  attentionPartition,
  type KeyHealth,
  type Ledger,
  ledgerSeconds,
  seenUpTo,
} from '../webhook/ledger.ts';
import type { TryRecord } from '../webhook/try-record.ts';
import type { WebhookEvent } from '../webhook/webhook-event.ts';
import { type EnvironmentTable, type Item, type ItemChange, readItem, updateItem } from './environment-table.ts';

/** How long an operation may take with all its tries, in milliseconds: intake has to answer Procore in time. */
const callMs = 600;

/** All attributes but key and environment; those of an event's item, then that of a resource's and those of a key's. */
interface LedgerItem extends KeyHealth {
  readonly [timeToLiveAttribute]: number;
  /** JSON. One attribute holds all fields, also those that events may get one day. */
  readonly event?: string;
  readonly receivedAt?: number;
  readonly handledAt?: number;
  readonly failures?: number;
  /** JSON of `DeadLettered`. */
  readonly deadLettered?: string;
  /** JSON of `TryRecord`. */
  readonly tried?: string;
  readonly newestHandled?: number;
}

const eventKey = (eventId: string) => ({ id: `event#${eventId}` });
const subjectKey = (subject: Subject) =>
  subject.kind === 'webhook_event' ? eventKey(subject.event.id) : { id: `change#${subjectId(subject)}` };
const healthKey = (key: string) => ({ id: `health#${key}` });
const resourceItemKey = (event: WebhookEvent) => ({ id: `resource#${resourceKey(event)}` });

/** The table of the ledger, and what all of its methods do. */
function ledgerItems({ clock, ...place }: EnvironmentTable & { readonly clock: Clock }) {
  const table = { callMs, ...place };

  /** DynamoDB deletes late, so an item whose time is over counts as absent. */
  function current(item: Item | undefined): LedgerItem | undefined {
    const held = item as LedgerItem | undefined;
    return held !== undefined && held[timeToLiveAttribute] > clock() ? held : undefined;
  }

  /** @returns the changed attributes that are wanted back */
  async function update(key: { readonly id: string }, { set, ...change }: ItemChange): Promise<LedgerItem | undefined> {
    const timeToLive = Math.ceil(clock()) + ledgerSeconds;
    const updated = await updateItem(table, key, { set: { ...set, [timeToLiveAttribute]: timeToLive }, ...change });
    return updated.outcome === 'written' ? current(updated.attributes) : undefined;
  }

  function updateEvent(event: WebhookEvent, { setOnce, ...change }: ItemChange): Promise<LedgerItem | undefined> {
    // Event and arrival go with every write: intake may die before its own.
    const now = clock();
    const arrival = { [arrivalIndex.partitionKey]: arrivalPartition(event.id, now), [arrivalIndex.sortKey]: now };
    const first = { event: JSON.stringify(event), ...arrival, ...setOnce };
    return update(eventKey(event.id), { setOnce: first, ...change });
  }

  return {
    clock,
    update,
    updateEvent,
    read: async (key: { readonly id: string }) => current(await readItem(table, key)),

    async updateSubject(subject: Subject, change: ItemChange): Promise<void> {
      if (subject.kind === 'webhook_event') await updateEvent(subject.event, change);
      else await update(subjectKey(subject), { setOnce: { change: JSON.stringify(subject.change) }, ...change });
    },
  };
}

type LedgerItems = ReturnType<typeof ledgerItems>;

/**
 * Keeps the ledger in the `deliveries` table (key `id`): one item an event (`event#<id>`), one a change of a connection
 * that has failed (`change#<sha-256>`), one a resource (`resource#<sha-256>`: when its newest handled event occurred), and
 * one a key of which events fail (`health#<sha-256>`), each gone 30 days after it was last written. Events stand in the
 * index `arrival`, too, and what is failing or dead in the index `attention`; both hold keys only.
 *
 * Every write is one UpdateItem that touches its own attributes only: intake and worker write an event's item in
 * either order, and neither undoes the other.
 *
 * @returns the ledger; a call throws after 600 ms at the latest, and ForeignItemError for an item of another
 * environment
 */
export function dynamoDbLedger(props: EnvironmentTable & { readonly clock: Clock }): Ledger {
  const items = ledgerItems(props);
  return { ...arrivedEvents(items), ...handledEvents(items), ...failedTries(items), ...keyHealths(items) };
}

function arrivedEvents(items: LedgerItems): Pick<Ledger, 'find' | 'record'> {
  return {
    async find(eventId) {
      const item = await items.read(eventKey(eventId));
      if (item?.event === undefined) return undefined;
      const { receivedAt, handledAt } = item;
      return {
        event: JSON.parse(item.event) as WebhookEvent,
        ...(receivedAt !== undefined && { receivedAt }),
        ...(handledAt !== undefined && { handledAt }),
      };
    },

    async record(event, receivedAt) {
      const before = await items.updateEvent(event, { setOnce: { receivedAt }, returned: 'UPDATED_OLD' });
      return before?.receivedAt === undefined ? 'recorded' : 'known';
    },
  };
}

function handledEvents(items: LedgerItems): Pick<Ledger, 'history' | 'markHandled'> {
  async function moveNewestHandled(event: WebhookEvent, occurredAt: number): Promise<void> {
    // Refused when a newer event was handled before: that is what the item tells.
    await items.update(resourceItemKey(event), {
      set: { newestHandled: occurredAt },
      require: [
        ({ name, value }) => {
          const newest = name('newestHandled');
          return `attribute_not_exists(${newest}) OR ${newest} < ${value(occurredAt)}`;
        },
      ],
    });
  }

  return {
    async history(event) {
      const [known, resource] = await Promise.all([items.read(eventKey(event.id)), items.read(resourceItemKey(event))]);
      return { handledBefore: known?.handledAt !== undefined, newestHandled: resource?.newestHandled ?? null };
    },

    async markHandled(subject, handledAt, tried) {
      const { partitionKey, sortKey } = attentionIndex;
      const change = { set: { handledAt, ...(tried && kept(tried)) }, remove: [partitionKey, sortKey] };
      if (subject.kind === 'connection_change') {
        // One that failed is listed as failing until then, whether or not the worker has read its tries.
        const isKept = tried !== undefined || (await items.read(subjectKey(subject))) !== undefined;
        if (isKept) await items.updateSubject(subject, change);
        return;
      }
      const { event } = subject;
      await Promise.all([
        items.updateEvent(event, change),
        event.occurredAt === null ? undefined : moveNewestHandled(event, seenUpTo(event.occurredAt, items.clock())),
      ]);
    },
  };
}

function failedTries(items: LedgerItems): Pick<Ledger, 'tries' | 'keepTries' | 'recordFailure'> {
  return {
    async tries(subject) {
      const item = await items.read(subjectKey(subject));
      return item?.tried === undefined ? undefined : (JSON.parse(item.tried) as TryRecord);
    },

    keepTries: (subject, tried) => items.updateSubject(subject, { set: kept(tried) }),

    async recordFailure(subject, tried, deadLettered) {
      // While it goes on failing, the keys of the index stay as they are, and the index is not written.
      const attention: Attention = deadLettered === undefined ? 'failing' : 'dead';
      const set = {
        ...kept(tried),
        [attentionIndex.partitionKey]: attentionPartition(attention, subjectId(subject)),
        [attentionIndex.sortKey]: deadLettered === undefined ? tried.firstTriedAt : items.clock(),
        ...(deadLettered && { deadLettered: JSON.stringify(deadLettered) }),
      };
      await items.updateSubject(subject, { set, add: { failures: 1 } });
    },
  };
}

function keyHealths(items: LedgerItems): Pick<Ledger, 'health' | 'noteHealth'> {
  return {
    async health(key) {
      const { watchedUntil, succeededAt } = (await items.read(healthKey(key))) ?? {};
      return { ...(watchedUntil !== undefined && { watchedUntil }), ...(succeededAt !== undefined && { succeededAt }) };
    },

    async noteHealth(key, { watchedUntil, succeededAt }) {
      await items.update(healthKey(key), { set: { watchedUntil, succeededAt } });
    },
  };
}

function kept(tried: TryRecord): Item {
  return { tried: JSON.stringify(tried) };
}
