import type { Clock } from '../clock.ts';
import type { Ledger } from './ledger.ts';
import type { TryRecord } from './try-record.ts';

/**
 * What successes say about failures. An event that fails while others of its key (company and resource name) succeed
 * is at fault itself; when none succeeds, something else is.
 */
export interface Evidence {
  /** Notes a success, where an event of the key has failed lately. @throws what the ledger throws */
  succeeded(key: string, beganAt: number): Promise<void>;
  /**
   * Reads when the key last succeeded, and has its successes noted from now on.
   *
   * @returns epoch seconds; undefined when no success was noted
   * @throws what the ledger throws
   */
  failed(key: string): Promise<number | undefined>;
}

/** For how long the successes of a key are noted after a failure, and when it is extended; seconds. */
const watch = { lasts: 3600, extendedBelow: 1800 } as const;

/** How often a process looks whether a key is watched, and how often it notes a success of one that is; seconds. */
const betweenNotes = 60;

/** Of how many keys a process remembers when it looked. */
const mostKeys = 10_000;

/** What a process remembers of a key; epoch seconds. */
interface Remembered {
  readonly lookedAt: number;
  /** A look that is under way is everybody's. */
  readonly watchedUntil: Promise<number>;
  notedAt: number;
}

/**
 * Keeps the evidence in the ledger. A success is written only while an event of its key has failed lately, at most once
 * a minute a key and process: where nothing fails, nothing is written. To know that, a process reads the key's item once
 * a minute.
 */
export function keyEvidence({
  ledger,
  clock,
}: {
  readonly ledger: Pick<Ledger, 'health' | 'noteHealth'>;
  readonly clock: Clock;
}): Evidence {
  const remembered = new Map<string, Remembered>();

  function remember(key: string, watchedUntil: Promise<number>): Remembered {
    const notedAt = remembered.get(key)?.notedAt ?? Number.NEGATIVE_INFINITY;
    const what: Remembered = { lookedAt: clock(), watchedUntil, notedAt };
    remembered.delete(key);
    remembered.set(key, what);
    // What could not be read is looked up again by the next one.
    watchedUntil.catch(() => remembered.get(key) === what && remembered.delete(key));
    const [oldest] = remembered.keys();
    if (remembered.size > mostKeys && oldest !== undefined) remembered.delete(oldest);
    return what;
  }

  async function look(key: string): Promise<number> {
    const { watchedUntil = 0 } = await ledger.health(key);
    return watchedUntil;
  }

  return {
    async succeeded(key, beganAt) {
      const held = remembered.get(key);
      const isRecent = held !== undefined && clock() - held.lookedAt < betweenNotes;
      const recent = isRecent ? held : remember(key, look(key));
      const watchedUntil = await recent.watchedUntil;
      const now = clock();
      if (watchedUntil <= now || now - recent.notedAt < betweenNotes) return;
      // Before the write, so that of ten successes at once one is written.
      recent.notedAt = now;
      await ledger.noteHealth(key, { succeededAt: beganAt });
    },

    async failed(key) {
      const now = clock();
      const { watchedUntil = 0, succeededAt } = await ledger.health(key);
      if (watchedUntil - now < watch.extendedBelow) {
        const until = now + watch.lasts;
        await ledger.noteHealth(key, { watchedUntil: until });
        remember(key, Promise.resolve(until));
      }
      return succeededAt;
    },
  };
}

/**
 * Tells whether a failure counts against the event: another one of its key has succeeded since its last counted failure,
 * for the first one since its first try. So an outage for the whole key counts against nobody.
 *
 * @param succeededAt when a try of the key began that succeeded, epoch seconds
 */
export function isCounted(
  { firstTriedAt, lastCountedAt }: Pick<TryRecord, 'firstTriedAt' | 'lastCountedAt'>,
  succeededAt: number | undefined,
): boolean {
  return succeededAt !== undefined && succeededAt > (lastCountedAt ?? firstTriedAt);
}

/** How long after its last success a key still counts as one that works, in seconds. */
const worksFor = 15 * 60;

/** Tells whether a key works: only its own fault then keeps an event from being handled. */
export function keyWorks(succeededAt: number | undefined, now: number): boolean {
  return succeededAt !== undefined && now - succeededAt < worksFor;
}
