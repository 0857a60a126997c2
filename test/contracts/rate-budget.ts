import { expect, it } from 'vitest';
import type { CompanyPauseStore } from '../../functions/procore/company-pauses.ts';
import type { RateBudgetStore } from '../../functions/procore/rate-budget.ts';

const spike = { limit: 25, resetAt: 1010, used: 0 };
const hour = { limit: 600, resetAt: 4600, used: 100 };

/**
 * What every store of a rate budget must do.
 *
 * @param makeStore gives a store of which nobody has taken anything yet
 */
export function rateBudgetContract(makeStore: () => RateBudgetStore): void {
  it('knows nothing at first, and lets calls through', async () => {
    const store = makeStore();
    expect(await store.read()).toEqual({});
    expect(await store.take({}, 3, 1000)).toBe('taken');
  });

  it('counts what is taken in both windows', async () => {
    const store = makeStore();
    expect(await store.replaceWindow('spike', undefined, spike)).toBe('written');
    expect(await store.replaceWindow('hour', undefined, hour)).toBe('written');
    expect(await store.take({ spike, hour }, 3, 1000)).toBe('taken');
    expect(await store.read()).toEqual({ spike: { ...spike, used: 3 }, hour: { ...hour, used: 103 } });
  });

  it('lets forty takers of one call have exactly what the limit allows', async () => {
    const store = makeStore();
    await store.replaceWindow('spike', undefined, spike);
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => store.take({ spike }, 1, 1000)));
    expect(outcomes.filter((outcome) => outcome === 'taken')).toHaveLength(25);
    expect((await store.read()).spike?.used).toBe(25);
  });

  it('takes all or nothing', async () => {
    const store = makeStore();
    await store.replaceWindow('spike', undefined, spike);
    await store.replaceWindow('hour', undefined, { ...hour, used: 599 });
    expect(await store.take({ spike, hour }, 2, 1000)).toBe('refused');
    expect((await store.read()).spike?.used).toBe(0);
  });

  it('refuses who has seen another window, or none where there is one', async () => {
    const store = makeStore();
    await store.replaceWindow('spike', undefined, spike);
    expect(await store.take({}, 1, 1000)).toBe('refused');
    expect(await store.take({ spike: { ...spike, resetAt: 1000 } }, 1, 1000)).toBe('refused');
    expect(await store.take({ spike: { ...spike, limit: 26 } }, 1, 1000)).toBe('refused');
    expect(await store.replaceWindow('spike', undefined, spike)).toBe('refused');
    expect(await store.replaceWindow('spike', { ...spike, resetAt: 1 }, spike)).toBe('refused');
  });

  it('lets one of many open the next window', async () => {
    const store = makeStore();
    await store.replaceWindow('spike', undefined, spike);
    const openings = [1020, 1021, 1022].map((resetAt) => store.replaceWindow('spike', spike, { ...spike, resetAt }));
    expect((await Promise.all(openings)).filter((outcome) => outcome === 'written')).toHaveLength(1);
  });

  it('raises the count of the window meant, and never lowers one', async () => {
    const store = makeStore();
    await store.replaceWindow('hour', undefined, hour);
    await store.raiseUsed('hour', 4600, 150);
    await store.raiseUsed('hour', 4600, 120);
    await store.raiseUsed('hour', 4599, 500);
    expect((await store.read()).hour?.used).toBe(150);
  });

  it('lets nobody through before a pause is over, and keeps the longer pause', async () => {
    const store = makeStore();
    await store.pauseUntil(1030);
    await store.pauseUntil(1020);
    expect(await store.read()).toEqual({ pausedUntil: 1030 });
    expect(await store.take({}, 1, 1029)).toBe('refused');
    expect(await store.take({}, 1, 1030)).toBe('taken');
  });
}

/** What every store of companies' pauses must do. */
export function companyPausesContract(makeStore: () => CompanyPauseStore): void {
  it('keeps each company’s own pause until it is removed', async () => {
    const store = makeStore();
    expect(await store.read('1')).toBeUndefined();
    await store.write('1', { until: 1060, refusals: 1, since: 1000 });
    await store.write('1', { until: 1180, refusals: 2, since: 1000 });
    await store.write('562949953421312345', { until: 5, refusals: 1, since: 1 });
    expect(await store.read('1')).toEqual({ until: 1180, refusals: 2, since: 1000 });
    await store.remove('1');
    await store.remove('1');
    expect(await store.read('1')).toBeUndefined();
    expect(await store.read('562949953421312345')).toEqual({ until: 5, refusals: 1, since: 1 });
  });
}
