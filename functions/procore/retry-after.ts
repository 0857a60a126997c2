/** Procore's limits are hourly at most. An answer that asks for more is wrong, and does not stop us for days. */
const longestSeconds = 3600;

/** A smaller number is how many seconds are left, as some gateways write it, and no moment: this was in 2001. */
const firstMoment = 1e9;

/** A reset so much before the answer's `Date`, in seconds, is that of a second that is just over. */
const justOver = 2;

/**
 * Reads how long Procore asks a caller to wait: `Retry-After` (seconds or an HTTP date), else for a 429
 * `X-Rate-Limit-Reset` (Unix seconds; a small number counts from now). Every answer tells that reset, up to an hour ahead;
 * of a 503, which is about Procore's load, it says nothing. Times are compared with the answer's own `Date` where it has
 * one, not with our clock. A reset that is long over says nothing either: then it is better to back off than to come
 * again at once.
 *
 * @param status the answer's, 429 or 503
 * @param now epoch seconds, used when the answer has no `Date`
 * @returns whole seconds from 1 to 3600; undefined when the answer does not say it in a readable way
 * @see [RFC 9110, section 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)
 * @see [Rate limiting](https://developers.procore.com/documentation/rate-limiting)
 */
export function retryAfterSeconds(status: number, headers: Pick<Headers, 'get'>, now: number): number | undefined {
  const serverNow = httpDateSeconds(headers.get('date')) ?? now;
  const retryAfter = headers.get('retry-after')?.trim() ?? '';
  if (isNumber(retryAfter)) return bounded(Number(retryAfter));
  const retryAt = httpDateSeconds(retryAfter);
  if (retryAt !== undefined) return bounded(retryAt - serverNow);
  if (status !== 429) return undefined;
  const reset = headers.get('x-rate-limit-reset')?.trim() ?? '';
  if (!isNumber(reset)) return undefined;
  const left = momentOf(Number(reset), serverNow) - serverNow;
  return left < -justOver ? undefined : bounded(left);
}

/** Reads a reset: a moment as documented, or how many seconds are left. @returns epoch seconds, as `now` is */
export function momentOf(reset: number, now: number): number {
  return reset < firstMoment ? now + reset : reset;
}

function isNumber(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text);
}

/**
 * Reads an HTTP date such as `Wed, 21 Oct 2026 07:28:00 GMT`.
 *
 * @returns epoch seconds; undefined when the text is not an HTTP date
 * @see [RFC 9110, section 5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7)
 */
export function httpDateSeconds(text: string | null): number | undefined {
  // Date.parse takes almost any text ("2" is the year 2001). Only the form that servers have to send is read.
  if (text === null || !/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}

function bounded(seconds: number): number {
  return Math.min(Math.max(Math.ceil(seconds), 1), longestSeconds);
}
