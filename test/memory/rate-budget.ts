import type { CompanyPause, CompanyPauseStore } from '../../functions/procore/company-pauses.ts';
import type { LimitKind, LimitWindow, RateBudgetStore, SharedBudget } from '../../functions/procore/rate-budget.ts';

const kinds: readonly LimitKind[] = ['hour', 'spike'];

/** Keeps a rate budget in this process; every call is atomic. */
export function memoryRateBudget(): RateBudgetStore {
  let budget: SharedBudget = {};
  const isStill = (kind: LimitKind, seen: LimitWindow | undefined) =>
    budget[kind]?.resetAt === seen?.resetAt && budget[kind]?.limit === seen?.limit;
  return {
    async read() {
      return budget;
    },
    async take(seen, calls, now) {
      const fits = kinds.every((kind) => {
        const window = budget[kind];
        return isStill(kind, seen[kind]) && (window === undefined || window.used + calls <= window.limit);
      });
      if (!fits || (budget.pausedUntil ?? 0) > now) return 'refused';
      for (const kind of kinds) {
        const window = budget[kind];
        if (window) budget = { ...budget, [kind]: { ...window, used: window.used + calls } };
      }
      return 'taken';
    },
    async replaceWindow(kind, seen, next) {
      if (!isStill(kind, seen)) return 'refused';
      budget = { ...budget, [kind]: next };
      return 'written';
    },
    async raiseUsed(kind, resetAt, used) {
      const window = budget[kind];
      if (window?.resetAt === resetAt && window.used < used) budget = { ...budget, [kind]: { ...window, used } };
    },
    async pauseUntil(until) {
      if ((budget.pausedUntil ?? 0) < until) budget = { ...budget, pausedUntil: until };
    },
  };
}

/** Keeps companies' pauses in this process. */
export function memoryCompanyPauses(): CompanyPauseStore {
  const pauses = new Map<string, CompanyPause>();
  return {
    async read(companyId) {
      return pauses.get(companyId);
    },
    async write(companyId, pause) {
      pauses.set(companyId, pause);
    },
    async remove(companyId) {
      pauses.delete(companyId);
    },
  };
}
