import { describe, expect, it } from 'vitest';
import { procoreClock } from '../../functions/procore/rate-clock.ts';
import { Leases } from '../../functions/procore/rate-leases.ts';
import { scoutAt } from '../../functions/procore/rate-next-window.ts';
import { roomFor } from '../../functions/procore/rate-room.ts';
import { SharedBudget } from '../../functions/procore/rate-shared-budget.ts';
import { noCounts, unknownBudget } from '../../functions/procore/rate-windows.ts';
import { memoryRateBudget } from '../memory/rate-budget.ts';
import { sampleWindow } from './sample-window.ts';

const clock = () => 1000;

/** @param refusals how many writes somebody else is faster than */
function setUp(refusals = 0) {
  const sleeps: number[] = [];
  const store = memoryRateBudget(clock);
  const { write } = store;
  let left = refusals;
  store.write = (...call) => (left-- > 0 ? Promise.resolve('refused') : write(...call));
  const budget = new SharedBudget('app', store, clock, () => undefined);
  const sleep = (milliseconds: number) => {
    sleeps.push(milliseconds / 1000);
    return new Promise<void>(() => {});
  };
  const dependencies = { clock, sleep, procoreClock: procoreClock(clock), isMoved: () => false, onLost: () => {} };
  return { sleeps, store, budget, leases: new Leases('app', budget, dependencies) };
}

describe('calls that wait', () => {
  it('wait together: one pause serves all of a class, unless one has to wait less', () => {
    const { leases, sleeps } = setUp();
    for (const seconds of [5, 7, 6, 2]) void leases.pause('foreground', seconds);
    void leases.pause('background', 9);
    expect(sleeps).toEqual([5, 2, 9]);
  });

  it('go on as soon as one of them has a lease, which is counted as made by all of them', async () => {
    const { leases, store } = setUp();
    await store.write('app', { seen: 0, change: { windows: [sampleWindow({ limit: 100 })], set: {} } });
    const gone: number[] = [];
    for (const number of [1, 2, 3]) {
      leases.wait('background', {});
      void leases.pause('background', 100 - number).then(() => gone.push(number));
    }
    leases.wait('background', {});
    expect(await leases.take('background')).toMatchObject({ budget: 'app' });
    await new Promise(setImmediate);
    expect(gone).toEqual([1, 2, 3]);
    expect((await store.read('app')).counts[1]).toMatchObject({ used: 4, sent: 4 });
  });

  it('come at more different times after each lost race, and less so after each that was won', async () => {
    const { leases } = setUp(2);
    await leases.take('foreground');
    expect(leases.spreadSeconds).toBeCloseTo(0.25 * 2 * 2 * 0.8);
    const { leases: alone } = setUp();
    await alone.take('foreground');
    expect(alone.spreadSeconds).toBe(0.25);
  });

  it.each([
    [1, 10],
    [15, 15],
    [50, 20],
  ])('take a lease for all of them, but at most a fifth of the limit: %i, %i', (waiting, calls) => {
    const hundred = sampleWindow({ limit: 100, seconds: 60, resetAt: 1061, toldReset: 1060 });
    const state = { ...unknownBudget, version: 1, windows: [hundred] };
    const room = roomFor(state, { waiting, later: 100 }, 'foreground', procoreClock(clock));
    expect(room).toMatchObject({ kind: 'room', calls });
  });
});

it('where it is known when the next window begins, the last call still shows what was counted in this one', () => {
  const minute = sampleWindow({ seconds: 60, scouts: 1, toldReset: 1060 });
  expect(scoutAt({ ...minute, resetAt: 1061 })).toBe(1060.5);
  expect(scoutAt({ ...minute, resetAt: 1060.4 })).toBe(1058.5);
});

it('calls that others than we made count as made: none of them is under way, or given back', async () => {
  const { store, budget } = setUp();
  const counts = { 1: { ...noCounts, used: 5, sent: 3 } };
  await store.write('app', { seen: 0, change: { windows: [sampleWindow()], set: counts } });
  await budget.reread();
  const told = { limit: 25, remaining: 5, used: 20, resetAt: 1010, length: 10 };
  await budget.learn({ told, version: 1, latest: 1000 });
  expect((await store.read('app')).counts[1]).toMatchObject({ used: 20, sent: 18 });
});
