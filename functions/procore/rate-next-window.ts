import type { ToldWindow } from './rate-limit-headers.ts';
import {
  type BudgetState,
  countsOf,
  isMinuteAtMost,
  lengthOf,
  type RateWindow,
  rounding,
  trial,
  unmarked,
  type WindowCounts,
} from './rate-windows.ts';

// When the next window begins, and what the foreground will want in it.

/** How long the others wait for a scout, in seconds. */
const scoutSeconds = 3;
/**
 * When scouts are sent, in seconds after the told reset, by a call that is held back for them. The first one tells how
 * many calls Procore has counted, when all of ours have been answered; so does the one of each window after the last of
 * these. The others look for the next window. One that is too early costs nothing. One that finds it shows how long a
 * window is: without that, each next one would begin up to two seconds late.
 */
const scoutOffsets: readonly [number, ...number[]] = [-1.5, 0.5, -0.5, 0, 0.75, 0.25, -0.25];
/** As long as resets were farther apart than a window seems to be, they are sent once more, up to this many in all. */
export const mostScouts = 14;
/** The share of a limit that is kept for the foreground at most. */
export const mostForeground = 0.9;

/** Tells when a scout looks for the next window before this one is surely over; undefined for never. */
export function scoutAt({ seconds, gap, scouts, isTold, toldReset, resetAt }: RateWindow): number | undefined {
  if (!isTold) return undefined;
  const isUnsure = scouts < scoutOffsets.length || (gap > seconds - rounding && scouts < mostScouts);
  // In longer windows a second does not matter.
  const isLooking = isUnsure && isMinuteAtMost({ seconds });
  const own = isLooking ? scoutOffsets[scouts % scoutOffsets.length] : undefined;
  // Where it is known when the next one begins, there is still to see what was counted in this one.
  const offset = [own ?? scoutOffsets[0], scoutOffsets[0]].find((each) => toldReset + each < resetAt);
  return offset === undefined ? undefined : toldReset + offset;
}

/** Makes the window of which the first calls learn what Procore allows. */
export function trialWindow(version: number, latest: number): RateWindow {
  const resetAt = latest + trial.seconds;
  const { limit, seconds } = trial;
  return {
    slot: 0,
    limit,
    seconds,
    gap: 0,
    resetAt,
    toldReset: 0,
    isTold: false,
    openedIn: version,
    scouts: scoutOffsets.length,
    expected: 0,
    isTrial: true,
  };
}

/**
 * Opens the next window in place of one that is over.
 *
 * @param latest the latest time that it may be at Procore
 */
export function nextWindow(window: RateWindow, counts: WindowCounts, version: number, latest: number): RateWindow {
  if (window.isTrial) return trialWindow(version, latest);
  const { hasBackground: _, ...rest } = unmarked(window);
  // Its answer would name another window.
  const isScouted = !window.isHidden && (window.toldReset === 0 || counts.used * 5 >= window.limit);
  return {
    ...rest,
    isTold: false,
    openedIn: version,
    // The call that opens it is still on its way.
    resetAt: latest + lengthOf(window) + (window.isHidden ? 1 : scoutSeconds),
    expected: expectedNext(window, counts),
    ...(counts.used > counts.foreground && { hasBackground: true }),
    ...strangeOf(window),
    ...(!window.isTold && !window.isHidden && window.toldReset > 0 && { isAfterUntold: true }),
    ...(isScouted && { scoutUntil: latest + scoutSeconds }),
  };
}

/** Strange answers of whoever calls seldom are one a window: they count on as long as each window has one. */
export function strangeOf({
  strange = 0,
  strangeBefore = 0,
}: RateWindow): Pick<RateWindow, 'strange' | 'strangeBefore'> {
  return strange > strangeBefore ? { strange, strangeBefore: strange } : {};
}

/** What the foreground will want in the next window, as far as this one shows it. */
export function expectedNext(window: RateWindow, counts: WindowCounts): number {
  // Of one that nobody has opened the counts say nothing, and of a first one perhaps only the end was counted here.
  if (window.openedIn === 0) return window.expected;
  const seen = expectedForeground(window, counts);
  return window.gap === 0 ? Math.max(window.expected, seen) : seen;
}

/** What the foreground will want in the next window: what it had in this one, or all it may have if that was too little. */
export function expectedForeground({ limit }: RateWindow, { foreground, missed }: WindowCounts): number {
  return missed > 0 ? limit * mostForeground : Math.min(limit * mostForeground, foreground);
}

/** What the foreground will want in a window of which nothing is known, by what it wants in those that are. */
export function expectedInAll(state: BudgetState, { limit, length }: ToldWindow): number {
  const known = state.windows.filter(({ isTrial }) => !isTrial);
  const expected = known.map((window) => {
    const counts = countsOf(state, window);
    if (counts.missed > 0) return limit * mostForeground;
    return (Math.max(window.expected, expectedForeground(window, counts)) * length) / window.seconds;
  });
  return Math.min(limit * mostForeground, Math.max(0, ...expected));
}

/** What was tried where many counted together says nothing of those that count now. */
function withoutTries({ tries: _, triedAt: _at, ...rest }: RateWindow): RateWindow {
  return rest;
}

/**
 * Gives a budget of which nothing is stored the windows of the wider one in which its calls were counted. Its first call
 * tells where they stand. When a short one is used up, perhaps by this budget's calls alone, it begins with the next.
 */
export function narrowed(state: BudgetState, wider: BudgetState): BudgetState {
  const known = wider.windows.filter(({ isTrial }) => !isTrial);
  const usedUp = known.filter((window) => isMinuteAtMost(window) && countsOf(wider, window).used >= window.limit - 1);
  const windows = known.map((window) => ({
    ...withoutTries(unmarked(window)),
    // What was seen of many that count apart is not the distance of one's windows.
    gap: 0,
    resetAt: 0,
    toldReset: 0,
    isTold: false,
    isNarrowed: true,
    openedIn: 0,
    scouts: 0,
    // How much of it the foreground will want, nobody knows. The background can wait: what is left, it has in the end.
    expected: window.limit * mostForeground,
  }));
  const pausedUntil = Math.max(state.pausedUntil, wider.pausedUntil, ...usedUp.map(({ resetAt }) => resetAt));
  return { ...state, windows, pausedUntil };
}
