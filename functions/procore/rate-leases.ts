import type { Clock, Sleep } from '../clock.ts';
import type { ProcoreClock } from './rate-clock.ts';
import { type BudgetClass, roomFor } from './rate-room.ts';
import type { SharedBudget } from './rate-shared-budget.ts';
import { type BudgetState, countsOf, seenAt } from './rate-windows.ts';

/** A call that was let go, and what was known then. */
export interface Permit {
  /** The name of the budget in which it counts; absent when it was not counted. */
  readonly budget?: string;
  /** The version of the budget under which it was let go. */
  readonly version: number;
  /** On our clock. */
  readonly sentAt: number;
  /** Calls that had been made some time before, by slot. */
  readonly sent: Readonly<Record<number, number>>;
  /** Stands for whose calls it would count with in a narrower scope; absent where there is none, and of a write. */
  readonly owner?: number;
  /** It is one more than the limit allows, by our count. */
  readonly isBeyond?: true;
}

/** Why no call was let go. */
export interface Held {
  readonly waitSeconds: number;
  /** It is worth looking again by then. */
  readonly lookAgainSeconds?: number;
  /** The scope has changed: look at once under which budget the call counts now. */
  readonly isMoved?: true;
}

/** What {@link Leases} need. */
export interface LeaseDependencies {
  readonly clock: Clock;
  readonly procoreClock: ProcoreClock;
  readonly sleep: Sleep;
  /** Tells that calls of this budget count in others now. */
  readonly isMoved: (state: BudgetState) => boolean;
  /** Told of what the store throws when nobody waits for it. */
  readonly onLost: (error: unknown) => void;
}

/** Calls that are taken, but not yet made. */
interface Lease {
  calls: number;
  /** Those of them that are counted as made already. */
  counted: number;
  readonly version: number;
  /** On Procore's clock. */
  readonly endsAt: number;
  /** It is one more than the limit allows, by our count, and not for this owner. */
  readonly beyond?: { readonly seenBy: number };
}

/** A call that waits. */
interface Waiter {
  /** Stands for whose calls it would count with in a narrower scope; absent where there is none, and of a write. */
  readonly owner?: number;
}

/** Calls of one class that wait together. */
interface Pause {
  /** On our clock. */
  readonly until: number;
  readonly over: Promise<void>;
  /** Ends it at once. */
  readonly end: () => void;
}

/** After so many lost races in a row it waits for a moment, so that others go first. */
const mostRounds = 5;
const lostRacesSeconds = 0.2;
/**
 * Waits are longer by up to so much, in seconds, so that those who wait for the same moment do not all come in it. It
 * grows with each lost race and shrinks with each write, so that where many wait, about as many come in a second.
 */
const spreadSeconds = { least: 0.25, most: 1 };
/** After so many seconds without a call, what is left of a lease is given back. */
const idleSeconds = 1;

/**
 * The calls of one budget that this process may make. They are taken before they are made, several in one write: as many
 * as wait, and as many more as were wanted one after the other until now. What nobody wants for a second is given back.
 */
export class Leases {
  readonly budget: SharedBudget;
  readonly #name: string;
  readonly #dependencies: LeaseDependencies;
  readonly #held: { [Class in BudgetClass]?: Lease | undefined } = {};
  readonly #filling: { [Class in BudgetClass]?: Promise<Held | undefined> | undefined } = {};
  readonly #waiting: Record<BudgetClass, Set<Waiter>> = { foreground: new Set(), background: new Set() };
  readonly #pauses: Record<BudgetClass, Set<Pause>> = { foreground: new Set(), background: new Set() };
  #streak = 0;
  #spreadSeconds = spreadSeconds.least;
  #lastGrant = Number.NEGATIVE_INFINITY;
  #isWatched = false;

  constructor(name: string, budget: SharedBudget, dependencies: LeaseDependencies) {
    this.#name = name;
    this.budget = budget;
    this.#dependencies = dependencies;
  }

  /** How much longer than it must a call waits, at most, in seconds. */
  get spreadSeconds(): number {
    return this.#spreadSeconds;
  }

  /** Says that a call waits, until what is returned is called: leases are taken for all that wait. */
  wait(budgetClass: BudgetClass, waiter: Waiter): () => void {
    const waiting = this.#waiting[budgetClass];
    const isNew = waiting.size === 0;
    if (isNew && this.#dependencies.clock() - this.#lastGrant > 2 * idleSeconds) this.#streak = 0;
    waiting.add(waiter);
    return () => waiting.delete(waiter);
  }

  /**
   * Waits as long, or less when others of the class wait already, or a lease comes. They all go on at once, so that one look
   * and one lease serve all of them.
   */
  async pause(budgetClass: BudgetClass, seconds: number): Promise<void> {
    const until = this.#dependencies.clock() + seconds;
    const running = this.#pauses[budgetClass];
    const soonest = [...running].find((pause) => pause.until <= until);
    if (soonest !== undefined) return soonest.over;
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const pause = { until, end, over: Promise.race([ended, this.#dependencies.sleep(seconds * 1000)]) };
    running.add(pause);
    await pause.over.finally(() => running.delete(pause));
  }

  /**
   * Lets a call go, by the lease that is held or a new one. What the store throws is thrown on.
   *
   * @param owner whose call it is; as told to {@link wait}
   */
  async take(budgetClass: BudgetClass, { owner }: Waiter = {}): Promise<Permit | Held> {
    for (;;) {
      const permit = this.#grant(budgetClass, owner);
      if (permit !== undefined) return permit;
      this.#filling[budgetClass] ??= this.#fill(budgetClass).finally(() => {
        this.#filling[budgetClass] = undefined;
      });
      const held = await this.#filling[budgetClass];
      if (held !== undefined) return held;
      if (this.budget.known.isUncounted) return this.#permit(this.budget.known.version, owner);
    }
  }

  #grant(budgetClass: BudgetClass, owner?: number): Permit | undefined {
    const { clock, procoreClock } = this.#dependencies;
    const lease = this.#held[budgetClass];
    if (lease === undefined || lease.calls < 1) return undefined;
    if (lease.beyond !== undefined && (owner === undefined || owner === lease.beyond.seenBy)) return undefined;
    const now = procoreClock.earliest();
    if (now >= lease.endsAt || this.budget.known.pausedUntil > now) {
      this.#drop(budgetClass);
      return undefined;
    }
    lease.calls -= 1;
    if (lease.counted > 0) lease.counted -= 1;
    else this.budget.owe({ version: lease.version, back: 0, sent: 1 });
    this.#streak += 1;
    this.#lastGrant = clock();
    if (lease.calls > 0 || this.budget.owes) this.#watch();
    return { ...this.#permit(lease.version, owner), ...(lease.beyond && { isBeyond: true }) };
  }

  #permit(version: number, owner?: number): Permit {
    const sentAt = this.#dependencies.clock();
    const sent = this.budget.settled();
    return { budget: this.#name, version, sentAt, sent, ...(owner !== undefined && { owner }) };
  }

  /** Takes a lease. @returns how long to wait when there is no room; undefined when there is a lease or no need of one */
  async #fill(budgetClass: BudgetClass): Promise<Held | undefined> {
    const { procoreClock, isMoved } = this.#dependencies;
    const { budget } = this;
    for (let round = 0; round < mostRounds; round++) {
      const known = await budget.refresh();
      procoreClock.learnAtLeast(seenAt(known));
      if (isMoved(known)) return { waitSeconds: 0, isMoved: true };
      const ahead = known.windows.every(({ isTrial }) => isTrial) ? 0 : Math.max(0, this.#streak - 1);
      const waiters = [...this.#waiting[budgetClass]];
      const owners = waiters.flatMap(({ owner }) => owner ?? []);
      const demand = { waiting: Math.max(1, waiters.length), later: ahead, settled: budget.settled(), owners };
      const room = roomFor(known, demand, budgetClass, procoreClock);
      if (room.kind === 'uncounted') return undefined;
      if (room.kind === 'wait') {
        if (room.reason === 'full' && budgetClass === 'foreground') await this.#markMissed();
        return { waitSeconds: room.seconds, lookAgainSeconds: room.lookAgainSeconds };
      }
      const { calls, opening, ceilings, beyond } = room;
      // Those that wait are made at once.
      const sent = Math.min(calls, this.#waiting[budgetClass].size);
      const counted = { used: calls, sent, ...(budgetClass === 'foreground' && { foreground: calls }) };
      const windows = opening?.windows ?? known.windows;
      const isTaken = await budget.write(
        {
          ...(opening && { change: opening }),
          atMost: Object.fromEntries(Object.entries(ceilings).map(([slot, most]) => [slot, most - calls])),
          notPausedAt: procoreClock.earliest(),
        },
        Object.fromEntries(windows.map(({ slot }) => [slot, counted])),
      );
      this.#spreadSeconds = Math.min(
        spreadSeconds.most,
        Math.max(spreadSeconds.least, this.#spreadSeconds * (isTaken ? 0.8 : 2)),
      );
      if (!isTaken) continue;
      const endsAt = Math.min(...windows.map(({ resetAt }) => resetAt));
      const { version } = budget.known;
      this.#held[budgetClass] = { calls, counted: sent, version, endsAt, ...(beyond && { beyond }) };
      // They are counted as made, so they must not sleep on: fewer at Procore than here would look like a narrower scope.
      for (const pause of this.#pauses[budgetClass]) pause.end();
      return undefined;
    }
    return { waitSeconds: lostRacesSeconds };
  }

  /** Says once of a window that the background has taken what the foreground wants. */
  async #markMissed(): Promise<void> {
    const { known } = this.budget;
    const slots = known.windows
      .map((window) => ({ ...window, ...countsOf(known, window) }))
      .filter(({ missed, used, foreground, limit }) => missed === 0 && used - foreground > limit * 0.05 + 2);
    if (slots.length > 0)
      await this.budget.write({}, Object.fromEntries(slots.map(({ slot }) => [slot, { missed: 1 }])));
  }

  #drop(budgetClass: BudgetClass): void {
    const lease = this.#held[budgetClass];
    this.#held[budgetClass] = undefined;
    if (lease === undefined || lease.calls < 1) return;
    const { version, calls, counted } = lease;
    this.budget.owe({ version, budgetClass, back: calls, sent: -counted });
  }

  /** Gives back what nobody has wanted for a while. */
  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    const { clock, sleep, onLost } = this.#dependencies;
    const look = async (): Promise<void> => {
      do await sleep(idleSeconds * 1000);
      while (clock() - this.#lastGrant < idleSeconds);
      this.#isWatched = false;
      await this.giveBack();
    };
    look().catch(onLost);
  }

  /** Gives back what is left of the leases. */
  async giveBack(): Promise<void> {
    this.#drop('foreground');
    this.#drop('background');
    for (let round = 0; round < 2 && this.budget.owes; round++) {
      if (await this.budget.write({})) return;
      await this.budget.reread();
    }
  }
}
