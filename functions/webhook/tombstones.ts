import type { Clock } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';

/** What keeps an erased company erased. */
export interface Tombstone {
  /** When its erasure began, epoch seconds. */
  readonly erasedAt: number;
}

/** Where tombstones are kept, one for each erased company. */
export interface TombstoneStore {
  /** Reads a company's tombstone. @returns undefined when there is none, or its time is over */
  read(companyId: string): Promise<Tombstone | undefined>;
  /** Places a tombstone. @returns the one that stands there already, if its time is not over */
  place(companyId: string, erasedAt: number): Promise<Tombstone>;
  /** Takes it away: the company is taken in again. */
  lift(companyId: string): Promise<void>;
}

/** How long a tombstone stands, in seconds: 15 days. The queues keep what they hold for 14. */
export const tombstoneSeconds = 15 * 24 * 3600;

/** Tells whether a company has been erased. It throws nothing. */
export type IsErased = (companyId: string) => Promise<boolean>;

/** How long an answer is used, in seconds: a company costs one read a minute and process, and not one an event. */
export const rememberedSeconds = 60;

/** A process forgets everything when it knows so many companies. */
const mostRemembered = 10_000;

/**
 * Tells whether companies have been erased, and remembers each answer for a minute.
 *
 * @returns a function that says no when the store cannot be read: an outage must not cost other companies their events
 */
export function erasedCompanies({
  store,
  clock,
  observer,
}: {
  readonly store: Pick<TombstoneStore, 'read'>;
  readonly clock: Clock;
  readonly observer: Observer;
}): IsErased {
  const remembered = new Map<string, { readonly until: number; readonly answer: Promise<boolean> }>();
  return (companyId) => {
    const known = remembered.get(companyId);
    if (known !== undefined && clock() < known.until) return known.answer;
    if (remembered.size >= mostRemembered) remembered.clear();
    const answer = store.read(companyId).then(
      (tombstone) => tombstone !== undefined,
      (error: unknown) => {
        if (remembered.get(companyId)?.answer === answer) remembered.delete(companyId);
        observer.note('tombstone.unread', { companyId, errorName: errorName(error) });
        return false;
      },
    );
    remembered.set(companyId, { until: clock() + rememberedSeconds, answer });
    return answer;
  };
}
