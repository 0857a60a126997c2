import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Subscription, SubscriptionStore } from '../../functions/webhook/subscription.ts';
import { sampleSubscription } from '../webhook/sample-subscription.ts';
import type { Repetition } from './sending-twice.ts';

/** What every store of subscriptions must do; `makeStore` gives an empty one. */
export function subscriptionStoreContract(makeStore: (repetition?: Repetition) => SubscriptionStore): void {
  describe('subscription store contract', () => {
    it('gives back what was saved, every digit of its ids, and nothing for another company', async () => {
      const store = makeStore();
      const subscription = sampleSubscription({ companyId: '562949953421312345', projects: ['9223372036854775783'] });
      expect(await store.read(subscription.companyId)).toBeUndefined();
      expect(await store.save(subscription, undefined)).toBe(1);
      expect(await store.read(subscription.companyId)).toEqual({ ...subscription, revision: 1 });
      expect(await store.read('56294995342131234')).toBeUndefined();
    });

    it('tells the second of two writers that somebody else has written', async () => {
      const store = makeStore();
      const subscription = sampleSubscription();
      expect(await store.save(subscription, undefined)).toBe(1);
      expect(await store.save({ ...subscription, namespace: 'other' }, undefined)).toBe('changed');
      expect(await store.save({ ...subscription, silenceHours: 5 }, 1)).toBe(2);
      expect(await store.save({ ...subscription, silenceHours: 6 }, 1)).toBe('changed');
      expect(await store.read(subscription.companyId)).toMatchObject({ silenceHours: 5, revision: 2 });
    });

    it('lets one of twenty writers at once win', async () => {
      const store = makeStore();
      const writes = Array.from({ length: 20 }, (_, silenceHours) =>
        store.save(sampleSubscription({ silenceHours }), undefined),
      );
      expect((await Promise.all(writes)).filter((answer) => answer === 1)).toHaveLength(1);
    });

    it('knows its own write when the SDK repeats one whose answer was lost', async () => {
      const store = makeStore('repeated');
      const subscription = sampleSubscription();
      expect(await store.save(subscription, undefined)).toBe(1);
      expect(await store.save({ ...subscription, silenceHours: 5 }, 1)).toBe(2);
      expect(await store.save({ ...subscription, silenceHours: 6 }, 1)).toBe('changed');
      expect(await store.remove(subscription.companyId, 2)).toBe('removed');
    });

    it('lists all, those with many hooks, too', async () => {
      const store = makeStore();
      const hooks: Subscription['hooks'] = Array.from({ length: 1500 }, (_, index) => ({
        hookId: String(43593498 + index),
        projectId: String(index),
        authorization: '0123456789abcdef',
        authorizedAt: 1,
        checkedAt: 2,
      }));
      for (const companyId of ['3', '1', '2', '4', '5', '6']) {
        await store.save(sampleSubscription({ companyId, hooks }), undefined);
      }
      expect((await store.list()).map(({ companyId }) => companyId)).toEqual(['1', '2', '3', '4', '5', '6']);
    });

    it('lists all in bounded pages, each once', async () => {
      const store = makeStore();
      const companies = ['3', '1', '20', '2', '4'];
      for (const companyId of companies) await store.save(sampleSubscription({ companyId }), undefined);
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.page(2, cursor);
        expect(page.subscriptions.length).toBeLessThanOrEqual(2);
        found.push(...page.subscriptions.map(({ companyId }) => companyId));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(found).toEqual(companies.toSorted());
    });

    it('keeps a company of ten thousand projects', async () => {
      const store = makeStore();
      const hooks: Subscription['hooks'] = Array.from({ length: 10_000 }, (_, index) => ({
        hookId: `01JB${createHash('sha256').update(String(index)).digest('hex').slice(0, 22).toUpperCase()}`,
        projectId: String(598_134_325_650_000 + index * 7),
        authorization: '0123456789abcdef',
        authorizedAt: 1_795_551_590 + index,
        checkedAt: 1_795_551_590 + index,
        recoveredAt: 1_795_551_590 + index,
      }));
      expect(await store.save(sampleSubscription({ hooks }), undefined)).toBe(1);
      expect((await store.read(sampleSubscription().companyId))?.hooks).toEqual(hooks);
    });

    it('removes what was read and nothing newer', async () => {
      const store = makeStore();
      const subscription = sampleSubscription();
      await store.save(subscription, undefined);
      await store.save(subscription, 1);
      expect(await store.remove(subscription.companyId, 1)).toBe('changed');
      expect(await store.remove(subscription.companyId, 2)).toBe('removed');
      expect(await store.read(subscription.companyId)).toBeUndefined();
      expect(await store.remove(subscription.companyId, 2)).toBe('removed');
    });
  });
}
