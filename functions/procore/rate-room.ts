import { type BeyondDemand, isBeyondDue, isBeyondWanted, tried } from './rate-beyond.ts';
import type { ProcoreClock } from './rate-clock.ts';
import { expectedForeground, mostForeground, nextWindow, scoutAt, trialWindow } from './rate-next-window.ts';
import {
  type BudgetState,
  countsOf,
  isMinuteAtMost,
  lengthOf,
  noCounts,
  type RateWindow,
  trial,
  type WindowChange,
  type WindowCounts,
} from './rate-windows.ts';

/** Which part of Procore's rate limit calls may use: what is live goes before what catches up. */
export type BudgetClass = 'foreground' | 'background';

/** How many calls may be let go in one write, or how long it takes until some may. */
export type Room =
  | { readonly kind: 'uncounted' }
  | {
      readonly kind: 'room';
      readonly calls: number;
      readonly opening?: WindowChange;
      readonly ceilings: Ceilings;
      /** It is one more than the limit allows, by our count, and shows something where its owner is another one. */
      readonly beyond?: { readonly seenBy: number };
    }
  | {
      readonly kind: 'wait';
      readonly seconds: number;
      /** It is worth looking again by then: others may give calls back. */
      readonly lookAgainSeconds: number;
      readonly reason: 'full' | 'paused' | 'scout';
    };

/** How many calls of background work there are for all of an app together. */
export interface BackgroundRoom {
  /** Within the next minute; 0 when none may be made at this moment. */
  readonly calls: number;
  /** In each minute, in the long run. */
  readonly aMinute: number;
}

/** How many may be used after the write, by slot of the windows that run on. */
export type Ceilings = Readonly<Record<number, number>>;

/** The share of a long window that is kept for the foreground, whether it has wanted it before or not. */
const keptShare = 0.2;
/** Longer windows keep {@link keptShare}. Shorter ones come again soon enough. */
const shortSeconds = 60;
/**
 * Where the background calls at all, so much of each window is its own until `until` of it is over, also while the
 * foreground wants all: otherwise catching up would never come to an end.
 */
const background = { share: 0.05, until: 0.8 };
/** So much of the first window of a narrower scope is kept until a scout has looked: some of its calls were counted elsewhere. */
const narrowedShare = 0.2;
/** One write takes at most this share of a limit for later, so that what one caller has taken is not missed by the others. */
const leaseShare = 0.1;
/** Calls that wait are made at once, so that nobody misses them: one write takes up to this share for them. */
const waitingShare = 0.2;
/** A window that no answer but a 429 has named is believed for so long, in seconds. */
const hiddenSeconds = 24 * 3600;
/** How often the others look whether a scout's answer has come, in seconds. */
const scoutAnswerSeconds = 0.2;

/** How often those that wait look whether all calls of a used-up long window have been answered, in seconds. */
const answeredSeconds = (seconds: number) => Math.max(2.5, seconds / 360);

/** How many calls a caller wants. */
export interface Demand extends BeyondDemand {
  /** At least 1. */
  readonly waiting: number;
  /** Those that it will want after them. */
  readonly later: number;
}

/** Tells how many calls may be let go now. */
export function roomFor(known: BudgetState, demand: Demand, budgetClass: BudgetClass, clock: ProcoreClock): Room {
  const wanted = demand.waiting + demand.later;
  const [earliest, latest] = [clock.earliest(), clock.latest()];
  const state = { ...known, windows: known.windows.filter((window) => !isForgotten(window, earliest)) };
  if (state.pausedUntil > earliest) return waiting('paused', state.pausedUntil - earliest);
  if (state.isUncounted) return { kind: 'uncounted' };
  const version = state.version + 1;
  if (state.windows.length === 0) {
    const window = trialWindow(version, latest);
    return {
      kind: 'room',
      calls: Math.min(wanted, trial.limit),
      opening: opening(state, [window], { [window.slot]: noCounts }),
      ceilings: {},
    };
  }
  const over = state.windows.filter(({ resetAt }) => earliest >= resetAt);
  const live = state.windows.filter(({ resetAt }) => earliest < resetAt);
  if (live.some(({ scoutUntil = 0 }) => scoutUntil > earliest)) {
    return waiting('scout', scoutAnswerSeconds);
  }
  const waits: number[] = [];
  const looks: number[] = [];
  const due: RateWindow[] = [];
  const ceilings: Record<number, number> = {};
  let most = wanted;
  for (const window of live) {
    const counts = countsOf(state, window);
    const room = roomIn(window, counts, budgetClass, earliest);
    most = Math.min(most, room, leaseFor(window, demand));
    ceilings[window.slot] = counts.used + room;
    if (room >= 1) continue;
    if (isScoutDue(state, window, demand, earliest)) due.push({ ...window, scoutUntil: latest + 3 });
    else if (isBeyondDue(window, counts, demand, earliest)) due.push(tried(window, earliest));
    else {
      waits.push(waitFor(window, counts, budgetClass, clock));
      // What others have taken and do not make is given back.
      if (counts.sent < counts.used && !window.isTrial) looks.push(Math.max(2, window.seconds / 60));
      const isLookedAt = isLookedAtSoon(window, counts, demand, earliest) || isBeyondWanted(window, demand, earliest);
      if (isLookedAt) looks.push(answeredSeconds(window.seconds));
    }
  }
  if (waits.length > 0) return waiting('full', Math.max(...waits), Math.min(...looks));
  const next = over.map((window) => nextWindow(window, countsOf(state, window), version, latest));
  const first = Object.fromEntries(over.map((window) => [window.slot, firstCounts(window)]));
  if (due.length > 0) {
    for (const window of due) ceilings[window.slot] = countsOf(state, window).used + 1;
    const { seenBy } = due.find((window) => countsOf(state, window).used >= window.limit) ?? {};
    const beyond = seenBy !== undefined && { beyond: { seenBy } };
    // A lease ends with the first window that is over: where one stayed, the call would never go.
    return { kind: 'room', calls: 1, opening: opening(state, [...due, ...next], first), ceilings, ...beyond };
  }
  if (next.length === 0) {
    // One that is forgotten must not stay: the lease would end with it.
    const isKept = state.windows.length === known.windows.length;
    return { kind: 'room', calls: most, ceilings, ...(!isKept && { opening: opening(state, [], {}) }) };
  }
  const isScout = next.some(({ scoutUntil }) => scoutUntil !== undefined);
  const calls = isScout ? 1 : Math.min(most, ...next.map((window) => leaseFor(window, demand)));
  return { kind: 'room', calls, opening: opening(state, next, first), ceilings };
}

/** A limit that only 429s tell of is found out again from time to time: perhaps it is no more. */
function isForgotten({ isHidden = false, toldReset }: RateWindow, earliest: number): boolean {
  return isHidden && earliest > toldReset + hiddenSeconds;
}

function waiting(reason: 'full' | 'paused' | 'scout', seconds: number, look = Number.POSITIVE_INFINITY): Room {
  return { kind: 'wait', seconds, lookAgainSeconds: Math.min(seconds, look), reason };
}

/** Puts windows in place of those in the same slots, and sets some of their counts. */
function opening({ windows }: BudgetState, next: readonly RateWindow[], set: WindowChange['set']): WindowChange {
  const replaced = new Set(next.map(({ slot }) => slot));
  return { windows: [...windows.filter(({ slot }) => !replaced.has(slot)), ...next], set };
}

/** What counts in the next window at its beginning. */
function firstCounts({ limit, unseen = 0 }: RateWindow): WindowCounts {
  return { ...noCounts, used: Math.min(unseen, limit - 1) };
}

/** How many calls one write takes at most. */
function leaseFor(window: RateWindow, { waiting }: Demand): number {
  return Math.max(leaseOf(window), Math.min(waiting, Math.floor(window.limit * waitingShare)));
}

/** How many calls one write takes at most where none of them waits. */
export function leaseOf({ limit, isTrial }: RateWindow): number {
  return isTrial ? trial.limit : Math.max(1, Math.floor(limit * leaseShare));
}

/** How many of a window's last calls are kept until a scout has looked. */
function heldBack(window: RateWindow): number {
  if (window.isTrial || window.isHidden || (window.isTold && scoutAt(window) === undefined)) return 0;
  return window.isNarrowed ? Math.max(1, Math.floor(window.limit * narrowedShare)) : 1;
}

/** Whether nothing is left of a window but what is kept for scouts. */
function isHeldBackAlone(window: RateWindow, { used }: WindowCounts): boolean {
  return used < window.limit && used >= window.limit - heldBack(window);
}

/** Whether a call that is held back may go now, to look for the next window, or for what became of this one. */
function isScoutDue(state: BudgetState, window: RateWindow, demand: Demand, earliest: number): boolean {
  const counts = countsOf(state, window);
  if (!isHeldBackAlone(window, counts)) return false;
  // Where nobody tells the count, calls that were perhaps never made are not waited for.
  const settled = (demand.settled?.[window.slot] ?? 0) + ((window.isRemainingUntold && window.unsure) || 0);
  const isAnswered = settled >= (counts.used + 1) * 0.95 - 1;
  if (isLookedAtSoon(window, counts, demand, earliest) && isAnswered) return true;
  if (window.isTold) return earliest >= (scoutAt(window) ?? Number.POSITIVE_INFINITY);
  // Its answer must name this window, if all others have plenty left, and no call that was let go before is under way.
  if (earliest < window.resetAt - lengthOf(window) / 2) return false;
  const others = state.windows.filter(({ slot, isTrial }) => slot !== window.slot && !isTrial);
  return others.every((other) => earliest >= other.resetAt || countsOf(state, other).used * 2 < other.limit);
}

/**
 * Whether the last call of a window goes as soon as all others are answered: it shows what Procore counts by. In short
 * windows it waits for their end, where it shows that as well, unless calls beyond the limit have to follow it.
 */
function isLookedAtSoon(window: RateWindow, counts: WindowCounts, demand: Demand, earliest: number): boolean {
  if (!window.isTold || !isHeldBackAlone(window, counts)) return false;
  return !isMinuteAtMost(window) || isBeyondWanted(window, demand, earliest);
}

/** How many calls a class may still let go in a window, but for those that are held back for scouts. */
function roomIn(window: RateWindow, counts: WindowCounts, budgetClass: BudgetClass, earliest: number): number {
  const left = window.limit - heldBack(window) - counts.used;
  const own = Math.min(left, ownOfBackground(window, counts));
  if (budgetClass === 'background') return Math.floor(Math.max(own, left - keptForForeground(window, earliest)));
  return Math.floor(earliest < backgroundUntil(window) ? left - Math.max(0, own) : left);
}

/** What the background has left of its own; nothing where it does not call at all. */
function ownOfBackground({ limit, isTrial, hasBackground }: RateWindow, { used, foreground }: WindowCounts): number {
  if (isTrial || limit < 10 || !hasBackground) return 0;
  return Math.max(1, Math.floor(limit * background.share)) - (used - foreground);
}

/** When the foreground may have what the background has left of its own. */
function backgroundUntil({ resetAt, seconds }: RateWindow): number {
  return resetAt - seconds * (1 - background.until);
}

/**
 * Tells how many calls of background work the windows have room for.
 *
 * @returns undefined while no limit is known
 */
export function backgroundRoom(state: BudgetState, clock: ProcoreClock): BackgroundRoom | undefined {
  const windows = state.windows.filter(({ isTrial }) => !isTrial);
  if (state.isUncounted || windows.length === 0) return undefined;
  const earliest = clock.earliest();
  const rooms = windows.map((window) => {
    const counts = countsOf(state, window);
    const isOver = earliest >= window.resetAt;
    const expected = Math.max(isOver ? 0 : window.expected, expectedForeground(window, counts));
    const whole = roomIn({ ...window, expected }, noCounts, 'background', window.resetAt - window.seconds);
    const now = isOver ? whole : roomIn(window, counts, 'background', earliest);
    // A long window's calls are spread over it: who waits for them waits as long as all others.
    const left = Math.max(0, window.resetAt - earliest);
    const aMinute = (whole * 60) / window.seconds;
    return { now, calls: now + aMinute - whole * Math.min(1, left / window.seconds), aMinute };
  });
  const least = (of: (room: (typeof rooms)[number]) => number) => Math.min(...rooms.map(of));
  const isHeld = state.pausedUntil > earliest || least(({ now }) => now) < 1;
  return { calls: isHeld ? 0 : least(({ calls }) => calls), aMinute: least(({ aMinute }) => aMinute) };
}

/** What the background leaves: what the foreground is expected to want in the rest of the window, and a little more. */
export function keptForForeground(
  { limit, seconds, resetAt, expected, isTrial }: RateWindow,
  earliest: number,
): number {
  if (isTrial) return 0;
  const rest = Math.max(0, (resetAt - earliest) / seconds);
  const likely = expected * rest;
  const least = seconds > shortSeconds ? limit * keptShare * Math.min(1, rest) : 0;
  return Math.min(limit * mostForeground, Math.max(least, likely + 3 * Math.sqrt(likely)));
}

/** How long a window has no room for a class, in seconds. */
function waitFor(window: RateWindow, counts: WindowCounts, budgetClass: BudgetClass, clock: ProcoreClock): number {
  const { resetAt, limit, seconds } = window;
  const { used } = counts;
  // An answer may tell the limit at any moment.
  if (window.isTrial) return scoutAnswerSeconds;
  const scout = scoutAt(window);
  const half = resetAt - lengthOf(window) / 2;
  const isWaitingForHalf = !window.isTold && isHeldBackAlone(window, counts) && half > clock.earliest();
  const isWaitingForScout = scout !== undefined && used < limit && scout > clock.earliest();
  const isBackgrounds = budgetClass === 'foreground' && limit - used > heldBack(window);
  const free = isBackgrounds ? backgroundUntil(window) : resetAt;
  const next = Math.min(free, isWaitingForScout ? scout : isWaitingForHalf ? half : resetAt);
  const toReset = waitUntil(next, clock);
  if (budgetClass === 'foreground' || used >= limit) return toReset;
  // What is kept for the foreground becomes less with every second.
  return Math.min(toReset, Math.max(0.2, seconds / limit));
}

/**
 * How long it takes until a time. Who knows Procore's clock less well than others looks in time what they have found,
 * and then again and again. Otherwise it would come too late for every window.
 */
function waitUntil(time: number, clock: ProcoreClock): number {
  const likely = time - clock.likely();
  return likely > 0.05 ? likely : Math.max(0.01, Math.min(scoutAnswerSeconds, time - clock.earliest()));
}
