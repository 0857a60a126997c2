import { describe, expect, it } from 'vitest';
import { cachedSubscriptions } from '../../functions/webhook/cached-subscriptions.ts';
import type { StoredSubscription } from '../../functions/webhook/subscription.ts';
import { sampleSubscription } from './sample-subscription.ts';

function setUp() {
  const time = { now: 1000 };
  const reads: string[] = [];
  const script: (() => Promise<StoredSubscription | undefined>)[] = [];
  const store = {
    read: async (companyId: string) => {
      reads.push(companyId);
      return (await script.shift()?.()) ?? { ...sampleSubscription({ companyId }), revision: reads.length };
    },
  };
  return { time, reads, script, cached: cachedSubscriptions(store, () => time.now) };
}

describe('a remembered subscription', () => {
  it('is used for a minute, and then read again', async () => {
    const { time, reads, cached } = setUp();
    expect(await cached.read('1')).toMatchObject({ companyId: '1', revision: 1 });
    time.now = 1059;
    expect(await cached.read('1')).toMatchObject({ revision: 1 });
    time.now = 1060;
    expect(await cached.read('1')).toMatchObject({ revision: 2 });
    expect(reads).toEqual(['1', '1']);
  });

  it('is read once for a burst of events, and once for each company', async () => {
    const { reads, cached } = setUp();
    await Promise.all(['1', '2', '1', '2', '1'].map((companyId) => cached.read(companyId)));
    expect(reads).toEqual(['1', '2']);
  });

  it('is not remembered when its read failed', async () => {
    const { script, reads, cached } = setUp();
    script.push(() => Promise.reject(new Error('throttled')));
    await expect(cached.read('1')).rejects.toThrow('throttled');
    expect(await cached.read('1')).toMatchObject({ companyId: '1' });
    expect(reads).toEqual(['1', '1']);
  });
});
