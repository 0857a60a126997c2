import { describe, expect, it } from 'vitest';
import { type RateBudgetStore, readLimit, sharedRateBudget } from '../../functions/procore/rate-budget.ts';
import { virtualTime } from '../connection/virtual-time.ts';
import { memoryRateBudget } from '../memory/rate-budget.ts';
import { recordingObserver, startTime } from './client-world.ts';

const told = (limit: number, remaining: number, resetAt: number) =>
  new Headers({
    'x-rate-limit-limit': String(limit),
    'x-rate-limit-remaining': String(remaining),
    'x-rate-limit-reset': String(resetAt),
  });
const long = () => 24 * 3600 * 1000;

function setUp(faulty: Partial<RateBudgetStore> = {}) {
  const time = virtualTime(startTime);
  const store: RateBudgetStore = Object.assign(memoryRateBudget(time.clock), faulty);
  const recorded = recordingObserver();
  const invocation = () =>
    sharedRateBudget({
      store,
      clock: time.clock,
      sleep: time.sleep,
      randomFraction: () => 0,
      observer: recorded.observer,
    });
  return { time, store, invocation, budget: invocation(), ...recorded };
}

describe('a budget of which nothing is known', () => {
  it('lets one call through first, and the rest when its answer has told the limit', async () => {
    const { time, invocation } = setUp();
    const first = invocation();
    expect(await first.acquire(8, long)).toEqual({ granted: 1 });
    const second = invocation().acquire(8, long);
    await first.learn(told(25, 24, startTime + 10));
    expect(await time.run(second)).toEqual({ granted: 8 });
    expect(time.clock() - startTime).toBeLessThan(1);
  });

  it('stops holding back when answers have no such headers', async () => {
    const { budget } = setUp();
    await budget.acquire(1, long);
    await budget.learn(new Headers());
    expect(await budget.acquire(500, long)).toEqual({ granted: 500 });
  });

  it('is not held up for ever by a first call that never answers', async () => {
    const { time, invocation } = setUp();
    await invocation().acquire(1, long);
    expect(await time.run(invocation().acquire(1, long))).toEqual({ granted: 1 });
    expect(time.clock() - startTime).toBeLessThan(12);
  });
});

describe('a budget that is known', () => {
  it('is shared: what one invocation takes, another has not', async () => {
    const { invocation, time } = setUp();
    const [one, other] = [invocation(), invocation()];
    await one.acquire(1, long);
    await one.learn(told(25, 24, startTime + 10));
    expect(await other.acquire(20, long)).toEqual({ granted: 20 });
    expect(await one.acquire(20, long)).toEqual({ granted: 4 });
    expect(await one.acquire(1, () => 5000)).toEqual({ waitSeconds: 11 });
    expect(await time.run(one.acquire(3, long))).toEqual({ granted: 3 });
    expect(time.clock()).toBe(startTime + 11);
  });

  it('counts what others than we have spent', async () => {
    const { budget } = setUp();
    await budget.acquire(1, long);
    await budget.learn(told(25, 5, startTime + 10));
    expect(await budget.acquire(10, long)).toEqual({ granted: 5 });
  });

  it('counts what others spend while a window runs, for all who share it', async () => {
    const { budget, invocation } = setUp();
    await budget.acquire(1, long);
    await budget.learn(told(25, 24, startTime + 10));
    const other = invocation();
    expect(await other.acquire(2, long)).toEqual({ granted: 2 });
    // Three calls are ours; somebody else has made seventeen in the same window.
    await budget.learn(told(25, 5, startTime + 10));
    expect(await invocation().acquire(10, long)).toEqual({ granted: 5 });
    expect(await budget.acquire(1, () => 5000)).toEqual({ waitSeconds: 11 });
  });

  it('opens the next hour for an hour, and the next short window for ten seconds', async () => {
    const { budget, store, time } = setUp();
    await budget.acquire(1, long);
    await budget.learn(told(25, 24, startTime + 10));
    await budget.learn(told(600, 599, startTime + 1000));
    time.pass(1002);
    const opened = time.clock();
    expect(await budget.acquire(1, long)).toEqual({ granted: 1 });
    expect(await store.read()).toMatchObject({
      hour: { limit: 600, resetAt: opened + 3600, used: 1 },
      spike: { limit: 25, resetAt: opened + 10, used: 1 },
    });
  });

  it('never shortens a pause that Procore has asked for', async () => {
    const { budget, invocation } = setUp();
    await budget.learn(new Headers(), 600);
    await invocation().learn(new Headers(), 30);
    await budget.learn(new Headers(), 30);
    expect(await budget.acquire(1, () => 1000)).toEqual({ waitSeconds: 600 });
    expect(await invocation().acquire(1, () => 1000)).toEqual({ waitSeconds: 600 });
  });

  it('waits only if there is a millisecond more than the wait takes', async () => {
    const { budget, time } = setUp();
    await budget.learn(new Headers(), 60);
    expect(await budget.acquire(1, () => 60_000)).toEqual({ waitSeconds: 60 });
    expect(await time.run(budget.acquire(1, () => 60_001))).toEqual({ granted: 1 });
  });

  it('holds the hourly limit as soon as Procore names it, and through the hours after', async () => {
    const { budget, time } = setUp();
    await budget.acquire(1, long);
    await budget.learn(told(25, 24, startTime + 10));
    await budget.learn(told(600, 2, startTime + 1000));
    expect(await budget.acquire(10, long)).toEqual({ granted: 2 });
    expect(await budget.acquire(1, () => 60_000)).toEqual({ waitSeconds: 1001 });
    let granted = 0;
    await time.run(
      (async () => {
        while (time.clock() < startTime + 1000 + 3600) {
          const answer = await budget.acquire(25, long);
          if ('granted' in answer && time.clock() < startTime + 1000 + 3600) granted += answer.granted;
        }
      })(),
    );
    expect(granted).toBe(600);
  });

  it('stops everybody for as long as Procore asks', async () => {
    const { invocation, time } = setUp();
    await invocation().learn(new Headers(), 39 * 60);
    expect(await invocation().acquire(1, () => 1000)).toEqual({ waitSeconds: 39 * 60 });
    await time.run(invocation().acquire(1, long));
    expect(time.clock()).toBeGreaterThanOrEqual(startTime + 39 * 60);
  });

  it('follows limits that change', async () => {
    const { budget, store } = setUp();
    await budget.acquire(1, long);
    await budget.learn(told(25, 24, startTime + 10));
    await budget.learn(told(100, 98, startTime + 10));
    expect((await store.read()).spike).toEqual({ limit: 100, resetAt: startTime + 10, used: 2 });
  });

  it('learns nothing of an answer about a window that is over', async () => {
    const { budget, store } = setUp();
    await budget.acquire(1, long);
    await budget.learn(told(25, 24, startTime + 10));
    await budget.learn(told(25, 0, startTime - 5));
    expect((await store.read()).spike).toEqual({ limit: 25, resetAt: startTime + 10, used: 1 });
  });

  it('is not stopped for ever by a reset that no limit can have, such as one in milliseconds', async () => {
    const { budget } = setUp();
    await budget.acquire(1, long);
    await budget.learn(told(600, 0, startTime * 1000));
    expect(await budget.acquire(1, long)).toEqual({ granted: 1 });
  });

  it('keeps calls that are under way when the first answer tells when the window ends', async () => {
    const { budget, store, time } = setUp();
    await budget.acquire(1, long);
    await budget.learn(told(25, 24, startTime + 10));
    time.pass(12);
    expect(await budget.acquire(20, long)).toEqual({ granted: 20 });
    await budget.learn(told(25, 24, startTime + 23));
    expect((await store.read()).spike).toEqual({ limit: 25, resetAt: startTime + 23, used: 20 });
  });

  it('waits by Procore’s clock where ours is ahead', async () => {
    const { budget, time } = setUp();
    const date = new Date((startTime - 100) * 1000).toUTCString();
    await budget.acquire(1, long);
    const headers = told(2, 0, startTime - 100 + 10);
    headers.set('date', date);
    await budget.learn(headers);
    await time.run(budget.acquire(1, long));
    expect(time.clock() - startTime).toBe(11);
  });

  it('measures what is left', async () => {
    const { budget, counts } = setUp();
    await budget.learn(told(600, 60, startTime + 1000));
    expect(counts).toEqual({ rateBudgetHourLeftPercent: 10 });
  });

  it('measures what is left of the spike limit apart from the hour’s', async () => {
    const { budget, counts } = setUp();
    await budget.learn(told(25, 5, startTime + 10));
    expect(counts).toEqual({ rateBudgetSpikeLeftPercent: 20 });
  });

  it('lets calls through uncounted when its store fails', async () => {
    const down = () => Promise.reject(new Error('down'));
    const { budget, notes } = setUp({ read: down, take: down, replaceWindow: down });
    expect(await budget.acquire(4, long)).toEqual({ granted: 4 });
    expect(notes[0]).toEqual(['budget.unavailable', { errorName: 'Error' }]);
    await budget.learn(told(600, 60, startTime + 1000));
    expect(notes.at(-1)).toEqual(['budget.unlearned', { errorName: 'Error' }]);
  });
});

describe('the headers', () => {
  it('are read when all three are there', () => {
    expect(readLimit(told(25, 24, 1466182247))).toEqual({ limit: 25, remaining: 24, resetAt: 1466182247 });
    expect(readLimit(new Headers({ 'x-rate-limit-limit': '25' }))).toBeUndefined();
    expect(readLimit(new Headers({ ...Object.fromEntries(told(0, 0, 5)) }))).toBeUndefined();
  });
});
