import type { ToldWindow } from './rate-limit-headers.ts';
import { type BudgetState, countsOf, type RateWindow, rounding } from './rate-windows.ts';

// Which of the windows an answer is about.

/** The window that an answer names, among those that are known. */
export function namedWindow(windows: readonly RateWindow[], told: ToldWindow): RateWindow | undefined {
  const known = windows.filter(({ isTrial }) => !isTrial);
  const distance = ({ toldReset }: RateWindow) => Math.abs(toldReset - told.resetAt);
  const byReset = [...known].sort((one, other) => distance(one) - distance(other));
  return (
    byReset.find(({ limit }) => limit === told.limit) ??
    // Its limit was changed while it runs, or with its new instance.
    byReset.find((window) => distance(window) <= rounding && window.seconds >= told.length - rounding) ??
    known.find(({ seconds }) => Math.abs(seconds - told.length) <= rounding)
  );
}

/**
 * Tells whether an answer disproves that the calls of a budget count together: one limit's windows follow each other,
 * each ends a whole window after the one before, and none begins before the one before has ended.
 *
 * @param version the version of the state under which the call was let go
 */
export function isOfAnother(window: RateWindow, told: ToldWindow, version: number): boolean {
  if (window.toldReset === 0 || told.limit !== window.limit) return false;
  const apart = told.resetAt - window.toldReset;
  if (Math.abs(apart) <= rounding) return false;
  // A call that was let go when another one had told this window cannot be in the one before.
  if (apart < 0 && version >= (window.toldIn ?? Number.POSITIVE_INFINITY)) return true;
  const isBeforeItsEnd = told.resetAt - told.length <= window.toldReset - 2 * rounding;
  return Math.abs(apart) < window.seconds - 2 * rounding || (apart > 0 && isBeforeItsEnd);
}

/**
 * Tells which windows an answer would have named in place of its own, if Procore still had them: an answer names the
 * window that is likely to be used up first.
 *
 * @returns slots
 */
export function missingFrom(state: BudgetState, told: ToldWindow): readonly number[] {
  const { remaining } = told;
  const named = namedWindow(state.windows, told);
  if (named === undefined || remaining === undefined) return [];
  return state.windows
    .filter((window) => {
      if (window.slot === named.slot || window.isTrial || window.isHidden) return false;
      // The answer is perhaps of the next one, in which hardly any call counts yet.
      if (window.isTold && told.resetAt - told.length >= window.toldReset - 2 * rounding) return false;
      if (Math.abs(window.seconds - named.seconds) <= rounding) return true;
      const left = window.limit - countsOf(state, window).sent;
      return 2 * left < remaining && (2 * left) / window.limit < remaining / told.limit;
    })
    .map(({ slot }) => slot);
}
