import { httpDateSeconds, momentOf } from './retry-after.ts';

/** What an answer's headers tell of one window; times are epoch seconds on Procore's clock. */
export interface ToldLimit {
  readonly limit: number;
  readonly remaining: number;
  /** Whole seconds. Whether Procore rounds up or down is not documented. */
  readonly resetAt: number;
}

/** Resets further ahead are wrong. Otherwise they would stop everybody once the limit is used up. */
const longestSeconds = 25 * 3600;

/**
 * Reads the window that an answer tells of: the one that is likely to be hit first.
 *
 * @returns undefined when one of the headers is missing or unreadable
 * @see https://developers.procore.com/documentation/rate-limiting
 */
export function readLimit(headers: Pick<Headers, 'get'>): ToldLimit | undefined {
  const [limit, remaining, resetAt] = numbersOf(headers);
  if (limit === undefined || remaining === undefined || resetAt === undefined || limit < 1) return undefined;
  return { limit, remaining: Math.min(remaining, limit), resetAt };
}

/** @returns limit, remaining and reset */
function numbersOf(headers: Pick<Headers, 'get'>): readonly (number | undefined)[] {
  return ['limit', 'remaining', 'reset'].map((name) => {
    const text = headers.get(`x-rate-limit-${name}`)?.trim() ?? '';
    return /^\d{1,15}(\.\d+)?$/.test(text) ? Math.floor(Number(text)) : undefined;
  });
}

/** A window as an answer told it, with what is needed to place it. */
export interface ToldWindow extends Omit<ToldLimit, 'remaining'> {
  /** Absent when the answer does not say it. */
  readonly remaining?: number;
  /** At least so many calls count in it: `limit - remaining`, or else the call itself. */
  readonly used: number;
  /** From the answer's time to the reset, in seconds: the window is at least so long. */
  readonly length: number;
}

/**
 * Reads a window that can be believed: one whose reset is ahead, and by no more than a day. What remains of it need not
 * be told: we count ourselves, and of one that a 429 names nothing remains.
 *
 * @param now epoch seconds on Procore's clock, used when the answer has no `Date`
 */
export function readWindow(headers: Pick<Headers, 'get'>, status: number, now: number): ToldWindow | undefined {
  const [limit, told, reset] = numbersOf(headers);
  if (limit === undefined || reset === undefined || limit < 1) return undefined;
  const answeredAt = httpDateSeconds(headers.get('date')) ?? now;
  const resetAt = momentOf(reset, Math.round(answeredAt));
  const length = Math.round(resetAt - answeredAt);
  if (length < 0 || length > longestSeconds) return undefined;
  const remaining = told === undefined && status === 429 ? 0 : told;
  const place = { limit, resetAt, length: Math.max(1, length) };
  if (remaining === undefined) return { ...place, used: 1 };
  return { ...place, remaining: Math.min(remaining, limit), used: limit - Math.min(remaining, limit) };
}
