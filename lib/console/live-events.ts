import type { Clock } from '../../functions/clock.ts';
import type { ArrivedEvent, LedgerReader } from '../../functions/webhook/ledger.ts';
import { statusOf } from '../operator/event-search.ts';

/** So long before its last look is read again, in seconds: an event's time is taken before it is written. */
const overlapSeconds = 10;
/** How many events that have not ended are looked at again each time, and of how many that is remembered. */
const mostReread = 100;
const mostOpen = 2000;

/** How events are followed. */
export interface FollowingEvents {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Waits between two looks. */
  readonly pause: () => Promise<void>;
}

/**
 * Follows what arrives in the ledger of a system on this machine, and what becomes of it. Each event is read once when it
 * arrives, and after that only until it is handled: so many may arrive at once.
 *
 * @returns those that are new or have changed, in the order in which they were seen; never an empty list
 */
export async function* followEvents(
  ledger: Pick<LedgerReader, 'arrivals' | 'showAll'>,
  { signal, clock, pause }: FollowingEvents,
): AsyncGenerator<readonly ArrivedEvent[]> {
  /** When those arrived that need not be read a second time. */
  const known = new Map<string, number>();
  /** The last state of those that have not ended, the one first that was looked at longest ago. */
  const open = new Map<string, string>();
  let since = clock() - overlapSeconds;
  while (!signal.aborted) {
    const now = clock();
    const seen: ArrivedEvent[] = [];
    const take = (entry: ArrivedEvent) => {
      const { id } = entry.event;
      const [before, state] = [open.get(id), stateOf(entry)];
      open.delete(id);
      if (entry.handledAt === undefined) open.set(id, state);
      if (before !== state) seen.push(entry);
    };
    for (const entry of await ledger.showAll([...open.keys()].slice(0, mostReread))) take(entry);
    for await (const entry of ledger.arrivals(since, now + 1, (id) => known.has(id))) {
      known.set(entry.event.id, entry.arrivedAt);
      take(entry);
    }
    since = now - overlapSeconds;
    for (const [id, arrivedAt] of known) if (arrivedAt < since) known.delete(id);
    for (const id of [...open.keys()].slice(0, Math.max(0, open.size - mostOpen))) open.delete(id);
    if (seen.length > 0) yield seen;
    await pause();
  }
}

function stateOf(entry: ArrivedEvent): string {
  return `${statusOf(entry)} ${entry.failures}`;
}
