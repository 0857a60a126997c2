import type { Clock } from '../../functions/clock.ts';
import type { CompanyPause, CompanyPauseStore } from '../../functions/procore/company-pauses.ts';
import type { LimitKind, LimitWindow, RateBudgetStore, SharedBudget } from '../../functions/procore/rate-budget.ts';
import { memoryPort, type PortFaults } from './port.ts';

const kinds: readonly LimitKind[] = ['hour', 'spike'];

/** How long after its last write an item is there, in seconds. */
const keptSeconds = 24 * 3600;

/** Keeps a rate budget in this process; every call is atomic. */
export function memoryRateBudget(clock: Clock, faults?: PortFaults): RateBudgetStore {
  let item: { readonly budget: SharedBudget; readonly end: number } = { budget: {}, end: 0 };
  const current = () => (clock() < item.end ? item.budget : {});
  const change = (changed: Partial<SharedBudget>) => {
    item = { budget: { ...current(), ...changed }, end: clock() + keptSeconds };
  };
  const isStill = (kind: LimitKind, seen: LimitWindow | undefined) => {
    const window = current()[kind];
    return window?.resetAt === seen?.resetAt && window?.limit === seen?.limit;
  };
  const store: RateBudgetStore = {
    async read() {
      return current();
    },
    async take(seen, calls, now) {
      const fits = kinds.every((kind) => {
        const window = current()[kind];
        return isStill(kind, seen[kind]) && (window === undefined || window.used + calls <= window.limit);
      });
      if (!fits || (current().pausedUntil ?? 0) > now) return 'refused';
      for (const kind of kinds) {
        const window = current()[kind];
        if (window) change({ [kind]: { ...window, used: window.used + calls } });
      }
      return 'taken';
    },
    async replaceWindow(kind, seen, next) {
      if (!isStill(kind, seen)) return 'refused';
      change({ [kind]: next });
      return 'written';
    },
    async raiseUsed(kind, resetAt, used) {
      const window = current()[kind];
      if (window?.resetAt === resetAt && window.used < used) change({ [kind]: { ...window, used } });
    },
    async pauseUntil(until) {
      if ((current().pausedUntil ?? 0) < until) change({ pausedUntil: until });
    },
  };
  return memoryPort('rate budget', store, faults);
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
