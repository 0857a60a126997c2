import type { Clock } from '../../functions/clock.ts';
import { resourceKey, type Subject, subjectId } from '../../functions/webhook/event-message.ts';
import {
  type ArrivedEvent,
  type Attended,
  type KeyHealth,
  type Ledger,
  type LedgerReader,
  ledgerSeconds,
  seenUpTo,
} from '../../functions/webhook/ledger.ts';
import type { TryRecord } from '../../functions/webhook/try-record.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';

interface Expiring {
  readonly timeToLive: number;
}

/** What an item of an event has, and one of a change as far as it applies. */
interface Entry extends ArrivedEvent, Expiring {
  readonly subject: Subject;
  readonly attention?: Pick<Attended, 'attention' | 'since'> | undefined;
}

/** Keeps the ledger in this process, and answers at once. Nothing is kept of it when the process ends. */
export function instantLedger(clock: Clock): Ledger & LedgerReader {
  const items = itemsOf(clock);
  return { ...eventsOf(items, clock), ...triesOf(items, clock), ...healthOf(items), ...readerOf(items) };
}

type Items = ReturnType<typeof itemsOf>;

function itemsOf(clock: Clock) {
  const entries = new Map<string, Entry>();
  const newestHandled = new Map<string, Expiring & { readonly occurredAt: number }>();
  const healths = new Map<string, KeyHealth & Expiring>();
  const timeToLive = () => Math.ceil(clock()) + ledgerSeconds;
  const current = <Kept extends Expiring>(kept: Kept | undefined) =>
    kept !== undefined && kept.timeToLive > clock() ? kept : undefined;
  const keyOf = (subject: Subject) => `${subject.kind} ${subjectId(subject)}`;
  const ofSubject = (subject: Subject) => entries.get(keyOf(subject));
  const ofEvent = (eventId: string) => current(entries.get(`webhook_event ${eventId}`));
  const update = (subject: Subject, change: Partial<Entry>) =>
    entries.set(keyOf(subject), {
      subject,
      // A change has none, and nobody lists it by its arrival.
      event: subject.kind === 'webhook_event' ? subject.event : ({} as WebhookEvent),
      arrivedAt: clock(),
      failures: 0,
      ...ofSubject(subject),
      ...change,
      timeToLive: timeToLive(),
    });
  return { entries, newestHandled, healths, timeToLive, current, ofSubject, ofEvent, update };
}

/** As JSON keeps it. */
function copyOf(tried: TryRecord): TryRecord {
  return JSON.parse(JSON.stringify(tried));
}

function eventsOf(
  { newestHandled, timeToLive, current, ofSubject, ofEvent, update }: Items,
  clock: Clock,
): Pick<Ledger, 'find' | 'record' | 'history' | 'markHandled'> {
  return {
    async find(eventId) {
      const entry = ofEvent(eventId);
      if (entry === undefined) return undefined;
      const { event, receivedAt, handledAt } = entry;
      return { event, ...(receivedAt !== undefined && { receivedAt }), ...(handledAt !== undefined && { handledAt }) };
    },
    async record(event, receivedAt) {
      const before = ofEvent(event.id)?.receivedAt;
      update({ kind: 'webhook_event', event }, { receivedAt: before ?? receivedAt });
      return before === undefined ? 'recorded' : 'known';
    },
    async history(event) {
      return {
        handledBefore: ofEvent(event.id)?.handledAt !== undefined,
        newestHandled: current(newestHandled.get(resourceKey(event)))?.occurredAt ?? null,
      };
    },
    async markHandled(subject, handledAt, tried) {
      const change = { handledAt, attention: undefined, ...(tried && { tried: copyOf(tried) }) };
      if (subject.kind === 'connection_change') {
        if (tried !== undefined || current(ofSubject(subject)) !== undefined) update(subject, change);
        return;
      }
      const { event } = subject;
      update(subject, change);
      const newest = newestHandled.get(resourceKey(event))?.occurredAt ?? Number.NEGATIVE_INFINITY;
      const occurredAt = event.occurredAt === null ? newest : seenUpTo(event.occurredAt, clock());
      if (occurredAt > newest) newestHandled.set(resourceKey(event), { occurredAt, timeToLive: timeToLive() });
    },
  };
}

function triesOf(
  { current, ofSubject, update }: Items,
  clock: Clock,
): Pick<Ledger, 'tries' | 'keepTries' | 'recordFailure'> {
  return {
    tries: async (subject) => current(ofSubject(subject))?.tried,
    async keepTries(subject, tried) {
      update(subject, { tried: copyOf(tried) });
    },
    async recordFailure(subject, tried, deadLettered) {
      const attention =
        deadLettered === undefined
          ? ({ attention: 'failing', since: tried.firstTriedAt } as const)
          : ({ attention: 'dead', since: clock() } as const);
      const failures = (ofSubject(subject)?.failures ?? 0) + 1;
      update(subject, { tried: copyOf(tried), failures, attention, ...(deadLettered && { deadLettered }) });
    },
  };
}

function healthOf({ healths, timeToLive, current }: Items): Pick<Ledger, 'health' | 'noteHealth'> {
  return {
    async health(key) {
      const { timeToLive: _, ...health } = current(healths.get(key)) ?? { timeToLive: 0 };
      return health;
    },
    async noteHealth(key, { watchedUntil, succeededAt }) {
      const given = {
        ...(watchedUntil !== undefined && { watchedUntil }),
        ...(succeededAt !== undefined && { succeededAt }),
      };
      healths.set(key, { ...healths.get(key), ...given, timeToLive: timeToLive() });
    },
  };
}

function readerOf({ entries, ofEvent }: Items): LedgerReader {
  const shown = ({ timeToLive: _, subject: _subject, attention: _attention, ...entry }: Entry): ArrivedEvent => entry;
  return {
    show: async (eventId) => {
      const entry = ofEvent(eventId);
      return entry && shown(entry);
    },
    showAll: async (eventIds) =>
      eventIds.flatMap((eventId) => {
        const entry = ofEvent(eventId);
        return entry ? [shown(entry)] : [];
      }),
    async *arrivals(since, until, isLeftOut = () => false) {
      const inTime = [...entries.values()].filter(
        ({ subject, arrivedAt }) =>
          subject.kind === 'webhook_event' && since <= arrivedAt && arrivedAt < until && !isLeftOut(subject.event.id),
      );
      for (const entry of inTime.toSorted((a, b) => a.arrivedAt - b.arrivedAt)) yield shown(entry);
    },
    async *attention(wanted) {
      const found = [...entries.values()].flatMap(({ subject, attention, tried, deadLettered }) =>
        attention?.attention === wanted
          ? [{ subject, ...attention, ...(tried && { tried }), ...(deadLettered && { deadLettered }) }]
          : [],
      );
      yield* found.toSorted((a, b) => a.since - b.since);
    },
  };
}
