import type { Clock } from '../clock.ts';
import type { StoredSubscription, SubscriptionStore } from './subscription.ts';

/** How long an answer is used. All workers know a new subscription after this time. */
const maxAgeSeconds = 60;

/**
 * Remembers for a minute what the store said about a company, so that a burst of a company's events costs one read.
 *
 * @returns the reading side of the store; a failed read is not remembered
 */
export function cachedSubscriptions(
  store: Pick<SubscriptionStore, 'read'>,
  clock: Clock,
): Pick<SubscriptionStore, 'read'> {
  const remembered = new Map<
    string,
    { readonly until: number; readonly answer: Promise<StoredSubscription | undefined> }
  >();
  return {
    read(companyId) {
      const known = remembered.get(companyId);
      if (known !== undefined && clock() < known.until) return known.answer;
      const answer = store.read(companyId);
      remembered.set(companyId, { until: clock() + maxAgeSeconds, answer });
      answer.catch(() => remembered.delete(companyId));
      return answer;
    },
  };
}
