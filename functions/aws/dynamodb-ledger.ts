import type { Clock } from '../clock.ts';
import { arrivalIndex, timeToLiveAttribute } from '../settings.ts';
import { resourceKey } from '../webhook/event-message.ts';
import { arrivalPartition, type Ledger, ledgerSeconds, seenUpTo } from '../webhook/ledger.ts';
import type { WebhookEvent } from '../webhook/webhook-event.ts';
import { type EnvironmentTable, type Item, type ItemChange, readItem, updateItem } from './environment-table.ts';

/** How long an operation may take with all its tries, in milliseconds: intake has to answer Procore in time. */
const callMs = 600;

/** All attributes but key and environment; those of an event's item, then that of a resource's. */
interface LedgerItem {
  readonly [timeToLiveAttribute]: number;
  /** JSON. One attribute holds all fields, also those that events may get one day. */
  readonly event?: string;
  readonly receivedAt?: number;
  readonly handledAt?: number;
  readonly failures?: number;
  /** JSON of `DeadLettered`. */
  readonly deadLettered?: string;
  readonly newestHandled?: number;
}

const eventKey = (eventId: string) => ({ id: `event#${eventId}` });
const resourceItemKey = (event: WebhookEvent) => ({ id: `resource#${resourceKey(event)}` });

/** The table of the ledger, and the two things that all of its methods do. */
function ledgerItems({ clock, ...place }: EnvironmentTable & { readonly clock: Clock }) {
  const table = { callMs, ...place };

  /** DynamoDB deletes late, so an item whose time is over counts as absent. */
  function current(item: Item | undefined): LedgerItem | undefined {
    const held = item as LedgerItem | undefined;
    return held !== undefined && held[timeToLiveAttribute] > clock() ? held : undefined;
  }

  return {
    read: async (key: { readonly id: string }) => current(await readItem(table, key)),

    /** @returns the changed attributes that are wanted back */
    async update(key: { readonly id: string }, { set, ...change }: ItemChange): Promise<LedgerItem | undefined> {
      const timeToLive = Math.ceil(clock()) + ledgerSeconds;
      const updated = await updateItem(table, key, { set: { ...set, [timeToLiveAttribute]: timeToLive }, ...change });
      return updated.outcome === 'written' ? current(updated.attributes) : undefined;
    },
  };
}

/**
 * Keeps the ledger in the `deliveries` table (key `id`): one item an event (`event#<id>`) and one a resource
 * (`resource#<sha-256>`: when its newest handled event occurred), each gone 30 days after it was last written. Events
 * stand in the index `arrival`, too, which holds keys only.
 *
 * Every write is one UpdateItem that touches its own attributes only: intake and worker write an event's item in
 * either order, and neither undoes the other.
 *
 * @returns the ledger; a call throws after 600 ms at the latest, and ForeignItemError for an item of another
 * environment
 */
export function dynamoDbLedger(props: EnvironmentTable & { readonly clock: Clock }): Ledger {
  const { clock } = props;
  const items = ledgerItems(props);

  function updateEvent(event: WebhookEvent, { setOnce, ...change }: ItemChange): Promise<LedgerItem | undefined> {
    // Event and arrival go with every write: intake may die before its own.
    const now = clock();
    const arrival = { [arrivalIndex.partitionKey]: arrivalPartition(event.id, now), [arrivalIndex.sortKey]: now };
    const first = { event: JSON.stringify(event), ...arrival, ...setOnce };
    return items.update(eventKey(event.id), { setOnce: first, ...change });
  }

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
      const before = await updateEvent(event, { setOnce: { receivedAt }, returned: 'UPDATED_OLD' });
      return before?.receivedAt === undefined ? 'recorded' : 'known';
    },

    async history(event) {
      const [known, resource] = await Promise.all([items.read(eventKey(event.id)), items.read(resourceItemKey(event))]);
      return { handledBefore: known?.handledAt !== undefined, newestHandled: resource?.newestHandled ?? null };
    },

    async markHandled(event, handledAt) {
      await Promise.all([
        updateEvent(event, { set: { handledAt } }),
        event.occurredAt === null ? undefined : moveNewestHandled(event, seenUpTo(event.occurredAt, clock())),
      ]);
    },

    async countFailure(event) {
      const after = await updateEvent(event, { add: { failures: 1 }, returned: 'UPDATED_NEW' });
      return after?.failures ?? 1;
    },

    async markDeadLettered(event, deadLettered) {
      await updateEvent(event, { set: { deadLettered: JSON.stringify(deadLettered) } });
    },
  };
}
