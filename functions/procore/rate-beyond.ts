import type { RateWindow, WindowCounts } from './rate-windows.ts';

// Where answers do not say how many calls remain, our own count is all there is, and nothing disproves that all calls
// count together. So now and then a call goes although by our count none is left: when it is answered, Procore counts
// fewer than we do. It is another owner's than one that has called in the window, because calls of one count together in
// any case. A 429 costs nothing: the call would have had to wait as long.

/** So many calls beyond the limit have to be answered: a few of those that we count perhaps never reached Procore. */
const enoughBeyond = 3;
/** Where we are less sure of our count, in calls, too many would have to go. */
const mostUnsure = 8;
/** However often it was refused, it is tried again after so many seconds. */
const longestPauseSeconds = 24 * 3600;

/** What is known about those who want a call. */
export interface BeyondDemand {
  /** Stand for whose calls theirs would count with in narrower scopes; none where there is no narrower one. */
  readonly owners?: readonly number[];
  /** How many calls had been made so long ago that they are answered by now, by slot. */
  readonly settled?: Readonly<Record<number, number>>;
}

/** Whether a call beyond the limit would show what Procore counts by, once all that are allowed are made. */
export function isBeyondWanted(window: RateWindow, { owners = [] }: BeyondDemand, earliest: number): boolean {
  const { isTold, isTrial, isHidden, isRemainingUntold, seenBy, unsure = 0, beyond = 0 } = window;
  const isUsual = isTold && isRemainingUntold && !isTrial && !isHidden && unsure <= mostUnsure;
  const isAnothers = seenBy !== undefined && owners.some((owner) => owner !== seenBy);
  return isUsual === true && isAnothers && (beyond > 0 || earliest >= nextTryAt(window));
}

/** After each try that showed nothing the next one waits twice as long. */
function nextTryAt({ seconds, tries = 0, triedAt = 0 }: RateWindow): number {
  return tries === 0 ? 0 : triedAt + Math.min(longestPauseSeconds, seconds * 2 ** tries);
}

/** Whether a call beyond the limit may go now: all others are answered, and so are those beyond it. */
export function isBeyondDue(
  window: RateWindow,
  { used }: WindowCounts,
  demand: BeyondDemand,
  earliest: number,
): boolean {
  const { slot, limit, beyond = 0, unsure = 0 } = window;
  if (used !== limit + beyond || !isBeyondWanted(window, demand, earliest)) return false;
  // The answer that told the window is not among those, and what we are unsure of is perhaps never made.
  return beyond > 0 || (demand.settled?.[slot] ?? 0) >= limit - 1 - unsure;
}

/** The window when a call beyond its limit is let go. */
export function tried(window: RateWindow, earliest: number): RateWindow {
  const { beyond = 0, tries = 0 } = window;
  return beyond > 0 ? window : { ...window, tries: tries + 1, triedAt: earliest };
}

/** The window when one more call beyond its limit was answered. */
export function answeredBeyond(window: RateWindow): RateWindow {
  return { ...window, beyond: (window.beyond ?? 0) + 1 };
}

/** Whether with this answer so many calls beyond the limit were answered that Procore cannot count all that we do. */
export function isCountDisproved({ beyond = 0, unsure = 0 }: RateWindow): boolean {
  return beyond + 1 >= unsure + enoughBeyond;
}
