import { expect, it } from 'vitest';
import type { CompanyPauseStore } from '../../functions/procore/company-pauses.ts';
import type { RateBudgetStore } from '../../functions/procore/rate-budget-store.ts';
import { noCounts, optionalParts, unknownBudget } from '../../functions/procore/rate-windows.ts';
import { sampleWindow } from '../procore/sample-window.ts';

const spike = sampleWindow();
const hour = sampleWindow({ slot: 2, limit: 600, seconds: 3600, resetAt: 4601, toldReset: 4600 });
const opened = { seen: 0, change: { windows: [spike, hour], set: { 1: noCounts, 2: { ...noCounts, used: 100 } } } };

/**
 * What every store of rate budgets must do.
 *
 * @param makeStore gives a store of which nobody has taken anything yet
 */
export function rateBudgetContract(makeStore: () => RateBudgetStore): void {
  it('knows nothing at first', async () => {
    expect(await makeStore().read('app')).toEqual(unknownBudget);
  });

  it('keeps windows as they were written, and each budget apart', async () => {
    const store = makeStore();
    expect(await store.write('company#7', opened)).toEqual(opened.change.set);
    expect(await store.read('company#7')).toEqual({
      ...unknownBudget,
      version: 1,
      windows: [spike, hour],
      counts: opened.change.set,
    });
    expect(await store.read('app')).toEqual(unknownBudget);
  });

  it('keeps every optional part of a window', async () => {
    const store = makeStore();
    const parts = Object.entries(optionalParts).map(([name, form]) => [name, form === 'number' ? 1007 : true]);
    const window = { ...spike, ...Object.fromEntries(parts) };
    await store.write('app', { seen: 0, change: { windows: [window, hour], set: {} } });
    expect((await store.read('app')).windows).toEqual([window, hour]);
  });

  it('counts what is taken in all windows, and tells what it comes to', async () => {
    const store = makeStore();
    await store.write('app', opened);
    const add = { 1: { used: 3, foreground: 3 }, 2: { used: 3, sent: 1 } };
    const counts = { 1: { ...noCounts, used: 3, foreground: 3 }, 2: { ...noCounts, used: 103, sent: 1 } };
    expect(await store.write('app', { seen: 1, add, atMost: { 1: 22, 2: 597 }, notPausedAt: 1000 })).toEqual(counts);
    expect((await store.read('app')).counts).toEqual(counts);
  });

  it('lets forty takers of one call have exactly what the limit allows', async () => {
    const store = makeStore();
    await store.write('app', opened);
    const take = { seen: 1, add: { 1: { used: 1 } }, atMost: { 1: 24 } };
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => store.write('app', take)));
    expect(outcomes.filter((outcome) => outcome !== 'refused')).toHaveLength(25);
    expect((await store.read('app')).counts[1]?.used).toBe(25);
  });

  it('takes all or nothing', async () => {
    const store = makeStore();
    await store.write('app', opened);
    const take = { seen: 1, add: { 1: { used: 2 }, 2: { used: 2 } }, atMost: { 1: 23, 2: 99 } };
    expect(await store.write('app', take)).toBe('refused');
    expect((await store.read('app')).counts).toEqual(opened.change.set);
  });

  it('gives back what was taken', async () => {
    const store = makeStore();
    await store.write('app', opened);
    await store.write('app', { seen: 1, add: { 2: { used: -4 } } });
    expect((await store.read('app')).counts[2]?.used).toBe(96);
  });

  it('refuses who has seen other windows, and who has seen some where there are none', async () => {
    const store = makeStore();
    expect(await store.write('app', { ...opened, seen: 1 })).toBe('refused');
    await store.write('app', opened);
    expect(await store.write('app', opened)).toBe('refused');
    expect(await store.write('app', { seen: 2, add: { 1: { used: 1 } } })).toBe('refused');
  });

  it('lets one of many open the next window, with its own call counted', async () => {
    const store = makeStore();
    await store.write('app', opened);
    const openings = [1020, 1021, 1022].map((resetAt) =>
      store.write('app', {
        seen: 1,
        change: { windows: [{ ...spike, resetAt }, hour], set: { 1: noCounts } },
        add: { 1: { used: 1 }, 2: { used: 1 } },
      }),
    );
    expect((await Promise.all(openings)).filter((outcome) => outcome !== 'refused')).toHaveLength(1);
    const { version, counts } = await store.read('app');
    expect([version, counts[1]?.used, counts[2]?.used]).toEqual([2, 1, 101]);
  });

  it('keeps that nothing is counted, until there are windows again', async () => {
    const store = makeStore();
    await store.write('app', { seen: 0, change: { windows: [], set: {}, isUncounted: true } });
    expect((await store.read('app')).isUncounted).toBe(true);
    await store.write('app', { ...opened, seen: 1 });
    expect((await store.read('app')).isUncounted).toBe(false);
  });

  it('lets nobody through before a pause is over, and keeps the longer pause', async () => {
    const store = makeStore();
    await store.pauseUntil('app', 1030, 503);
    await store.pauseUntil('app', 1020, 429);
    expect(await store.read('app')).toMatchObject({ pausedUntil: 1030, pausedBy: 503 });
    expect(await store.write('app', { ...opened, notPausedAt: 1029 })).toBe('refused');
    expect(await store.write('app', { ...opened, notPausedAt: 1030 })).not.toBe('refused');
  });

  it('changes the scope once, and has everybody who takes for the whole app look again', async () => {
    const store = makeStore();
    await store.write('app', opened);
    expect(await store.replaceScope(undefined, 'company')).toBe('written');
    expect(await store.replaceScope(undefined, 'token')).toBe('refused');
    expect(await store.write('app', { seen: 1, add: { 1: { used: 1 } } })).toBe('refused');
    expect(await store.replaceScope('company', 'token')).toBe('written');
    expect(await store.read('app')).toMatchObject({ scope: 'token', version: 3, windows: [spike, hour] });
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
