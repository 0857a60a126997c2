import type { Clock, Sleep } from '../../functions/clock.ts';
import { portsAreTicking } from '../memory/port.ts';

/** A clock that stands still until everything waits, then jumps to the next wake-up. */
export interface VirtualTime {
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** Moves the clock, in seconds, and wakes nobody. */
  pass(seconds: number): void;
  /** Runs the work to its end, through all of its sleeps. */
  run<Result>(work: Promise<Result>): Promise<Result>;
}

/**
 * Makes a virtual time. No timer runs: sleepers are woken in the order of their times.
 *
 * @param start epoch seconds
 */
export function virtualTime(start: number): VirtualTime {
  let now = start;
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  async function drive(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      // Lets all that can go on without time go on.
      await new Promise((resolve) => setImmediate(resolve));
      if (isOver()) return;
      if (portsAreTicking()) continue;
      const next = sleepers.sort((one, other) => one.at - other.at).shift();
      if (!next) continue;
      now = Math.max(now, next.at);
      next.wake();
    }
  }

  return {
    clock: () => now,
    sleep: (milliseconds) => new Promise((wake) => sleepers.push({ at: now + milliseconds / 1000, wake })),
    pass(seconds) {
      now += seconds;
    },
    async run(work) {
      let isOver = false;
      const end = () => {
        isOver = true;
      };
      work.then(end, end);
      await drive(() => isOver);
      return work;
    },
  };
}
