import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../functions/clock.ts';

/** Looks at something now and then, once for all who want to see it, and never without one. */
export interface Lookout<T> {
  /** Gives what was seen last, if that is young enough; else looks. @throws what looking throws */
  current(): Promise<T>;
  /** Gives what is seen, again and again, until the signal. @throws what looking throws */
  follow(signal: AbortSignal): AsyncGenerator<T>;
  /** Gives what was seen last, however old, without a look; undefined when nothing was, or something was done since. */
  seen(): T | undefined;
  /** Has the next one look anew, with nothing of what was seen: something was done meanwhile. */
  forget(): void;
}

/** Waits, unless the signal comes first; then it ends at once. */
export type Pause = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** Waits as long as this machine's clock says. */
export const realPause: Pause = (milliseconds, signal) => delay(milliseconds, undefined, { signal }).catch(() => {});

/**
 * Makes a lookout.
 *
 * @param look gets what was seen last
 * @param pauseSeconds how long what was seen is good for, and how long a follower waits
 * @param pause waits by the same clock. @default by this machine's
 */
export function createLookout<T>(
  look: (earlier: T | undefined) => Promise<T>,
  pauseSeconds: (seen: T) => number,
  clock: Clock,
  pause: Pause = realPause,
): Lookout<T> {
  let last: { readonly seen: T; readonly at: number } | undefined;
  let looking: Promise<T> | undefined;
  let changes = 0;
  const lookOnce = async () => {
    const began = changes;
    const seen = await look(last?.seen);
    // What was seen before something was done is no longer true.
    if (began === changes) last = { seen, at: clock() };
    return seen;
  };
  const current = async () => {
    if (last !== undefined && clock() - last.at < pauseSeconds(last.seen)) return last.seen;
    if (looking === undefined) {
      const mine = lookOnce().finally(() => {
        if (looking === mine) looking = undefined;
      });
      looking = mine;
    }
    return looking;
  };
  return {
    current,
    seen: () => last?.seen,
    forget() {
      changes += 1;
      [last, looking] = [undefined, undefined];
    },
    async *follow(signal) {
      while (!signal.aborted) {
        const seen = await current();
        yield seen;
        await pause(pauseSeconds(seen) * 1000, signal);
      }
    },
  };
}
