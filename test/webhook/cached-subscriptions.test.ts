import { describe, expect, it } from 'vitest';
import { cachedSubscriptions } from '../../functions/webhook/cached-subscriptions.ts';
import type { StoredSubscription, SubscriptionStore } from '../../functions/webhook/subscription.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { sampleSubscription } from './sample-subscription.ts';

const company = '5358233';

/** A cache over a store whose reads are counted. */
function setUp(...initial: StoredSubscription[]) {
  const state = { now: 0, reads: 0 };
  const store: SubscriptionStore = memorySubscriptionStore(initial);
  const read = (companyId: string) => {
    state.reads += 1;
    return store.read(companyId);
  };
  return { state, store, cached: cachedSubscriptions({ read }, () => state.now) };
}

const stored = { ...sampleSubscription({ companyId: company }), revision: 1 };

describe('what the worker remembers of subscriptions', () => {
  it('is a company’s subscription, for a minute', async () => {
    const { state, store, cached } = setUp(stored);
    for (let second = 0; second < 60; second++) {
      state.now = second;
      expect(await cached.read(company)).toMatchObject({ connectionId: 'acme' });
    }
    expect(state.reads).toBe(1);
    await store.save({ ...stored, connectionId: 'other' }, 1);
    state.now = 60;
    expect(await cached.read(company)).toMatchObject({ connectionId: 'other' });
  });

  it('is not that there is none: an event that comes right after `webhooks apply` finds its subscription', async () => {
    const { store, cached } = setUp();
    expect(await cached.read(company)).toBeUndefined();
    await store.save(sampleSubscription({ companyId: company }), undefined);
    expect(await cached.read(company)).toMatchObject({ connectionId: 'acme' });
  });

  it('costs one read for all who ask at the same time, whether there is a subscription or not', async () => {
    for (const initial of [[], [stored]]) {
      const { state, cached } = setUp(...initial);
      await Promise.all(Array.from({ length: 50 }, () => cached.read(company)));
      expect(state.reads).toBe(1);
      // Another company is another question.
      expect(await cached.read('77')).toBeUndefined();
      expect(state.reads).toBe(2);
    }
  });

  it('is not that a read has failed', async () => {
    let isOut = true;
    const read = async () => {
      if (isOut) throw new Error('throttled');
      return stored;
    };
    const cached = cachedSubscriptions({ read }, () => 0);
    await expect(cached.read(company)).rejects.toThrow('throttled');
    isOut = false;
    expect(await cached.read(company)).toEqual(stored);
  });
});
