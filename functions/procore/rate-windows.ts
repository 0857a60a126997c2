// What is known of Procore's windows. Nothing here reads a clock or a store.

/** A window of one of Procore's limits. Times are epoch seconds on Procore's clock. */
export interface RateWindow {
  /** Names the window's counts. */
  readonly slot: number;
  readonly limit: number;
  /** The longest time from an answer to its reset that was seen: it is at least about so long. */
  readonly seconds: number;
  /** The shortest time from one reset to the next that was seen: it is at most so long. 0 when none was seen. */
  readonly gap: number;
  /** From then on the window is surely over. */
  readonly resetAt: number;
  /** The last reset that an answer has named; 0 for none. */
  readonly toldReset: number;
  /** Whether an answer has named it, and not only the one before. */
  readonly isTold: boolean;
  /** The version that opened this window in place of the one before. */
  readonly openedIn: number;
  /** The version in which an answer first named the window that ends at {@link toldReset}. */
  readonly toldIn?: number;
  /** No answer has named the one before: to the next told reset it is several windows. */
  readonly isAfterUntold?: boolean;
  /** Until then only the scout may go: its answer tells what this window is. */
  readonly scoutUntil?: number;
  /** So many of those that we have counted are perhaps in the next one: it was perhaps over, and their answers named another. */
  readonly unseen?: number;
  /** How many scouts have looked whether the next window opens within a second of the told reset. */
  readonly scouts: number;
  /** How many calls of the foreground are expected in the whole window, from the one before. */
  readonly expected: number;
  /** Only 429s have named it: where answers tell of another window, nobody else tells of this one. */
  readonly isHidden?: boolean;
  /** The background made calls in the window before. */
  readonly hasBackground?: boolean;
  /** How many answers have named a window that cannot be the next one of the one before. */
  readonly strange?: number;
  /** Those of them that came in the windows before. */
  readonly strangeBefore?: number;
  /** So many of those that we have counted are perhaps not in it: nobody looked for its beginning, or they were under way. */
  readonly unsure?: number;
  /** Its calls were counted in a wider scope before, and some perhaps still are: no scout has looked how many it has. */
  readonly isNarrowed?: boolean;
  /** Answers do not say how many of its calls remain. */
  readonly isRemainingUntold?: boolean;
  /** Stands for one whose call is in it, by the next narrower scope. */
  readonly seenBy?: number;
  /** How many calls beyond the limit were answered. */
  readonly beyond?: number;
  /** In how many windows calls beyond the limit went. */
  readonly tries?: number;
  /** When they went in the last of these. */
  readonly triedAt?: number;
  /** Nobody has told a limit: this one only lets a few calls go, which ask for it. */
  readonly isTrial?: boolean;
}

type OptionalName = keyof { [Name in keyof RateWindow as object extends Pick<RateWindow, Name> ? Name : never]: Name };

/** What each optional part of a {@link RateWindow} is, for stores: another version may have written something else there. */
export const optionalParts: Readonly<Record<OptionalName, 'number' | 'boolean'>> = {
  toldIn: 'number',
  isAfterUntold: 'boolean',
  scoutUntil: 'number',
  unseen: 'number',
  isHidden: 'boolean',
  hasBackground: 'boolean',
  strange: 'number',
  strangeBefore: 'number',
  unsure: 'number',
  isNarrowed: 'boolean',
  isRemainingUntold: 'boolean',
  seenBy: 'number',
  beyond: 'number',
  tries: 'number',
  triedAt: 'number',
  isTrial: 'boolean',
};

/** How many calls count in a window. */
export interface WindowCounts {
  /** Let go. */
  readonly used: number;
  /** Those of them that are the foreground's. */
  readonly foreground: number;
  /** Those of them that were made, and are not only taken. */
  readonly sent: number;
  /** How often the foreground found no room. */
  readonly missed: number;
}

/** What all invocations share about the calls of one scope. */
export interface BudgetState {
  /** Changes with every change of `windows`; 0 when nothing is stored. */
  readonly version: number;
  readonly windows: readonly RateWindow[];
  /** By slot. */
  readonly counts: Readonly<Record<number, WindowCounts>>;
  /** Answers have come, and none of them told a limit: nothing is counted. */
  readonly isUncounted: boolean;
  /** Procore has asked for silence until then. */
  readonly pausedUntil: number;
  /** Status of the answer that asked for it: 429, or 503 in an outage. */
  readonly pausedBy?: number;
  /** What Procore counts by, as far as is known; only in the state of the whole app. */
  readonly scope?: string;
}

/** Nothing is known. */
export const unknownBudget: BudgetState = { version: 0, windows: [], counts: {}, isUncounted: false, pausedUntil: 0 };

/** No call was counted. */
export const noCounts: WindowCounts = { used: 0, foreground: 0, sent: 0, missed: 0 };

/** A change of the windows. Counts of slots that are not named stay as they are. */
export interface WindowChange {
  readonly windows: readonly RateWindow[];
  /** Counts to set, by slot. */
  readonly set: Readonly<Record<number, WindowCounts>>;
  readonly isUncounted?: boolean;
}

/** So many calls ask for a limit that nobody has told, in this many seconds. */
export const trial = { limit: 5, seconds: 15 };
/** What a window's reset may be off by, in seconds: it is a whole second, rounded up or down. */
export const rounding = 1;
/** What limits over a minute are counted by, in seconds, as long as nothing else was seen. */
const likelyLengths = [3600, 24 * 3600];

/** Tells whether two resets are one, but for how they were rounded. */
export function isSameReset(one: number, other: number): boolean {
  return Math.abs(one - other) <= rounding;
}

/** Whether a window is a minute or less: that is seen as two seconds more, since its reset is rounded, and an answer's time. */
export function isMinuteAtMost({ seconds }: Pick<RateWindow, 'seconds'>): boolean {
  return seconds <= 60 + 2 * rounding;
}

/** @returns how many calls count in a window */
export function countsOf({ counts }: Pick<BudgetState, 'counts'>, { slot }: Pick<RateWindow, 'slot'>): WindowCounts {
  return counts[slot] ?? noCounts;
}

/**
 * Tells how long a window is likely to be. Of one that has been running when it was seen first, only a part was seen: it
 * is then likely to be an hour or a day, and what is kept for the foreground has to last as long.
 */
export function lengthOf({ seconds, gap, isHidden }: Pick<RateWindow, 'seconds' | 'gap' | 'isHidden'>): number {
  // Between two 429s there may be any number of windows.
  if (isHidden && gap > 4 * seconds) return seconds;
  const whole =
    gap > 0 || isMinuteAtMost({ seconds }) ? seconds : (likelyLengths.find((likely) => likely >= seconds) ?? seconds);
  return Math.max(whole, gap);
}

/** A window without what was noted of one instance of it. */
export function unmarked({
  scoutUntil: _,
  strange: _strange,
  strangeBefore: _before,
  unsure: _unsure,
  seenBy: _seenBy,
  beyond: _beyond,
  unseen: _unseen,
  isAfterUntold: _untold,
  ...rest
}: RateWindow): RateWindow {
  return rest;
}

/** Tells how many calls an hour the windows allow. @returns undefined when no limit is known */
export function callsAnHour({ windows }: Pick<BudgetState, 'windows'>): number | undefined {
  const allowed = windows.filter(({ isTrial }) => !isTrial).map(({ limit, seconds }) => (limit * 3600) / seconds);
  return allowed.length === 0 ? undefined : Math.min(...allowed);
}

/**
 * Tells when a window was seen by whoever has stored it: not before it began, which is its length before its reset. A
 * process whose clock is behind would else wait for a reset that is past, and one that has made no call cannot know.
 *
 * @returns epoch seconds on Procore's clock; long ago when nothing is known
 */
export function seenAt({ windows }: Pick<BudgetState, 'windows'>): number {
  return Math.max(0, ...windows.map(({ toldReset, seconds }) => toldReset - seconds - 2 * rounding));
}
