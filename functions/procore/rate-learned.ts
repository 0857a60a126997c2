import { answeredBeyond } from './rate-beyond.ts';
import type { ToldWindow } from './rate-limit-headers.ts';
import { isOfAnother, namedWindow } from './rate-named-window.ts';
import { expectedInAll, expectedNext, mostForeground, mostScouts, strangeOf } from './rate-next-window.ts';
import {
  type BudgetState,
  countsOf,
  isSameReset,
  noCounts,
  type RateWindow,
  rounding,
  trial,
  unmarked,
  type WindowChange,
  type WindowCounts,
} from './rate-windows.ts';

// How an answer changes what is known.

/** After so many answers that cannot be of the same limit, it is taken for another one. */
const mostStrange = 6;

/** An answer that told a window, and what is known about its call. */
export interface ToldAnswer {
  readonly told: ToldWindow;
  /** The version of the state under which the call was let go. */
  readonly version: number;
  /** The latest time that it may be at Procore, when the answer was there. */
  readonly latest: number;
  /** It is a 429. */
  readonly isRefused?: boolean;
  /** Stands for whose call it was. */
  readonly owner?: number;
  /** It was one more than the limit allows, by our count. */
  readonly isBeyond?: true;
}

/** What an answer changes. */
export interface Learned {
  readonly change?: WindowChange;
  /** So many calls count at least: others than we make calls, too. */
  readonly raise?: { readonly slot: number; readonly used: number };
}

/**
 * Tells what an answer changes. It changes the window that it names alone.
 *
 * @returns undefined when it says nothing new
 */
export function learned(state: BudgetState, answer: ToldAnswer): Learned | undefined {
  const news = answer.isRefused ? learnedOfRefused(state, answer) : learnedOfNamed(state, answer);
  const windows = news?.change?.windows ?? state.windows;
  // The scout has come back, although its answer names another window.
  const isBack = ({ scoutUntil, openedIn, isTrial }: RateWindow) =>
    scoutUntil !== undefined && answer.version >= openedIn && !isTrial;
  const isTouched = (window: RateWindow) => isBack(window) || isPerhapsOver(state, window, answer);
  if (!windows.some(isTouched)) return news;
  const seen = windows
    .filter((window) => !(isBack(window) && isShownGone(state, window, answer)))
    .map((window) => (isBack(window) ? withoutScout(window) : window))
    .map((window) => (isPerhapsOver(state, window, answer) ? { ...window, unseen: (window.unseen ?? 0) + 1 } : window));
  return { ...news, change: { set: {}, ...news?.change, windows: seen } };
}

/** The window when its scout is back, and has said nothing of it. */
function withoutScout({ scoutUntil: _, ...window }: RateWindow): RateWindow {
  return window.isTold ? { ...window, scouts: window.scouts + 1 } : window;
}

/** Whether an answer that names another window is perhaps the next one's, since this one may be over within its last second. */
function isPerhapsOver(
  state: BudgetState,
  window: RateWindow,
  { told, version, latest, isRefused }: ToldAnswer,
): boolean {
  const { slot, isTold, isTrial, isHidden, openedIn, toldReset } = window;
  const isUsual = isTold && !isTrial && !isHidden && !isRefused;
  const isOfIt = version >= openedIn && latest >= toldReset - rounding;
  return isUsual && isOfIt && namedWindow(state.windows, told)?.slot !== slot;
}

/** The last call of a window that no answer has named must name it, unless another one is used up as well. */
function isShownGone(state: BudgetState, window: RateWindow, { told, version }: ToldAnswer): boolean {
  // The call that opened the window is a scout as well, and says nothing of the kind.
  const isLast = version > window.openedIn && !window.isHidden;
  return isLast && !window.isTold && countsOf(state, window).used >= window.limit && (told.remaining ?? 0) > 1;
}

/** Whether a refused call counts in the windows that its 429 does not name, nobody says. */
function learnedOfRefused(state: BudgetState, answer: ToldAnswer): Learned | undefined {
  const news = learnedOfNamed(state, answer);
  const named = namedWindow(state.windows, answer.told);
  const isUnsure = ({ slot, openedIn, isTrial, unsure = 0 }: RateWindow) =>
    slot !== named?.slot && openedIn <= state.version && !isTrial && unsure < countsOf(state, { slot }).used;
  const seen = news?.change?.windows ?? state.windows;
  if (!seen.some(isUnsure)) return news;
  const windows = seen.map((window) =>
    isUnsure(window) ? { ...window, unsure: countsOf(state, window).used } : window,
  );
  return { ...news, change: { set: {}, ...news?.change, windows } };
}

function learnedOfNamed(state: BudgetState, answer: ToldAnswer): Learned | undefined {
  const { told, version } = answer;
  const found = namedWindow(state.windows, told);
  if (found === undefined) return withNewWindow(state, answer);
  const named = answer.isRefused ? found : shown(found);
  const isAnotherLimit = told.limit !== named.limit;
  const { strange = 0 } = named;
  const isStrange = isOfAnother(named, told, version);
  // What nobody else can be the cause of is a limit with another length.
  if (isStrange && strange < mostStrange) return { change: changed(state, { ...named, strange: strange + 1 }) };
  if (!isStrange && told.resetAt < named.toldReset - rounding && !isAnotherLimit) return undefined;
  const counts = countsOf(state, named);
  const isSame = isSameReset(told.resetAt, named.toldReset);
  const isSentInIt = version >= named.openedIn;
  if (isSame && isAnotherLimit) {
    // It ends when the other one did, perhaps by chance: its length is learned anew.
    const other = withLengthOf(named, told);
    const expected = (named.expected * other.seconds) / named.seconds;
    const opened = placed({ ...other, expected }, answer, state.version + 1);
    const next = { ...opened, openedIn: named.openedIn, unsure: counts.used };
    const used = told.remaining === undefined ? Math.min(counts.used, told.limit) : told.used;
    return { change: changed(state, next, { ...counts, used }) };
  }
  if (isSame) {
    // A late answer of the window before, whose next one is counted already.
    if (!isSentInIt && !named.isTold) return undefined;
    const isBeyond = answer.isBeyond && !answer.isRefused && isSentInIt && answer.owner !== named.seenBy;
    if (isBeyond) return { change: changed(state, answeredBeyond(named)) };
    const wasScoutTooEarly = isSentInIt && (!named.isTold || named.scoutUntil !== undefined);
    if (wasScoutTooEarly) return { change: changed(state, notOver(named, answer)), ...raised(state, named, told) };
    const { raise } = raised(state, named, told);
    return raise && { raise };
  }
  if (!named.isTold && isSentInIt && !isAnotherLimit) return ownWindow(state, named, answer);
  const scouts = named.isTold && named.scoutUntil !== undefined ? named.scouts + 1 : named.scouts;
  const known = isStrange || isAnotherLimit ? withLengthOf(named, told) : { ...named, scouts };
  // One that we have opened has its own expectation already, and hardly any counts.
  const seen = named.isTold ? expectedNext(named, counts) : named.expected;
  // The one before was cut off, perhaps at its beginning.
  const expected = isAnotherLimit ? (Math.max(seen, named.expected) * known.seconds) / named.seconds : seen;
  const opened = placed({ ...known, expected }, answer, state.version + 1);
  // Calls that are under way are not yet in Procore's count: those of the window that we have opened, too.
  const used = Math.min(told.limit, told.used + (named.isTold ? openCalls(state, named) : counts.used));
  const marks = isStrange || isAnotherLimit ? {} : strangeOf(named);
  const next = { ...opened, ...marks, ...(used > told.used && { unsure: used - told.used }) };
  return { change: changed(state, next, { ...noCounts, used }) };
}

/** The window when its length is learned anew: it is another one's, or was set anew. */
function withLengthOf(window: RateWindow, { length }: ToldWindow): RateWindow {
  return { ...window, seconds: length, gap: 0, scouts: 0 };
}

/** An answer that is no refusal has named it. */
function shown({ isHidden: _, ...rest }: RateWindow): RateWindow {
  return rest;
}

/** An answer names the window that we have opened. Our count has calls that are under way and not yet in Procore's. */
function ownWindow(state: BudgetState, named: RateWindow, answer: ToldAnswer): Learned | undefined {
  const { told } = answer;
  const counts = countsOf(state, named);
  const isWorthAWrite =
    named.scoutUntil !== undefined ||
    told.used > counts.used ||
    told.length > named.seconds ||
    counts.used * 5 > named.limit;
  if (!isWorthAWrite) return undefined;
  // When nobody looked for its beginning, what we have counted is perhaps of the window before, and shows no scope.
  const isSeen = named.scoutUntil !== undefined;
  const seen = placed(named, answer, state.version + 1);
  const { strange = 0, strangeBefore = 0 } = named;
  const marks = strange > 0 ? { strange, strangeBefore } : {};
  // Of a budget's first window nobody says what others than we, or we by a wider scope, have called in it.
  const isUnknown = told.remaining === undefined && named.toldReset === 0;
  const unsure = isUnknown ? told.limit : counts.used;
  const next = { ...seen, ...marks, openedIn: named.openedIn, ...((isUnknown || !isSeen) && { unsure }) };
  return { change: changed(state, next), ...raised(state, named, told) };
}

function raised(state: BudgetState, window: RateWindow, told: ToldWindow): Pick<Learned, 'raise'> {
  const counts = countsOf(state, window);
  // What is given back of leases is not left where Procore has no call left.
  const taken = told.remaining === 0 && counts.used <= told.limit ? openCalls(state, window) : 0;
  const used = told.used + taken;
  return used > counts.used ? { raise: { slot: window.slot, used } } : {};
}

/** @param counts those of a window that is another one than before; absent for the counts that are stored */
function changed({ windows }: BudgetState, next: RateWindow, counts?: WindowCounts): WindowChange {
  return {
    windows: [...windows.filter(({ slot, isTrial }) => slot !== next.slot && !isTrial), next],
    set: counts === undefined ? {} : { [next.slot]: counts },
  };
}

/** The window as an answer places it in time. */
function placed(window: RateWindow, { told, latest, owner }: ToldAnswer, version: number): RateWindow {
  const { isRemainingUntold, ...rest } = unmarked(window);
  // Of a refused call it is known that nothing remains, whether it is told or not.
  const isUntold = told.remaining === undefined || (isRemainingUntold && told.remaining === 0);
  const seconds = Math.max(window.seconds, told.length);
  const seen = shortestGap(window, told);
  const gap = seen < seconds - rounding ? 0 : seen;
  return {
    ...rest,
    limit: told.limit,
    seconds,
    gap,
    // Of the window before, perhaps only the end was seen.
    expected: Math.min(told.limit * mostForeground, (window.expected * seconds) / Math.max(1, window.seconds)),
    openedIn: version,
    toldIn: version,
    toldReset: told.resetAt,
    isTold: true,
    ...(isUntold && { isRemainingUntold: true }),
    ...(owner !== undefined && { seenBy: owner }),
    // The call was made in it, so it cannot last longer than its length from the answer on.
    resetAt: Math.min(told.resetAt + rounding, gap > 0 ? latest + gap : Number.POSITIVE_INFINITY),
  };
}

/**
 * From one window's reset to the next one's it takes at least a whole window, however the second is rounded. Shorter
 * than the time that was left of a window it cannot be: then the limits were set anew.
 */
function shortestGap(window: RateWindow, told: ToldWindow): number {
  const { gap, toldReset, seconds, limit, isAfterUntold } = window;
  const seen = told.resetAt - toldReset;
  if (toldReset === 0 || isAfterUntold || limit !== told.limit || seen < seconds - rounding) return gap;
  return gap === 0 ? seen : Math.min(gap, seen);
}

/** A scout was sent, and the window before was not over. */
function notOver(window: RateWindow, { told, isRefused }: ToldAnswer): RateWindow {
  const { scoutUntil: _, isNarrowed: _narrowed, ...rest } = window;
  // Others than we take the last calls: further scouts would only get 429s.
  if (window.isTold) return { ...rest, scouts: isRefused ? mostScouts : window.scouts + 1 };
  // It was opened by what we took for its length.
  const opened = { ...rest, resetAt: told.resetAt + rounding, isTold: true, gap: 0 };
  // What was called before we thought that it was over is counted no more.
  return told.remaining === undefined ? { ...opened, isRemainingUntold: true, unsure: told.limit } : opened;
}

function withNewWindow(state: BudgetState, answer: ToldAnswer): Learned {
  const { told, isRefused } = answer;
  const slot = Math.max(0, ...state.windows.map((window) => window.slot)) + 1;
  const fresh = {
    slot,
    limit: told.limit,
    seconds: told.length,
    gap: 0,
    resetAt: 0,
    toldReset: 0,
    isTold: false,
    openedIn: 0,
    scouts: 0,
    expected: expectedInAll(state, told),
    ...(isRefused && { isHidden: true }),
  };
  // Calls that are under way are not yet in Procore's count.
  const underWay = Math.max(0, ...state.windows.map((window) => openCalls(state, window)));
  const used = Math.min(told.limit, told.used + underWay);
  const opened = placed(fresh, answer, state.version + 1);
  // A trial's calls are few, which matters where nobody else tells the count.
  const isTrial = state.windows.every((window) => window.isTrial);
  const unsure = isTrial && told.remaining !== undefined ? 0 : used - told.used;
  return { change: changed(state, { ...opened, ...(unsure > 0 && { unsure }) }, { ...noCounts, used }) };
}

/** How many calls may be under way: all but those made some time ago. A trial's are not told by the counts of others. */
function openCalls(state: BudgetState, window: RateWindow): number {
  const { used, sent } = countsOf(state, window);
  return window.isTrial ? trial.limit - 1 : Math.max(0, used - sent - 1);
}
