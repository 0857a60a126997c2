import type { Clock } from '../../functions/clock.ts';
import type { CompanyPause, CompanyPauseStore } from '../../functions/procore/company-pauses.ts';
import type { RateBudgetStore } from '../../functions/procore/rate-budget-store.ts';
import { type BudgetState, noCounts, unknownBudget, type WindowCounts } from '../../functions/procore/rate-windows.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** How long after its last write an item is there, in seconds. */
const keptSeconds = 24 * 3600;
/** How long after its last write a budget is there, in seconds. */
const budgetKeptSeconds = 14 * 24 * 3600;

/** Keeps rate budgets in this process; every call is atomic, and answers a tick later. */
export function memoryRateBudget(clock: Clock, faults?: PortFaults): RateBudgetStore {
  return memoryPort('rate budget', rateBudgetInMemory(clock), faults);
}

/** Keeps rate budgets in this process. */
export function rateBudgetInMemory(clock: Clock): RateBudgetStore {
  const items = new Map<string, { readonly state: BudgetState; readonly end: number }>();
  const current = (name: string): BudgetState => {
    const found = items.get(name);
    return found !== undefined && clock() < found.end ? found.state : unknownBudget;
  };
  const keep = (name: string, state: BudgetState) => items.set(name, { state, end: clock() + budgetKeptSeconds });
  return {
    async read(name) {
      return current(name);
    },
    async write(name, { seen, change, add = {}, atMost = {}, notPausedAt }) {
      const state = current(name);
      const isRefused =
        state.version !== seen ||
        (notPausedAt !== undefined && state.pausedUntil > notPausedAt) ||
        Object.entries(atMost).some(([slot, most]) => (state.counts[Number(slot)]?.used ?? 0) > most);
      if (isRefused) return 'refused';
      const touched: Record<number, WindowCounts> = { ...change?.set };
      for (const [slot, more] of Object.entries(add)) {
        touched[Number(slot)] = plus(touched[Number(slot)] ?? state.counts[Number(slot)] ?? noCounts, more);
      }
      keep(name, {
        ...state,
        ...(change && { version: seen + 1, windows: change.windows, isUncounted: change.isUncounted ?? false }),
        counts: { ...state.counts, ...touched },
      });
      return touched;
    },
    async pauseUntil(name, until, by) {
      const state = current(name);
      if (state.pausedUntil < until) keep(name, { ...state, pausedUntil: until, pausedBy: by });
    },
    async replaceScope(seen, next) {
      const state = current('app');
      if (state.scope !== seen) return 'refused';
      keep('app', { ...state, scope: next, version: state.version + 1 });
      return 'written';
    },
  };
}

function plus(
  one: WindowCounts,
  { used = 0, foreground = 0, sent = 0, missed = 0 }: Partial<WindowCounts>,
): WindowCounts {
  return {
    used: one.used + used,
    foreground: one.foreground + foreground,
    sent: one.sent + sent,
    missed: one.missed + missed,
  };
}

/** Keeps companies' pauses in this process. */
export function memoryCompanyPauses(clock: Clock, faults?: PortFaults): CompanyPauseStore {
  const pauses = new Map<string, { readonly pause: CompanyPause; readonly end: number }>();
  const store: CompanyPauseStore = {
    async read(companyId) {
      const found = pauses.get(companyId);
      return found !== undefined && clock() < found.end ? found.pause : undefined;
    },
    async write(companyId, pause) {
      pauses.set(companyId, { pause, end: clock() + keptSeconds });
    },
    async remove(companyId) {
      pauses.delete(companyId);
    },
  };
  return memoryPort('company pauses', store, faults);
}
