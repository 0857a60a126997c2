import type { Clock, Sleep } from '../../../functions/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** A virtual time for many sleepers. */
export interface EventTime {
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** Runs everything until that time, in epoch seconds. */
  runUntil(end: number): Promise<void>;
}

/** Makes a virtual time that jumps from one wake-up to the next. @param start epoch seconds */
export function eventTime(start: number): EventTime {
  let now = start;
  let order = 0;
  const heap: Sleeper[] = [];
  const isBefore = (one: Sleeper, other: Sleeper) =>
    one.at < other.at || (one.at === other.at && one.order < other.order);

  function push(sleeper: Sleeper): void {
    let index = heap.length;
    heap.push(sleeper);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Sleeper;
      if (!isBefore(sleeper, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = sleeper;
  }

  function pop(): Sleeper {
    const first = heap[0] as Sleeper;
    const last = heap.pop() as Sleeper;
    if (heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Sleeper, heap[child] as Sleeper)) child += 1;
      if (!isBefore(heap[child] as Sleeper, last)) break;
      heap[index] = heap[child] as Sleeper;
      index = child;
    }
    heap[index] = last;
    return first;
  }

  return {
    clock: () => now,
    sleep: (milliseconds) =>
      new Promise((wake) => push({ at: now + Math.max(0, milliseconds) / 1000, order: order++, wake })),
    async runUntil(end) {
      await new Promise((resolve) => setImmediate(resolve));
      while (heap.length > 0 && (heap[0] as Sleeper).at <= end) {
        const { at, wake } = pop();
        now = Math.max(now, at);
        wake();
        // All that can go on without time goes on: promises are settled before an immediate is run.
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = end;
    },
  };
}
