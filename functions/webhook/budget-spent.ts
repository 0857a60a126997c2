import { ProcoreApiError } from '../procore/api-error.ts';

/** Those who wait for the same moment come in the order of their age, within so many seconds. */
const orderSeconds = 300;

/**
 * Tells whether a call was refused because Procore's rate limit is used up: that is no failure of the company's, and
 * waiting helps.
 *
 * @returns after how many seconds there are calls again; undefined for every other error
 */
export function budgetSpentFor(error: unknown): number | undefined {
  return error instanceof ProcoreApiError && error.code === 'rate_limited' ? error.retryAfterSeconds : undefined;
}

/** Tells whether it was our own budget that refused a call, and not Procore. */
export function isOwnBudget(error: unknown): boolean {
  return budgetSpentFor(error) !== undefined && (error as ProcoreApiError).status === undefined;
}

/**
 * Says when a company goes on that found no calls left. All that wait for the same moment are due within five minutes of
 * it, those first that were looked at longest ago: jobs are worked in the order in which they are due.
 *
 * @param lookedAt when its oldest hook was looked at, epoch seconds
 * @returns epoch seconds
 */
export function afterBudget(now: number, waitSeconds: number, lookedAt: number): number {
  const hours = Math.max(0, now - lookedAt) / 3600;
  return Math.ceil(now + waitSeconds + orderSeconds / (1 + hours));
}
