import type { Clock, Sleep } from '../../functions/clock.ts';
import { portsAreTicking } from '../memory/port.ts';

/** A clock that jumps to the next wake-up whenever everybody sleeps and no call is on its way. */
export interface MovedTime {
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** `fetch`, counted as on its way until its body is read. */
  readonly fetch: typeof fetch;
  run<Result>(work: Promise<Result>): Promise<Result>;
}

/**
 * Makes a time that a test with real calls can move: what waits for the network holds it still.
 *
 * @param start epoch seconds
 */
export function movedTime(start: number): MovedTime {
  let now = start;
  let underWay = 0;
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    clock: () => now,
    sleep: (milliseconds) => new Promise((wake) => sleepers.push({ at: now + milliseconds / 1000, wake })),
    fetch: async (...call) => {
      underWay += 1;
      try {
        const response = await fetch(...call);
        const text = await response.text();
        return new Response(response.status === 204 ? null : text, {
          status: response.status,
          headers: response.headers,
        });
      } finally {
        underWay -= 1;
      }
    },
    async run(work) {
      let isOver = false;
      const end = () => {
        isOver = true;
      };
      work.then(end, end);
      while (!isOver) {
        await new Promise((resolve) => setImmediate(resolve));
        if (isOver || underWay > 0 || portsAreTicking()) continue;
        // Once more, for those whose call has just ended.
        await new Promise((resolve) => setImmediate(resolve));
        if (isOver || underWay > 0 || portsAreTicking()) continue;
        sleepers.sort((one, other) => other.at - one.at);
        const next = sleepers.pop();
        if (!next) continue;
        now = Math.max(now, next.at);
        next.wake();
      }
      return work;
    },
  };
}
