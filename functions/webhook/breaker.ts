import { type BackOff, jittered, pauseAfter } from '../back-off.ts';
import type { Clock, RandomFraction } from '../clock.ts';

/**
 * Keeps the events of a key (company and resource name) from taking a worker that they would only fail in. One a key, in
 * the memory of a process.
 */
export interface Breaker {
  /**
   * Asks whether a message of the key may be run. Whoever may run the first one after a pause says how it ended.
   *
   * @returns undefined when it may; else for how long to put it off, in seconds
   */
  hold(key: string): number | undefined;
  /** The key works. */
  succeeded(key: string): void;
  /**
   * A try has failed.
   *
   * @param hungSeconds how long it hung until it was broken off; absent when it failed by itself
   */
  failed(key: string, subjectId: string, hungSeconds?: number): void;
  /** A try ended that says nothing about the key. */
  ended(key: string): void;
}

/** So many failures of so many events, without a success, open it. */
const opening = { failures: 5, events: 3 } as const;

/** For how long it is open, in seconds. */
const openFor: BackOff = { first: 5, most: 300, jitter: { from: 1, spread: -0.25 } };

/**
 * A try that hung for so many seconds keeps the worker from others: the key is left alone for so many times as long. One
 * that had less time may just have begun too late.
 */
const hanging = { fromSeconds: 20, factor: 5 } as const;

/** Those that hung in several workers at once do not come back at once. */
const hungJitter = { from: 1, spread: -0.5 } as const;

/** What waits for the one that tries out, and what comes back after a pause, does so spread over this share of it. */
const spread = { from: 1, spread: 0.25 } as const;

/** How soon it is asked again while one tries out, in seconds; after a try-out without an end, too. */
const tryOutSeconds = { pause: 20, most: 60 } as const;

/** How many keys a process remembers that fail, and how many that succeed. */
const mostKeys = 1000;

interface Failing {
  failures: number;
  readonly events: Set<string>;
  openings: number;
  /** Epoch seconds; absent while closed. */
  openUntil?: number;
  /** Since when one tries out, epoch seconds. */
  tryingSince?: number | undefined;
}

/** Makes a breaker in which every key is closed. */
export function keyBreaker({
  clock,
  randomFraction,
}: {
  readonly clock: Clock;
  readonly randomFraction: RandomFraction;
}): Breaker {
  const failing = new Map<string, Failing>();
  const succeededAt = new Map<string, number>();

  /** An event that hangs by itself, while others of its key are handled, does not stop them. */
  function hangs(key: string, hungSeconds: number | undefined): boolean {
    if (hungSeconds === undefined || hungSeconds < hanging.fromSeconds) return false;
    return (succeededAt.get(key) ?? Number.NEGATIVE_INFINITY) < clock() - hungSeconds;
  }

  function open(state: Failing, hungSeconds: number | undefined): void {
    state.openings += 1;
    const seconds = pauseAfter(state.openings, openFor, randomFraction());
    const hung = jittered(Math.min((hungSeconds ?? 0) * hanging.factor, openFor.most), hungJitter, randomFraction());
    state.openUntil = clock() + Math.max(seconds, hung);
    state.tryingSince = undefined;
  }

  return {
    hold(key) {
      const state = failing.get(key);
      if (state?.openUntil === undefined) return undefined;
      const left = state.openUntil - clock();
      if (left > 0) return Math.ceil(jittered(left, spread, randomFraction()));
      if (state.tryingSince !== undefined && clock() - state.tryingSince < tryOutSeconds.most) {
        return tryOutSeconds.pause;
      }
      state.tryingSince = clock();
      return undefined;
    },

    succeeded(key) {
      failing.delete(key);
      setNewest(succeededAt, key, clock());
    },

    failed(key, subjectId, hungSeconds) {
      const state = failing.get(key) ?? { failures: 0, events: new Set<string>(), openings: 0 };
      setNewest(failing, key, state);
      state.failures += 1;
      if (state.events.size < opening.events) state.events.add(subjectId);
      const isTryOut = state.tryingSince !== undefined;
      // Those that were under way when it opened do not open it further.
      const isOpen = state.openUntil !== undefined && state.openUntil > clock();
      const isEnough = state.failures >= opening.failures && state.events.size >= opening.events;
      if (isTryOut || (!isOpen && (isEnough || hangs(key, hungSeconds)))) open(state, hungSeconds);
    },

    ended(key) {
      const state = failing.get(key);
      if (state !== undefined) state.tryingSince = undefined;
    },
  };
}

function setNewest<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > mostKeys && oldest !== undefined) map.delete(oldest);
}
