import { isCountDisproved } from './rate-beyond.ts';
import type { ToldWindow } from './rate-limit-headers.ts';
import { type RateScope, rateScopes } from './rate-limit-scope.ts';
import { isOfAnother, namedWindow } from './rate-named-window.ts';
import { type BudgetState, countsOf, isSameReset } from './rate-windows.ts';

/** Whose call it is. */
export interface CallOwner {
  readonly connectionId: string;
  /** Absent where Procore needs none. */
  readonly companyId?: string;
}

/** The name under which the scope itself is kept, and the calls of the whole app. */
export const appScope = 'app';

/** Names the budget that a call counts in. A call without a company counts with its token's. */
export function budgetOf(scope: RateScope, { connectionId, companyId }: CallOwner): string {
  if (scope === 'app') return appScope;
  return scope === 'company' && companyId !== undefined ? `company#${companyId}` : `token#${connectionId}`;
}

/**
 * Makes a number that stands for whose calls a call would count with in narrower scopes. Whom it stands for, it does not
 * tell, so that of a company nothing is left in what is kept of the budget. Two seldom have the same.
 *
 * @returns undefined where there is no narrower scope
 */
export function ownerOf(scope: RateScope, { connectionId, companyId = '' }: CallOwner): number | undefined {
  if (narrower(scope) === scope) return undefined;
  return [...`${companyId} ${connectionId}`].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 0);
}

/** An answer, and what was known about its call. */
export interface ScopeEvidence {
  readonly status: number;
  readonly told: ToldWindow;
  /** The version of the budget under which the call was let go. */
  readonly version: number;
  /** Calls that had been made some time before it, by slot. */
  readonly sent: Readonly<Record<number, number>>;
  /** Stands for whose call it was. */
  readonly owner?: number;
  /** It was one more than the limit allows, by our count. */
  readonly isBeyond?: true;
}

/** So many answers have to name a window that cannot be the budget's own before that is believed. */
const enoughStrange = 3;
const narrower = (scope: RateScope): RateScope => rateScopes[rateScopes.indexOf(scope) + 1] ?? scope;
/** @returns the next wider scope; the app for itself */
export const wider = (scope: RateScope): RateScope => rateScopes[Math.max(0, rateScopes.indexOf(scope) - 1)] ?? scope;

/**
 * Tells which scope an answer shows. That all calls of a budget count together is disproved by windows that cannot follow
 * each other, by a count that is clearly lower than ours, and by answers although by ours no call was left. That only they do is disproved by a 429 although by our count
 * there were calls left.
 */
export function scopeShownBy(
  scope: RateScope,
  state: BudgetState,
  { status, told, version, sent, owner, isBeyond }: ScopeEvidence,
): RateScope {
  const window = namedWindow(state.windows, told);
  if (window === undefined) return scope;
  if (isOfAnother(window, told, version)) return (window.strange ?? 0) + 1 >= enoughStrange ? narrower(scope) : scope;
  const isSame = window.isTold && version >= window.openedIn && isSameReset(window.toldReset, told.resetAt);
  // Counts of another limit began anew.
  if (!isSame || told.limit !== window.limit) return scope;
  // In the first window of a budget, calls were counted in the one before.
  const isCounted = window.openedIn > 1 && !(window.isRemainingUntold && window.unsure);
  const isLeft =
    status === 429 && isCounted && told.remaining === 0 && countsOf(state, window).used + 2 < told.limit * 0.9;
  if (isLeft) return wider(scope);
  const isShownBeyond = isBeyond && status !== 429 && owner !== window.seenBy && isCountDisproved(window);
  if (isShownBeyond) return narrower(scope);
  const before = (sent[window.slot] ?? 0) - (window.unsure ?? 0);
  const isClearlyFewer =
    told.remaining !== undefined && status !== 429 && before - told.used >= 3 && told.used < before * 0.75;
  return isClearlyFewer ? narrower(scope) : scope;
}
