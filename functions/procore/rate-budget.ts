import type { Clock, RandomFraction, RemainingTime, Sleep } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { RateBudgetStore } from './rate-budget-store.ts';
import { type ProcoreClock, procoreClock } from './rate-clock.ts';
import { Leases, type Permit } from './rate-leases.ts';
import { readWindow, type ToldWindow } from './rate-limit-headers.ts';
import { isRateScope, type RateScope } from './rate-limit-scope.ts';
import { type BackgroundRoom, type BudgetClass, backgroundRoom } from './rate-room.ts';
import { appScope, budgetOf, type CallOwner, ownerOf, scopeShownBy, wider } from './rate-scope.ts';
import { SharedBudget } from './rate-shared-budget.ts';
import { type BudgetState, seenAt } from './rate-windows.ts';
import { backOffCeilingMs } from './retry.ts';

/** A call that asks to be let go. */
export interface BudgetedCall extends CallOwner {
  readonly budgetClass: BudgetClass;
  /** It changes something at Procore, so it is not the one that finds out what is allowed. */
  readonly isWrite: boolean;
}

/** Whether a call may be made now. */
export type Allowance =
  | Permit
  /** It takes longer until it may be made than there is time. */
  | { readonly waitSeconds: number }
  /** Nobody has told a limit yet: read something first. */
  | { readonly isLimitUnknown: true };

/** What an answer says of the budget. */
export interface BudgetAnswer {
  readonly status: number;
  readonly headers: Pick<Headers, 'get'>;
  /** How long a 429 or 503 asks everybody to wait. */
  readonly retryAfterSeconds?: number;
}

/** The client asks it before a call, and tells it what the answer said. It throws nothing. */
export interface RateBudget {
  /**
   * Waits until a call may be made, up to the time that is left.
   *
   * @param remaining milliseconds left
   */
  acquire(call: BudgetedCall, remaining: RemainingTime): Promise<Allowance>;
  /** Learns from the answer to a call that was let go. */
  learn(permit: Permit, answer: BudgetAnswer): Promise<void>;
  /**
   * Tells how many calls of background work there are for the whole app.
   *
   * @returns undefined when nothing limits all of an app's calls together, as far as is known
   */
  backgroundRoom(): Promise<BackgroundRoom | undefined>;
  /** Gives back what was taken and not used. Called when a process may be frozen or ends. */
  release(): Promise<void>;
}

/** What a {@link RateBudget} needs. */
export interface BudgetDependencies {
  readonly store: RateBudgetStore;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly randomFraction: RandomFraction;
  readonly observer: Observer;
  /**
   * What Procore counts by.
   *
   * @default it is learned from the answers
   */
  readonly scope?: RateScope;
}

/** What Procore counts by is looked up again after so many seconds; more often in the first minute of a process. */
const scopeSeconds = { first: 1, later: 10 };
/** Windows up to this length are short ones, in seconds. */
const shortSeconds = 60;

/**
 * Shares Procore's rate limits among all invocations: each call is counted before it is made, so that together they
 * never make more than Procore allows. Windows, limits and what they are counted by are learned from the answers.
 *
 * When the store fails, calls go on uncounted: Procore's own 429 is then the limit.
 *
 * @see https://developers.procore.com/documentation/rate-limiting ("They can change at any time")
 */
export function sharedRateBudget(dependencies: BudgetDependencies): RateBudget {
  return new LearnedRateBudget(dependencies);
}

class LearnedRateBudget implements RateBudget {
  readonly #dependencies: BudgetDependencies;
  readonly #procoreClock: ProcoreClock;
  readonly #startedAt: number;
  readonly #leases = new Map<string, Leases>();
  /** How many 429s in a row have said nothing of how long to wait, by budget. */
  readonly #silent = new Map<string, number>();
  /** The percentage left that was last told as a metric. */
  readonly #measured = new Map<string, number>();

  constructor(dependencies: BudgetDependencies) {
    this.#dependencies = dependencies;
    this.#procoreClock = procoreClock(dependencies.clock);
    this.#startedAt = dependencies.clock();
  }

  /** @param from the budget in which the calls counted, when the scope was a wider one */
  #leasesOf(name: string, from = appScope): Leases {
    const { store, clock, sleep, scope: fixed } = this.#dependencies;
    const found = this.#leases.get(name);
    if (found !== undefined) return found;
    const wider = () =>
      name === appScope ? undefined : (this.#leases.get(from) ?? this.#leasesOf(appScope)).budget.lastLimited;
    const made: Leases = new Leases(name, new SharedBudget(name, store, clock, wider), {
      clock,
      sleep,
      procoreClock: this.#procoreClock,
      isMoved: ({ scope = appScope }: BudgetState) => {
        if (fixed !== undefined) return false;
        // A scope of a later version counts by the app here, as if there were none.
        if (name === appScope) return isRateScope(scope) && scope !== appScope;
        const app = this.#leasesOf(appScope).budget;
        if (!made.budget.isEmptiedAfter(app.knownAt)) return false;
        app.forget();
        return true;
      },
      onLost: (error) => this.#noteLost(error),
    });
    this.#leases.set(name, made);
    return made;
  }

  #noteLost(error: unknown): void {
    this.#dependencies.observer.note('budget.unavailable', { errorName: errorName(error) });
  }

  async #scope(): Promise<RateScope> {
    if (this.#dependencies.scope !== undefined) return this.#dependencies.scope;
    const isFirst = this.#dependencies.clock() - this.#startedAt < 60;
    const { scope } = await this.#leasesOf(appScope).budget.refresh(isFirst ? scopeSeconds.first : scopeSeconds.later);
    return isRateScope(scope) ? scope : 'app';
  }

  async acquire(call: BudgetedCall, remaining: RemainingTime): Promise<Allowance> {
    const { clock, randomFraction, scope: fixed } = this.#dependencies;
    let own: Leases | undefined;
    let stopWaiting = () => {};
    try {
      for (;;) {
        const scope = await this.#scope();
        const from = budgetOf(wider(scope), call);
        const counted = this.#leasesOf(budgetOf(scope, call), from);
        const owner = call.isWrite || fixed !== undefined ? undefined : ownerOf(scope, call);
        const waiter = owner === undefined ? {} : { owner };
        if (counted !== own) {
          stopWaiting();
          own = counted;
          stopWaiting = own.wait(call.budgetClass, waiter);
        }
        if (call.isWrite && (await isLimitUnknown(own.budget))) return { isLimitUnknown: true };
        const taken = await own.take(call.budgetClass, waiter);
        if (!('waitSeconds' in taken)) {
          const left = this.#left(from, taken);
          if (left !== undefined) await left.leave();
          return taken;
        }
        if (taken.isMoved) continue;
        const { waitSeconds, lookAgainSeconds = waitSeconds } = taken;
        const spread = own.spreadSeconds * randomFraction();
        if ((waitSeconds + spread) * 1000 >= remaining()) return { waitSeconds: Math.ceil(waitSeconds) };
        await own.pause(call.budgetClass, lookAgainSeconds + spread);
      }
    } catch (error) {
      this.#noteLost(error);
      return { version: 0, sentAt: clock(), sent: {} };
    } finally {
      stopWaiting();
    }
  }

  /**
   * Finds the budget in which calls of this kind counted before. It is emptied, so that whoever still counts there looks at
   * the scope at once; not before a call was let go in the new one: until then, a used-up one says that calls must wait.
   */
  #left(from: string, { budget }: Permit): SharedBudget | undefined {
    // The scope is kept with the app's budget itself: who counts there sees it.
    const isLeft = this.#dependencies.scope === undefined && from !== appScope && from !== budget;
    return isLeft ? this.#leasesOf(from).budget : undefined;
  }

  async backgroundRoom(): Promise<BackgroundRoom | undefined> {
    try {
      if ((await this.#scope()) !== appScope) return undefined;
      const state = await this.#leasesOf(appScope).budget.reread();
      this.#procoreClock.learnAtLeast(seenAt(state));
      return backgroundRoom(state, this.#procoreClock);
    } catch (error) {
      this.#noteLost(error);
      return undefined;
    }
  }

  async learn(permit: Permit, answer: BudgetAnswer): Promise<void> {
    const { store, observer } = this.#dependencies;
    const { status, headers, retryAfterSeconds } = answer;
    this.#procoreClock.learn(headers, permit.sentAt);
    const latest = this.#procoreClock.latest();
    const told = readWindow(headers, status, latest);
    if (told !== undefined) this.#measure(told);
    if (permit.budget === undefined) return;
    const { budget } = this.#leasesOf(permit.budget);
    try {
      // What others have taken since is counted already.
      if (status === 429) await budget.reread();
      if (told !== undefined) await this.#learnScope(permit, status, told, budget.known);
      const pauseSeconds = retryAfterSeconds ?? this.#silentPause(permit.budget, status);
      if (pauseSeconds !== undefined) {
        await store.pauseUntil(permit.budget, latest + pauseSeconds, status);
        await budget.reread();
      }
      const { version, owner, isBeyond } = permit;
      const how = { isRefused: status === 429, ...(owner !== undefined && { owner }), ...(isBeyond && { isBeyond }) };
      if (told !== undefined) await budget.learn({ told, version, latest, ...how });
      // A gateway that answers for Procore knows nothing of its limits.
      else if (status < 500 && status !== 429) await budget.learnNoLimit();
    } catch (error) {
      observer.note('budget.unlearned', { errorName: errorName(error) });
    }
  }

  /** How long all wait after a 429 that does not say how long: ever longer, until a call is answered. */
  #silentPause(budget: string, status: number): number | undefined {
    const tries = status === 429 ? (this.#silent.get(budget) ?? 0) + 1 : 0;
    this.#silent.set(budget, tries);
    return tries === 0 ? undefined : backOffCeilingMs(tries) / 1000;
  }

  /** Learns what Procore counts by. */
  async #learnScope(permit: Permit, status: number, told: ToldWindow, known: BudgetState): Promise<void> {
    const { scope: fixed, store, observer } = this.#dependencies;
    const name = permit.budget;
    if (fixed !== undefined || name === undefined) return;
    const app = this.#leasesOf(appScope).budget;
    const stored = app.known.scope;
    const scope = isRateScope(stored) ? stored : 'app';
    if (!name.startsWith(scope)) return;
    const next = scopeShownBy(scope, known, { ...permit, status, told });
    if (next === scope) return;
    const outcome = await store.replaceScope(stored, next);
    if (outcome === 'written') observer.note('budget.scope_learned', { outcome: next });
    app.forget();
    if (outcome === 'written' && name !== appScope) await this.#leasesOf(name).budget.empty();
  }

  #measure({ limit, remaining, length }: ToldWindow): void {
    if (remaining === undefined) return;
    const metric = length > shortSeconds ? 'rateBudgetLongLeftPercent' : 'rateBudgetShortLeftPercent';
    const percent = Math.floor((100 * remaining) / limit);
    if (this.#measured.get(metric) === percent) return;
    this.#measured.set(metric, percent);
    this.#dependencies.observer.count(metric, percent);
  }

  async release(): Promise<void> {
    try {
      await Promise.all([...this.#leases.values()].map((own) => own.giveBack()));
    } catch (error) {
      this.#noteLost(error);
    }
  }
}

async function isLimitUnknown(budget: SharedBudget): Promise<boolean> {
  const isUnknown = ({ windows, isUncounted }: BudgetState) => !isUncounted && windows.every(({ isTrial }) => isTrial);
  return isUnknown(budget.known) && isUnknown(await budget.reread());
}
