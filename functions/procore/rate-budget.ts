import type { Clock, RandomFraction, RemainingTime, Sleep } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import { httpDateSeconds } from './retry-after.ts';

/** Procore's two limits. The length of their windows is documented. How many calls they allow is learned. */
export type LimitKind = 'hour' | 'spike';

/** The length of each limit's window in seconds. @see https://developers.procore.com/documentation/rate-limiting */
const windowSeconds: Readonly<Record<LimitKind, number>> = { hour: 3600, spike: 10 };
const kinds: readonly LimitKind[] = ['hour', 'spike'];

/** One window of one limit, as all invocations share it. Times are epoch seconds on Procore's clock. */
export interface LimitWindow {
  readonly limit: number;
  readonly resetAt: number;
  /** Calls that were let go in it. */
  readonly used: number;
}

/** What is shared: nothing yet, or a window of each limit that was learned. */
export interface SharedBudget {
  readonly hour?: LimitWindow;
  readonly spike?: LimitWindow;
  /** Procore has asked for silence until then. */
  readonly pausedUntil?: number;
}

/** Names the windows that a taker has seen: a take counts only if they are still the ones. */
export type SeenWindows = { readonly [Kind in LimitKind]?: LimitWindow };

/** Where the budget is kept; every change is one conditional write. An error leaves open whether it took effect. */
export interface RateBudgetStore {
  /** Strongly consistent. */
  read(): Promise<SharedBudget>;
  /**
   * Adds to `used` of the windows seen, all or none.
   *
   * @returns `refused` when a window was replaced or has not enough left, or when there is a pause after `now`
   */
  take(seen: SeenWindows, calls: number, now: number): Promise<'taken' | 'refused'>;
  /** Replaces a window if it still has that reset and limit; undefined means that no window is stored. */
  replaceWindow(kind: LimitKind, seen: LimitWindow | undefined, next: LimitWindow): Promise<'written' | 'refused'>;
  /** Raises `used` of the window with that reset to at least this number. */
  raiseUsed(kind: LimitKind, resetAt: number, used: number): Promise<void>;
  /** Sets the pause if it is later than the one stored. */
  pauseUntil(until: number): Promise<void>;
}

/** How many calls may be made now, or how long it takes until some may. */
export type Allowance = { readonly granted: number } | { readonly waitSeconds: number };

/** The client asks it before a call, and tells it what the answer said. */
export interface RateBudget {
  /**
   * Waits until calls may be made, up to the time that is left.
   *
   * @param calls how many are wanted, at least 1
   * @param remaining milliseconds left
   * @returns how many may be made now, from 1 to `calls`, or the seconds to wait when that is longer than is left
   */
  acquire(calls: number, remaining: RemainingTime): Promise<Allowance>;
  /** Learns from an answer's headers; `retryAfterSeconds` of a 429 or 503 is a pause for everybody. */
  learn(headers: Headers, retryAfterSeconds?: number): Promise<void>;
}

/** Lets a first call alone through a window of which nothing is known yet: its answer tells the limit. */
const unlearned = 1;
/** How often the others look whether that answer has come, in seconds. */
const lookAgainSeconds = 0.25;
/** After this many lost races in a row it waits for a moment, so that others go first. */
const mostRounds = 10;
/** An answer without headers says that nothing is counted. */
const unlimited = Number.MAX_SAFE_INTEGER;
/** Clocks are a second or so apart; a call a moment too early would count in the window before. */
const resetMarginSeconds = 1;

interface BudgetDependencies {
  readonly store: RateBudgetStore;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly randomFraction: RandomFraction;
  readonly observer: Observer;
}

/** What this process knows about the budget. */
interface BudgetView extends BudgetDependencies {
  known: SharedBudget;
  /** How far our clock is ahead of Procore's, as far as is known: the least that any answer showed. */
  lead: number | undefined;
  /** The percentage left that was last told as a metric. */
  readonly measured: { [Kind in LimitKind]?: number };
}

/**
 * Shares Procore's rate limits among all invocations: each call is counted before it is made, so that together they
 * never make more than Procore allows. Limits are learned from the headers, and what others spend is learned with them.
 *
 * When the store fails, calls go on uncounted: Procore's own 429 is then the limit.
 *
 * @see https://developers.procore.com/documentation/rate-limiting ("They can change at any time")
 */
export function sharedRateBudget(dependencies: BudgetDependencies): RateBudget {
  const view: BudgetView = { ...dependencies, known: {}, lead: undefined, measured: {} };
  const { store, clock, sleep, randomFraction, observer } = dependencies;

  return {
    async acquire(calls, remaining) {
      for (;;) {
        let answer: Allowance;
        try {
          answer = await tryAcquire(view, calls);
        } catch (error) {
          observer.note('budget.unavailable', { errorName: errorName(error) });
          return { granted: calls };
        }
        if ('granted' in answer) return answer;
        // Those who wait for the same reset do not all come in the same moment.
        const milliseconds = (answer.waitSeconds + lookAgainSeconds * randomFraction()) * 1000;
        if (milliseconds >= remaining()) return { waitSeconds: Math.ceil(answer.waitSeconds) };
        await sleep(milliseconds);
        try {
          view.known = await store.read();
        } catch {
          // The next try meets the same store and judges.
        }
      }
    },

    async learn(headers, retryAfterSeconds) {
      const receivedAt = clock();
      const date = httpDateSeconds(headers.get('date'));
      if (date !== undefined) view.lead = Math.min(view.lead ?? Number.POSITIVE_INFINITY, receivedAt - date);
      try {
        if (retryAfterSeconds !== undefined) {
          const until = serverNow(view) + retryAfterSeconds;
          await store.pauseUntil(until);
          view.known = { ...view.known, pausedUntil: Math.max(until, view.known.pausedUntil ?? 0) };
        }
        const now = serverNow(view);
        await learnWindow(view, believable(readLimit(headers), now), now);
      } catch (error) {
        observer.note('budget.unlearned', { errorName: errorName(error) });
      }
    },
  };
}

function serverNow({ clock, lead = 0 }: BudgetView): number {
  return clock() - lead;
}

async function tryAcquire(view: BudgetView, calls: number): Promise<Allowance> {
  const { store } = view;
  for (let round = 0; round < mostRounds; round++) {
    const now = serverNow(view);
    const { pausedUntil } = view.known;
    if (pausedUntil !== undefined && pausedUntil > now) return { waitSeconds: pausedUntil - now };
    const renewed = await renewWindows(view, now);
    const { known } = view;
    if (renewed === 'look_again') {
      view.known = await store.read();
      continue;
    }
    const spent = kinds.map((kind) => known[kind]).filter((window) => window && window.used >= window.limit);
    if (spent.length > 0) return { waitSeconds: Math.max(...spent.map((window) => waitFor(window, now))) };
    const left = kinds.map((kind) => (known[kind] ? known[kind].limit - known[kind].used : unlimited));
    const wanted = Math.min(calls, ...left);
    if ((await store.take(known, wanted, now)) === 'taken') {
      view.known = withUsed(view.known, wanted);
      return { granted: wanted };
    }
    view.known = await store.read();
  }
  return { waitSeconds: lookAgainSeconds };
}

function waitFor(window: LimitWindow | undefined, now: number): number {
  if (window === undefined) return 0;
  // A window that waits for its first answer becomes another as soon as the answer is there.
  if (window.limit === unlearned) return lookAgainSeconds;
  return window.resetAt + resetMarginSeconds - now;
}

/** Opens windows in place of those that are over; the first call after a reset starts Procore's next window. */
async function renewWindows(view: BudgetView, now: number): Promise<'current' | 'look_again'> {
  let changed = false;
  for (const kind of kinds) {
    const window = view.known[kind];
    // There is no hourly limit to keep until Procore has named one.
    if (window === undefined && kind === 'hour') continue;
    if (window !== undefined && now < window.resetAt + resetMarginSeconds) continue;
    const next = { limit: window?.limit ?? unlearned, resetAt: now + windowSeconds[kind], used: 0 };
    await view.store.replaceWindow(kind, window, next);
    changed = true;
  }
  return changed ? 'look_again' : 'current';
}

async function learnWindow(view: BudgetView, told: ToldLimit | undefined, now: number): Promise<void> {
  if (told !== undefined) measure(view, kindOf(told, view.known, now), told);
  // A window that somebody else has replaced meanwhile is read and judged again, a few times.
  for (let time = 0; time < 3; time++) {
    const outcome = told === undefined ? await learnOfNoLimit(view, now) : await learnOfLimit(view, told, now);
    if (outcome === 'written') return;
    view.known = await view.store.read();
  }
}

async function learnOfNoLimit(view: BudgetView, now: number): Promise<'written' | 'refused'> {
  const { spike } = view.known;
  if (spike?.limit !== unlearned) return 'written';
  const next = { limit: unlimited, resetAt: now + windowSeconds.spike, used: 0 };
  const outcome = await view.store.replaceWindow('spike', spike, next);
  if (outcome === 'written') view.known = { ...view.known, spike: next };
  return outcome;
}

async function learnOfLimit(view: BudgetView, told: ToldLimit, now: number): Promise<'written' | 'refused'> {
  // An answer that was long on its way tells of a window that is over.
  if (told.resetAt <= now) return 'written';
  const kind = kindOf(told, view.known, now);
  const window = view.known[kind];
  const used = told.limit - told.remaining;
  if (window?.resetAt === told.resetAt && window.limit === told.limit) {
    if (used > window.used) {
      await view.store.raiseUsed(kind, told.resetAt, used);
      view.known = { ...view.known, [kind]: { ...window, used } };
    }
    return 'written';
  }
  // Of the same window, ours counts calls that are under way and not yet in Procore's count.
  const isLater = window === undefined || told.resetAt - window.resetAt > windowSeconds[kind] / 2;
  const next = { limit: told.limit, resetAt: told.resetAt, used: isLater ? used : Math.max(used, window.used) };
  const outcome = await view.store.replaceWindow(kind, window, next);
  if (outcome === 'written') view.known = { ...view.known, [kind]: next };
  return outcome;
}

function measure({ measured, observer }: BudgetView, kind: LimitKind, { limit, remaining }: ToldLimit): void {
  const percent = Math.floor((100 * remaining) / limit);
  if (measured[kind] === percent) return;
  measured[kind] = percent;
  observer.count(kind === 'hour' ? 'rateBudgetHourLeftPercent' : 'rateBudgetSpikeLeftPercent', percent);
}

/** What an answer's headers tell of one limit; `resetAt` in epoch seconds on Procore's clock. */
export interface ToldLimit {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAt: number;
}

function withUsed(budget: SharedBudget, calls: number): SharedBudget {
  return {
    ...budget,
    ...(budget.hour && { hour: { ...budget.hour, used: budget.hour.used + calls } }),
    ...(budget.spike && { spike: { ...budget.spike, used: budget.spike.used + calls } }),
  };
}

/**
 * Reads the limit that an answer tells of: the one that is likely to be hit first.
 *
 * @returns undefined when the headers are missing or unreadable
 */
export function readLimit(headers: Headers): ToldLimit | undefined {
  const [limit, remaining, resetAt] = ['limit', 'remaining', 'reset'].map((name) => {
    const text = headers.get(`x-rate-limit-${name}`)?.trim() ?? '';
    return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  });
  if (limit === undefined || remaining === undefined || resetAt === undefined || limit < 1) return undefined;
  return { limit, remaining: Math.min(remaining, limit), resetAt };
}

/** A reset that neither limit can have is ignored. Otherwise it would stop everybody once the limit is used up. */
function believable(told: ToldLimit | undefined, now: number): ToldLimit | undefined {
  return told !== undefined && told.resetAt - now > 2 * windowSeconds.hour ? undefined : told;
}

/** Procore does not say which limit it reports: one that resets later than the short window can is the hourly one. */
function kindOf(told: ToldLimit, { hour }: SharedBudget, now: number): LimitKind {
  if (told.resetAt - now > windowSeconds.spike + resetMarginSeconds) return 'hour';
  const endsWithHour = hour !== undefined && hour.limit === told.limit && Math.abs(hour.resetAt - told.resetAt) <= 2;
  return endsWithHour ? 'hour' : 'spike';
}
