import type { Clock } from '../clock.ts';
import type { BudgetWrite, RateBudgetStore } from './rate-budget-store.ts';
import { learned, type ToldAnswer } from './rate-learned.ts';
import type { ToldWindow } from './rate-limit-headers.ts';
import { missingFrom, namedWindow } from './rate-named-window.ts';
import { narrowed } from './rate-next-window.ts';
import { type BudgetClass, leaseOf } from './rate-room.ts';
import {
  type BudgetState,
  countsOf,
  isSameReset,
  type RateWindow,
  unknownBudget,
  type WindowCounts,
} from './rate-windows.ts';

/** What has happened under a version of the budget, and is put down to it with the next write. */
export interface Due {
  readonly version: number;
  /** Whose calls are given back. */
  readonly budgetClass?: BudgetClass;
  /** Calls that were not made. */
  readonly back: number;
  /** Calls that were made. */
  readonly sent: number;
}

type Additions = Readonly<Record<number, Partial<WindowCounts>>>;

/** What is known is used for so many seconds without being read again; `busy` where a window is half used up. */
const believedSeconds = { idle: 1, busy: 0.05, uncounted: 30 };
/** A call that was made so many seconds ago is counted at Procore, but for a few. */
const settledSeconds = 2;
/** A process that has not looked for so many seconds does not know what the others have made meanwhile. */
const longAgoSeconds = 30;
/** Of leases up to so many calls, what was taken so many seconds ago was made or given back. */
const smallLease = { calls: 3, seconds: 4 };
/** So many calls that were made and not counted as such are worth a write in a short window. */
const worthTelling = 3;
/** After so many answers in a row that do not name a window, although it must be the nearest one, it is forgotten. */
const mostMissing = 3;

/** One budget as this process knows it. Everything that changes it is written on condition that nobody else has. */
export class SharedBudget {
  /** What was last read or written. */
  known: BudgetState = unknownBudget;
  /** What was known when there was a limit: also after others have emptied it, because its calls count in others now. */
  lastLimited: BudgetState = unknownBudget;
  #knownAt = Number.NEGATIVE_INFINITY;
  #isEmpty = false;
  #due: readonly Due[] = [];
  /** How many calls were made, as it was known at some time. */
  #earlier: readonly { readonly at: number; readonly state: BudgetState }[] = [];
  readonly #missing = new Map<number, number>();
  /** How many calls of a window answers have told, by slot: those are not under way. */
  readonly #told = new Map<number, { readonly resetAt: number; readonly used: number }>();
  readonly #name: string;
  readonly #store: RateBudgetStore;
  readonly #clock: Clock;
  readonly #wider: () => BudgetState | undefined;

  /** @param wider the budget to begin with, when nothing is stored */
  constructor(name: string, store: RateBudgetStore, clock: Clock, wider: () => BudgetState | undefined) {
    this.#name = name;
    this.#store = store;
    this.#clock = clock;
    this.#wider = wider;
  }

  /** Reads the budget. */
  async reread(): Promise<BudgetState> {
    const askedAt = this.#clock();
    const state = await this.#store.read(this.#name);
    this.#isEmpty = state.windows.length === 0 && !state.isUncounted;
    const wider = this.#isEmpty ? this.#wider() : undefined;
    this.known = wider === undefined ? state : narrowed(state, wider);
    this.#knownAt = askedAt;
    this.#remember();
    return this.known;
  }

  #remember(): void {
    if (this.known.windows.some(({ isTrial }) => !isTrial)) this.lastLimited = this.known;
    const now = this.#clock();
    const [before, last] = this.#earlier.slice(-2);
    // The newest stays, however soon it came after the one before it: perhaps nothing happens for a long time then.
    const isClose = before !== undefined && last !== undefined && last.at - before.at < settledSeconds / 8;
    if (isClose) this.#earlier = this.#earlier.slice(0, -1);
    const settled = this.#earlier.findLastIndex(({ at }) => now - at >= smallLease.seconds);
    this.#earlier = [...this.#earlier.slice(Math.max(0, settled)), { at: now, state: this.known }];
  }

  /** Reads the budget if it was read longer ago; unless told, than is right for how busy it is. */
  async refresh(maxAgeSeconds = believedSeconds[this.#load()]): Promise<BudgetState> {
    return this.#clock() - this.#knownAt > maxAgeSeconds ? this.reread() : this.known;
  }

  #load(): keyof typeof believedSeconds {
    if (this.known.isUncounted) return 'uncounted';
    const isBusy = (window: RateWindow) => countsOf(this.known, window).used * 2 >= window.limit || window.scoutUntil;
    return this.known.windows.some(isBusy) ? 'busy' : 'idle';
  }

  /** Keeps something until the next write. */
  owe(due: Due): void {
    this.#due = [...this.#due, due];
  }

  /** Whether a write would give calls back, or tell of calls that were made. */
  get owes(): boolean {
    return this.known.windows.some((window) => {
      const { used = 0, sent = 0 } = this.#dueOf(window);
      // Where answers do not say what remains, the last call beyond all others has to know that they were made.
      const isEachWorthIt = window.seconds > 120 || window.isRemainingUntold;
      return used < 0 || (!this.#isSmall && sent >= (isEachWorthIt ? 1 : worthTelling));
    });
  }

  /** Whether leases are so small that what was taken is soon made, which then need not be told: the smallest limit decides. */
  get #isSmall(): boolean {
    return this.known.windows.some((window) => !window.isTrial && leaseOf(window) <= smallLease.calls);
  }

  #dueOf({ slot, openedIn }: RateWindow): Partial<WindowCounts> {
    // What was taken in an earlier window does not count in this one.
    const due = this.#due.filter(({ version }) => version >= openedIn);
    const back = due.reduce((sum, each) => sum + each.back, 0);
    const foreground = due.reduce((sum, each) => sum + (each.budgetClass === 'foreground' ? each.back : 0), 0);
    const stored = countsOf(this.known, { slot });
    return {
      used: -Math.min(back, stored.used),
      foreground: -Math.min(foreground, stored.foreground),
      sent: Math.max(
        -stored.sent,
        due.reduce((sum, each) => sum + each.sent, 0),
      ),
    };
  }

  /**
   * Tells how many calls of a window had been made some time ago, so that Procore surely counts them by now.
   *
   * @param count `used` for those that were made then, or are given back
   * @returns by slot; nothing for a window that was not seen then
   */
  settled(count: 'sent' | 'used' = 'sent'): Readonly<Record<number, number>> {
    const now = this.#clock();
    const seen = (seconds: number) => this.#earlier.findLast(({ at }) => now - at >= seconds);
    const earlier = (seconds: number) => seen(seconds)?.state;
    // Who has not looked for long takes hours of calls for calls that are under way. Those are a few of what was made.
    const isLongAgo = now - (seen(settledSeconds)?.at ?? now) > longAgoSeconds;
    const made = (window: RateWindow) =>
      count === 'used' && isLongAgo ? countsOf(this.known, window).sent - Math.ceil(leaseOf(window) / 4) : 0;
    const [state, of] =
      count === 'sent' && this.#isSmall
        ? [earlier(smallLease.seconds), 'used' as const]
        : [earlier(settledSeconds), count];
    const settled = this.known.windows.flatMap((window) => {
      const isSeen = state !== undefined && state.version >= window.openedIn;
      return isSeen ? [[window.slot, Math.max(countsOf(state, window)[of], made(window))] as const] : [];
    });
    return Object.fromEntries(settled);
  }

  /** Who has only just begun cannot tell which of its calls Procore counts; where answers do not either, none of them. */
  #sentAtFirst(window: RateWindow): number {
    const first = this.#earlier[0]?.state;
    return first !== undefined && first.version >= window.openedIn ? countsOf(first, window).sent : 0;
  }

  /** What is known, where `sent` are those of {@link settled}: of a window that has only just begun, all may be on their way. */
  #withSettled(count: 'sent' | 'used'): BudgetState {
    const settled = this.settled(count);
    const now = this.#clock();
    const earlier = this.#earlier.findLast(({ at }) => now - at >= settledSeconds);
    const counts = this.known.windows.map((window) => {
      const stored = countsOf(this.known, window);
      const isNew =
        earlier !== undefined && now - earlier.at < 3 * settledSeconds && earlier.state.version < window.openedIn;
      const isBegun = earlier === undefined && window.isRemainingUntold;
      const made = isNew ? 0 : isBegun ? this.#sentAtFirst(window) : stored.sent;
      const told = this.#told.get(window.slot);
      const isOfIt = window.isTold && told !== undefined && isSameReset(told.resetAt, window.toldReset);
      const counted = isOfIt ? told.used : 0;
      return [window.slot, { ...stored, sent: Math.max(counted, settled[window.slot] ?? made) }];
    });
    return { ...this.known, counts: { ...this.known.counts, ...Object.fromEntries(counts) } };
  }

  /**
   * Makes a write, with all that is due.
   *
   * @returns false when somebody has changed the budget: it has to be read again
   */
  async write(wanted: Omit<BudgetWrite, 'seen' | 'add'>, add: Additions = {}): Promise<boolean> {
    const { change } = wanted;
    const settled = this.#due;
    const all: Record<number, Partial<WindowCounts>> = { ...add };
    for (const window of this.known.windows) {
      const isKept = (change?.windows ?? this.known.windows).some(({ slot }) => slot === window.slot);
      if (isKept && change?.set[window.slot] === undefined)
        all[window.slot] = plus(all[window.slot], this.#dueOf(window));
    }
    const touched = Object.entries(all).filter(([, counts]) => Object.values(counts).some((count) => count !== 0));
    const write = { seen: this.known.version, ...wanted, add: Object.fromEntries(touched) };
    // Another write at the same time must not settle it again.
    this.#due = [];
    const counts = await this.#store.write(this.#name, write);
    if (counts === 'refused') {
      this.#due = [...settled, ...this.#due];
      this.forget();
      return false;
    }
    const { known } = this;
    if (change) this.#isEmpty = change.windows.length === 0 && !change.isUncounted;
    this.known = {
      ...known,
      ...(change && { version: known.version + 1, windows: change.windows, isUncounted: change.isUncounted ?? false }),
      counts: { ...known.counts, ...counts },
    };
    this.#knownAt = this.#clock();
    this.#remember();
    return true;
  }

  /** Whether others have emptied it, because its calls count in others now. @param since on this process's clock */
  isEmptiedAfter(since: number): boolean {
    return this.known.version > 0 && this.#isEmpty && this.#knownAt > since;
  }

  /** Empties it, so that everybody looks again what calls count by. */
  async empty(): Promise<void> {
    while (!this.#isEmpty && !(await this.write({ change: { windows: [], set: {} } }))) await this.reread();
  }

  /** Empties it, if anything is stored and this process has not seen it empty. */
  async leave(): Promise<void> {
    if (this.#isEmpty) return;
    await this.reread();
    await this.empty();
  }

  /** When it was read or written, on this process's clock. */
  get knownAt(): number {
    return this.#knownAt;
  }

  /** Has the budget read before it is used again. */
  forget(): void {
    this.#knownAt = Number.NEGATIVE_INFINITY;
  }

  /** Counts an answer, and learns the window that it tells. */
  async learn(answer: ToldAnswer): Promise<void> {
    const { told, isRefused } = answer;
    this.#noteTold(told);
    for (let round = 0; round < 3; round++) {
      // Its calls count in others now. What was let go before must not fill it again.
      if (this.#isEmpty && answer.version < this.known.version) return;
      const news = learned(this.#withSettled('used'), answer);
      if (news === undefined) break;
      // What others have taken since we looked is counted already, and belongs in what the next window is expected to need.
      if (this.#clock() - this.#knownAt > believedSeconds.busy) {
        await this.reread();
        continue;
      }
      const { change, raise } = news;
      const stored = raise && countsOf(this.known, raise).used;
      const raised =
        raise && stored !== undefined ? { [raise.slot]: { used: raise.used - stored, sent: raise.used - stored } } : {};
      const atMost = raise && stored !== undefined ? { [raise.slot]: stored } : {};
      if (await this.write({ ...(change && { change }), atMost }, raised)) break;
      await this.reread();
    }
    if (!isRefused) await this.#forgetMissing(told);
  }

  #noteTold(told: ToldWindow): void {
    const window = namedWindow(this.known.windows, told);
    if (!window?.isTold || told.limit !== window.limit || !isSameReset(told.resetAt, window.toldReset)) return;
    const before = this.#told.get(window.slot);
    const isSame = before !== undefined && isSameReset(before.resetAt, told.resetAt);
    this.#told.set(window.slot, { resetAt: told.resetAt, used: Math.max(told.used, isSame ? before.used : 0) });
  }

  async #forgetMissing(told: ToldWindow): Promise<void> {
    const settled = this.settled();
    const slots = missingFrom(this.#withSettled('sent'), told).filter((slot) => settled[slot] !== undefined);
    for (const { slot } of this.known.windows) {
      this.#missing.set(slot, slots.includes(slot) ? (this.#missing.get(slot) ?? 0) + 1 : 0);
    }
    const gone = slots.filter((slot) => (this.#missing.get(slot) ?? 0) >= mostMissing);
    if (gone.length === 0) return;
    const windows = this.known.windows.filter(({ slot }) => !gone.includes(slot));
    await this.write({ change: { windows, set: {} } });
  }

  /** Keeps that answers tell no limit. */
  async learnNoLimit(): Promise<void> {
    if (this.known.isUncounted || this.known.windows.some(({ isTrial }) => !isTrial)) return;
    await this.write({ change: { windows: [], set: {}, isUncounted: true } });
  }
}

function plus(one: Partial<WindowCounts> = {}, other: Partial<WindowCounts>): Partial<WindowCounts> {
  const sum = (count: keyof WindowCounts) => (one[count] ?? 0) + (other[count] ?? 0);
  return { used: sum('used'), foreground: sum('foreground'), sent: sum('sent'), missed: sum('missed') };
}
