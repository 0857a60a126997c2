import { silentObserver } from '../../functions/observer.ts';
import type { Place, ResourceSetting } from '../../functions/place.ts';
import type { LocalEnvironment } from './local-system.ts';

/**
 * Says where a local environment's tables are, for what functions/place.ts makes. Nothing is observed: log lines and
 * metrics are for CloudWatch, and a person reads what the runner says.
 */
export function localPlace({ name, tables }: LocalEnvironment): Place {
  const names: Partial<Record<ResourceSetting, string>> = {
    rateBudgetTable: tables.RateBudget ?? '',
    subscriptionsTable: tables.Subscriptions ?? '',
  };
  return { environment: name, nameOf: (resource) => names[resource] ?? '', observer: silentObserver };
}
