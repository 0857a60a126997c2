import type { BudgetState, WindowChange, WindowCounts } from './rate-windows.ts';

/** One write of a scope's state, if nobody has changed its windows since. */
export interface BudgetWrite {
  /** The version that was seen. */
  readonly seen: number;
  /** Replaces the windows, and raises the version by one. */
  readonly change?: WindowChange;
  /** What is added to counts, by slot, after those of `change` are set. */
  readonly add?: Readonly<Record<number, Partial<WindowCounts>>>;
  /** How many may be `used` in a slot before, at most. */
  readonly atMost?: Readonly<Record<number, number>>;
  /** Refused while there is a pause after this time. */
  readonly notPausedAt?: number;
}

/** Where budgets are kept; every change is one conditional write. An error leaves open whether it took effect. */
export interface RateBudgetStore {
  /**
   * Strongly consistent.
   *
   * @param scope whose budget: `app`, or a company's or a token's
   */
  read(scope: string): Promise<BudgetState>;
  /** @returns the counts that the write has touched, as they are now; `refused` when a condition did not hold */
  write(scope: string, write: BudgetWrite): Promise<Readonly<Record<number, WindowCounts>> | 'refused'>;
  /** Sets the pause if it is later than the one stored. @param by status of the answer that asked for it */
  pauseUntil(scope: string, until: number, by: number): Promise<void>;
  /** Keeps what Procore counts by, if it is still what was seen. */
  replaceScope(seen: string | undefined, next: string): Promise<'written' | 'refused'>;
}
