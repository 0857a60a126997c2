import { type FrameOf, type ToldError, toldError } from './told-error.ts';

/**
 * How a try ended: `failed` may be the event's own fault; `outside` is not, since the error says whose it is; `waiting`
 * was asked to come later; `permanent` was declared hopeless by the integrator's code; in `died` the process ended.
 * `handled` is kept only after others.
 */
export type TryOutcome = 'failed' | 'outside' | 'waiting' | 'permanent' | 'died' | 'handled';

/** One run of the integrator's code. */
export interface Try extends Partial<ToldError> {
  /** When it began, epoch seconds. */
  readonly at: number;
  /** Not known of a try in which the process died. */
  readonly durationMs?: number;
  readonly outcome: TryOutcome;
}

/**
 * What the ledger keeps of the tries of an event that has failed. All but `tries` is about one message: when an operator
 * sends the event again, it begins afresh.
 */
export interface TryRecord {
  /** The last ten, oldest first. */
  readonly tries: readonly Try[];
  readonly messageId: string;
  /** How often the message had been received at its last try. */
  readonly receiveCount: number;
  /** When the first try began, epoch seconds. */
  readonly firstTriedAt: number;
  /** How many tries failed; those that were asked to wait do not count. */
  readonly failures: number;
  /** How many failures count against the event. */
  readonly counted: number;
  readonly firstCountedAt?: number | undefined;
  readonly lastCountedAt?: number | undefined;
  /** In how many tries, alone and one after another, the process died. */
  readonly deaths: number;
  /** When a try began of which no end is known, epoch seconds. Written before a suspect is run. */
  readonly startedAt?: number | undefined;
}

/** How many tries the ledger keeps of an event. */
const keptTries = 10;

/**
 * Gives the record of a message: what is kept of it, or a new one that goes on with the event's list of tries.
 *
 * @param now when its try begins, epoch seconds
 */
export function recordOf(
  { messageId, receiveCount }: { readonly messageId: string; readonly receiveCount: number },
  kept: TryRecord | undefined,
  now: number,
): TryRecord {
  // What a later version has added stays.
  if (kept?.messageId === messageId) return { ...kept, receiveCount };
  const tries = kept?.tries ?? [];
  return { tries, messageId, receiveCount, firstTriedAt: now, failures: 0, counted: 0, deaths: 0 };
}

/** Adds a try whose end is known, which ends what was begun. It acquits: who ends its process does so in each try. */
export function withTry(record: TryRecord, one: Try): TryRecord {
  return { ...record, startedAt: undefined, deaths: 0, tries: [...record.tries, one].slice(-keptTries) };
}

/** Describes a failed try for people. */
export function failedTry(
  error: unknown,
  { at, durationMs, outcome }: { readonly at: number; readonly durationMs: number; readonly outcome: TryOutcome },
  frameOf: FrameOf,
): Try {
  return { at, durationMs: Math.round(durationMs), outcome, ...toldError(error, frameOf) };
}
