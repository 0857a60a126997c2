import { isDeepStrictEqual } from 'node:util';
import type { StoredSubscription, SubscriptionStore } from '../../functions/webhook/subscription.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** Keeps subscriptions in this process, behind a port; every answer is a copy, as through the wire. */
export function memorySubscriptionStore(
  initial: readonly StoredSubscription[] = [],
  faults?: PortFaults,
): SubscriptionStore {
  return memoryPort('subscription store', instantSubscriptionStore(initial), faults);
}

/** Keeps subscriptions in this process; each method takes effect at once. */
export function instantSubscriptionStore(initial: readonly StoredSubscription[] = []): SubscriptionStore {
  const stored = new Map(initial.map((subscription) => [subscription.companyId, structuredClone(subscription)]));
  return {
    read: async (companyId) => structuredClone(stored.get(companyId)),
    list: async () => structuredClone([...stored.values()].toSorted((a, b) => (a.companyId < b.companyId ? -1 : 1))),
    async page(limit, cursor) {
      const all = [...stored.values()].toSorted((a, b) => (a.companyId < b.companyId ? -1 : 1));
      const rest = cursor === undefined ? all : all.filter(({ companyId }) => companyId > cursor);
      const subscriptions = structuredClone(rest.slice(0, limit));
      const last = subscriptions.at(-1)?.companyId;
      return { subscriptions, ...(rest.length > limit && last !== undefined && { cursor: last }) };
    },
    async save(subscription, revision) {
      const next = (revision ?? 0) + 1;
      const before = stored.get(subscription.companyId);
      // What its own first try has stored, a repeated one finds stored by itself.
      if (before?.revision === next && isDeepStrictEqual({ ...subscription, revision: next }, before)) return next;
      if (before?.revision !== revision) return 'changed';
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
