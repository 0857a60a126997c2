import { type BackOff, pauseAfter } from '../back-off.ts';
import type { RandomFraction } from '../clock.ts';
import type { ExchangeFailure } from './exchange.ts';

/** How one try of a call ended: what decides whether it is tried again. */
export interface TryOutcome {
  readonly status?: number;
  readonly failure?: ExchangeFailure;
  /** A success whose body cannot be read. */
  readonly unreadable?: true;
  /** How long Procore asks to wait. */
  readonly retryAfterSeconds?: number;
}

/** Methods that change nothing. @see [RFC 9110, section 9.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1) */
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** In milliseconds; all of a pause is left to chance. */
const backOff: BackOff = { first: 500, most: 30_000, jitter: { from: 0, spread: 1 } };

/** How often a call is sent at most. The repetition after a 401 does not count. */
export const mostTries = 5;

/**
 * Gives the longest pause before another try, in milliseconds: 500 doubling to 30,000.
 *
 * @param tries how often the call was sent
 */
export function backOffCeilingMs(tries: number): number {
  return pauseAfter(tries, backOff, 1);
}

/**
 * Decides whether a call that failed is sent again, and after how many milliseconds: as long as Procore asks and up to
 * a second more, so that not all come together; else exponential back-off with full jitter.
 *
 * A write that may have taken effect is repeated only when it says itself how a repetition is recognised.
 *
 * @param isIdempotent whether the call carries an origin_id or an idempotency token
 * @returns undefined when it is not sent again
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function pauseBeforeRetryMs(
  { method, isIdempotent, tries }: { readonly method: string; readonly isIdempotent: boolean; readonly tries: number },
  outcome: TryOutcome,
  randomFraction: RandomFraction,
): number | undefined {
  if (tries >= mostTries || !canRetry(outcome, isIdempotent || safeMethods.has(method))) return undefined;
  const { retryAfterSeconds } = outcome;
  if (retryAfterSeconds !== undefined) return retryAfterSeconds * 1000 + randomFraction() * 1000;
  return pauseAfter(tries, backOff, randomFraction());
}

/** @param isRepeatable whether the call can be made twice without harm */
function canRetry({ status, failure, unreadable }: TryOutcome, isRepeatable: boolean): boolean {
  if (failure === 'not_sent') return true;
  // Procore counted the call and did not do it.
  if (status === 429) return true;
  if (unreadable || failure !== undefined) return isRepeatable;
  // A gateway's own statuses (520 to 530) are faults like the others; 501 is none that passes.
  return isRepeatable && (status === 408 || ((status ?? 0) >= 500 && status !== 501));
}

/**
 * Tells whether a write can be repeated. A record with an `origin_id`, alone or in its resource's wrapper, is created
 * once per company. In a sync action every item needs an id or an origin_id.
 *
 * @see https://developers.procore.com/documentation/using-sync-actions
 */
export function hasOriginId(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const { updates, budget_line_items: lines } = body as Readonly<Record<string, unknown>>;
  const records = Array.isArray(updates) ? updates : lines;
  if (Array.isArray(records)) {
    return records.every((record: unknown) => isSet(record, 'origin_id') || isSet(record, 'id'));
  }
  return originIdOf(body) !== undefined;
}

/**
 * Finds the `origin_id` of a record, alone or in its resource's wrapper.
 *
 * @returns undefined when it has no `origin_id`
 */
export function originIdOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  for (const record of [body, ...Object.values(body)]) {
    if (isSet(record, 'origin_id')) return String((record as { origin_id: unknown }).origin_id);
  }
  return undefined;
}

function isSet(record: unknown, field: string): boolean {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return false;
  const value = (record as Record<string, unknown>)[field];
  return value !== undefined && value !== null && value !== '';
}
