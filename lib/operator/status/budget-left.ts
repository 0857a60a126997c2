import { type BudgetState, countsOf, type RateWindow } from '../../../functions/procore/rate-windows.ts';

/** Tells whether Procore has asked for silence that lasts: short ones come and go. @param now epoch seconds */
export function isSilent({ pausedUntil }: BudgetState, now: number): boolean {
  return pausedUntil > now + 60;
}

/**
 * Tells how many calls are left in a window of Procore's limits.
 *
 * @param now epoch seconds
 * @returns all of them where the window is over; undefined where what we count is not sure
 */
export function windowLeft(state: BudgetState, window: RateWindow, now: number): number | undefined {
  if (window.isTrial === true) return undefined;
  return now >= window.resetAt ? window.limit : Math.max(0, window.limit - countsOf(state, window).used);
}
