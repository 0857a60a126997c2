import type { StoredSubscription, SubscriptionStore } from '../../functions/webhook/subscription.ts';

/** Keeps subscriptions in this process; every answer is a copy, as through the wire. */
export function memorySubscriptionStore(...initial: readonly StoredSubscription[]): SubscriptionStore {
  const stored = new Map(initial.map((subscription) => [subscription.companyId, structuredClone(subscription)]));
  return {
    read: async (companyId) => structuredClone(stored.get(companyId)),
    list: async () => structuredClone([...stored.values()].toSorted((a, b) => (a.companyId < b.companyId ? -1 : 1))),
    async save(subscription, revision) {
      if (stored.get(subscription.companyId)?.revision !== revision) return 'changed';
      const next = (revision ?? 0) + 1;
      stored.set(subscription.companyId, { ...structuredClone(subscription), revision: next });
      return next;
    },
    async remove(companyId, revision) {
      if (!stored.has(companyId)) return 'removed';
      if (stored.get(companyId)?.revision !== revision) return 'changed';
      stored.delete(companyId);
      return 'removed';
    },
  };
}
