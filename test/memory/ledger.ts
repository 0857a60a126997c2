import type { Clock } from '../../functions/clock.ts';
import { resourceKey } from '../../functions/webhook/event-message.ts';
import {
  type ArrivedEvent,
  type Ledger,
  type LedgerReader,
  ledgerSeconds,
  seenUpTo,
} from '../../functions/webhook/ledger.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';
import { memoryPort, type PortFaults } from './port.ts';

interface Expiring {
  readonly timeToLive: number;
}

/** Keeps the ledger in this process. */
export function memoryLedger(clock: Clock, faults?: PortFaults): Ledger & LedgerReader {
  const entries = new Map<string, ArrivedEvent & Expiring>();
  const newestHandled = new Map<string, Expiring & { readonly occurredAt: number }>();
  const timeToLive = () => Math.ceil(clock()) + ledgerSeconds;
  const current = <Entry extends Expiring>(entry: Entry | undefined) =>
    entry !== undefined && entry.timeToLive > clock() ? entry : undefined;
  const update = (event: WebhookEvent, change: Partial<ArrivedEvent>) =>
    entries.set(event.id, {
      event,
      arrivedAt: clock(),
      failures: 0,
      ...entries.get(event.id),
      ...change,
      timeToLive: timeToLive(),
    });

  const ledger: Ledger & LedgerReader = {
    async find(eventId) {
      const entry = current(entries.get(eventId));
      if (entry === undefined) return undefined;
      const { event, receivedAt, handledAt } = entry;
      return { event, ...(receivedAt !== undefined && { receivedAt }), ...(handledAt !== undefined && { handledAt }) };
    },
    async record(event, receivedAt) {
      const before = current(entries.get(event.id))?.receivedAt;
      update(event, { receivedAt: before ?? receivedAt });
      return before === undefined ? 'recorded' : 'known';
    },
    async history(event) {
      return {
        handledBefore: current(entries.get(event.id))?.handledAt !== undefined,
        newestHandled: current(newestHandled.get(resourceKey(event)))?.occurredAt ?? null,
      };
    },
    async markHandled(event, handledAt) {
      update(event, { handledAt });
      const newest = newestHandled.get(resourceKey(event))?.occurredAt ?? Number.NEGATIVE_INFINITY;
      const occurredAt = event.occurredAt === null ? newest : seenUpTo(event.occurredAt, clock());
      if (occurredAt > newest) newestHandled.set(resourceKey(event), { occurredAt, timeToLive: timeToLive() });
    },
    async countFailure(event) {
      const failures = (entries.get(event.id)?.failures ?? 0) + 1;
      update(event, { failures });
      return failures;
    },
    async markDeadLettered(event, deadLettered) {
      update(event, { deadLettered });
    },
    show: async (eventId) => {
      const entry = current(entries.get(eventId));
      if (entry === undefined) return undefined;
      const { timeToLive: _, ...shown } = entry;
      return shown;
    },
    async *arrivals(since, until) {
      const inTime = [...entries.values()].filter(({ arrivedAt }) => since <= arrivedAt && arrivedAt < until);
      for (const { timeToLive: _, ...entry } of inTime.toSorted((a, b) => a.arrivedAt - b.arrivedAt)) yield entry;
    },
  };
  return memoryPort('ledger', ledger, faults);
}
