import type { Clock } from '../clock.ts';
import type { StoredSubscription, SubscriptionStore } from './subscription.ts';

/** How long a subscription that was read is used. All workers know a changed one after this time. */
const maxAgeSeconds = 60;

/**
 * Remembers a company's subscription for a minute, so that a burst of its events costs one read. That there is none is
 * not remembered: `webhooks apply` may just be making one, and the events that wait for it are few. Readers at the same
 * time share one read all the same.
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
      const forget = () => {
        if (remembered.get(companyId)?.answer === answer) remembered.delete(companyId);
      };
      answer.then((found) => {
        if (found === undefined) forget();
      }, forget);
      return answer;
    },
  };
}
