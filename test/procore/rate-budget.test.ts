import { describe, expect, it } from 'vitest';
import { type BudgetedCall, sharedRateBudget } from '../../functions/procore/rate-budget.ts';
import type { RateBudgetStore } from '../../functions/procore/rate-budget-store.ts';
import type { Permit } from '../../functions/procore/rate-leases.ts';
import { readLimit, readWindow } from '../../functions/procore/rate-limit-headers.ts';
import type { RateScope } from '../../functions/procore/rate-limit-scope.ts';
import { virtualTime } from '../connection/virtual-time.ts';
import { memoryRateBudget } from '../memory/rate-budget.ts';
import { recordingObserver, startTime } from './client-world.ts';

const told = (limit: number, remaining: number, resetAt: number, date = startTime) =>
  new Headers({
    date: new Date(date * 1000).toUTCString(),
    'x-rate-limit-limit': String(limit),
    'x-rate-limit-remaining': String(remaining),
    'x-rate-limit-reset': String(resetAt),
  });
const long = () => 24 * 3600 * 1000;
const reading: BudgetedCall = { connectionId: 'acme', companyId: '7', budgetClass: 'foreground', isWrite: false };
const ofCompany = (companyId: string): BudgetedCall => ({ ...reading, companyId, connectionId: `of ${companyId}` });

function setUp(faulty: Partial<RateBudgetStore> = {}, scope?: RateScope) {
  const time = virtualTime(startTime);
  const store: RateBudgetStore = Object.assign(memoryRateBudget(time.clock), faulty);
  const recorded = recordingObserver();
  const { clock, sleep } = time;
  const { observer } = recorded;
  const invocation = () =>
    sharedRateBudget({ store, clock, sleep, randomFraction: () => 0, observer, ...(scope && { scope }) });
  const budget = invocation();

  /** Lets calls go while they need not wait. @returns their permits */
  async function takeAll(from = budget, call = reading, most = 1000): Promise<Permit[]> {
    const permits: Permit[] = [];
    while (permits.length < most) {
      const allowance = await from.acquire(call, () => 0);
      if (!('version' in allowance)) break;
      permits.push(allowance);
    }
    return permits;
  }

  /** Learns from the answer to a first call. */
  async function learn(headers: Headers, from = budget, call = reading): Promise<void> {
    const [permit] = await takeAll(from, call, 1);
    if (permit === undefined) throw new Error('No call may go.');
    await from.learn(permit, { status: 200, headers });
  }
  return { time, store, invocation, budget, takeAll, learn, ...recorded };
}

describe('a budget of which nothing is known', () => {
  it('lets five calls go for everybody, and the rest when an answer has told the limit', async () => {
    const { invocation, takeAll, time } = setUp();
    const [one, other] = [invocation(), invocation()];
    const permits = [...(await takeAll(one, reading, 3)), ...(await takeAll(other))];
    expect(permits).toHaveLength(5);
    const waiting = other.acquire(reading, long);
    await one.learn(permits[0] as Permit, { status: 200, headers: told(25, 24, startTime + 10) });
    time.pass(1);
    expect(await time.run(waiting)).toHaveProperty('version');
    expect((await takeAll(one)).length).toBeGreaterThan(10);
  });

  it('counts nothing once answers have come without any such headers, and writes nothing down', async () => {
    let writes = 0;
    const { budget, store, takeAll, learn } = setUp();
    await learn(new Headers());
    const { write } = store;
    Object.assign(store, { write: (...call: Parameters<typeof write>) => write(...call).finally(() => (writes += 1)) });
    expect(await takeAll(budget, reading, 500)).toHaveLength(500);
    expect(writes).toBe(0);
  });

  it('does not take a broken answer for one without limits', async () => {
    const { budget, takeAll } = setUp();
    const [permit] = await takeAll(budget, reading, 1);
    await budget.learn(permit as Permit, { status: 502, headers: new Headers() });
    expect(await takeAll()).toHaveLength(4);
  });

  it('is not held up for ever by first calls that never answer', async () => {
    const { budget, time, takeAll } = setUp();
    await takeAll();
    expect(await time.run(budget.acquire(reading, long))).toHaveProperty('version');
    expect(time.clock() - startTime).toBeLessThan(20);
  });

  it('lets no write go, and says that something has to be read first', async () => {
    const { budget, learn } = setUp();
    const writing = { ...reading, isWrite: true };
    expect(await budget.acquire(writing, long)).toEqual({ isLimitUnknown: true });
    await learn(told(25, 24, startTime + 10));
    expect(await budget.acquire(writing, long)).toHaveProperty('version');
  });

  it('lets writes go where nothing is counted', async () => {
    const { budget, learn } = setUp();
    await learn(new Headers());
    expect(await budget.acquire({ ...reading, isWrite: true }, long)).toHaveProperty('version');
  });
});

describe('a budget that is known', () => {
  it.each([
    ['25 in 10 s', 25, 10],
    ['25 in 60 s', 25, 60],
    ['100 in 60 s', 100, 60],
    ['600 an hour', 600, 3600],
  ])('lets no more go in a window than its limit, and goes on in the next: %s', async (_, limit, seconds) => {
    const { budget, time, takeAll, learn } = setUp();
    await learn(told(limit, limit - 1, startTime + seconds));
    const taken = (await takeAll()).length;
    expect(taken).toBeGreaterThan(limit - 8);
    expect(taken).toBeLessThan(limit);
    // The last call of a long window goes when the others have been answered, to see what was counted.
    const isLong = seconds > 60;
    if (isLong) await time.run(budget.acquire(reading, long));
    expect(time.clock() - startTime).toBeLessThan(20);
    await time.run(budget.acquire(reading, long));
    const waited = time.clock() - startTime;
    expect(waited).toBeGreaterThan(seconds - 2);
    expect(waited).toBeLessThan(seconds + 4);
  });

  it('is shared: what one invocation takes, another has not', async () => {
    const { invocation, learn, takeAll } = setUp();
    const [one, other] = [invocation(), invocation()];
    await learn(told(25, 24, startTime + 60), one);
    const taken = [...(await takeAll(one, reading, 10)), ...(await takeAll(other)), ...(await takeAll(one))];
    expect(taken.length).toBeLessThan(25);
  });

  it('counts what others than we spend while a window runs', async () => {
    const { budget, takeAll, learn } = setUp();
    await learn(told(100, 99, startTime + 60));
    const [permit] = await takeAll(budget, reading, 1);
    await budget.learn(permit as Permit, { status: 200, headers: told(100, 10, startTime + 60) });
    expect((await takeAll()).length).toBeLessThanOrEqual(10);
  });

  it('writes less than once a call when many are wanted', async () => {
    let writes = 0;
    const { store, learn, takeAll } = setUp();
    await learn(told(600, 599, startTime + 3600));
    const { write } = store;
    Object.assign(store, { write: (...call: Parameters<typeof write>) => write(...call).finally(() => (writes += 1)) });
    const taken = (await takeAll()).length;
    expect(writes / taken).toBeLessThan(0.1);
  });

  it('gives back what nobody wants, so that others have it', async () => {
    const { invocation, learn, takeAll, store } = setUp();
    const [one, other] = [invocation(), invocation()];
    await learn(told(600, 599, startTime + 3600), one);
    const made = (await takeAll(one, reading, 90)).length + 5;
    await one.release();
    const { counts } = await store.read('app');
    expect(Math.max(...Object.values(counts).map(({ used }) => used))).toBe(made);
    expect((await takeAll(other)).length).toBe(600 - made - 1);
  });

  it('keeps two windows at once, and an answer changes the one that it names alone', async () => {
    const { budget, store, learn, takeAll } = setUp();
    await learn(told(600, 400, startTime + 3000));
    const [permit] = await takeAll(budget, reading, 1);
    await budget.learn(permit as Permit, { status: 200, headers: told(25, 20, startTime + 10) });
    const { windows, counts } = await store.read('app');
    expect(windows.map(({ limit }) => limit)).toEqual([600, 25]);
    expect(counts[1]?.used).toBeGreaterThanOrEqual(200);
    expect((await takeAll()).length).toBeLessThanOrEqual(20);
  });

  it('takes another limit in place of the one before, in the same window', async () => {
    const { budget, store, learn, takeAll } = setUp();
    await learn(told(600, 599, startTime + 3600));
    const [permit] = await takeAll(budget, reading, 1);
    await budget.learn(permit as Permit, { status: 200, headers: told(300, 290, startTime + 3600) });
    expect((await store.read('app')).windows).toMatchObject([{ limit: 300 }]);
  });

  it('forgets a window that answers ought to name by now and do not', async () => {
    const { budget, store, time, learn, takeAll } = setUp();
    await learn(told(20, 19, startTime + 3600));
    const permits = await takeAll(budget, reading, 10);
    time.pass(1);
    permits.push(...(await takeAll()));
    // Calls that are on their way are not yet in the count that answers tell.
    time.pass(5);
    for (const permit of permits) {
      await budget.learn(permit, { status: 200, headers: told(1000, 900, startTime + 600) });
    }
    expect((await store.read('app')).windows.map(({ limit }) => limit)).toEqual([1000]);
  });

  it('tells how long it takes when there is less time than that', async () => {
    const { budget, learn, takeAll } = setUp();
    await learn(told(25, 24, startTime + 60));
    await takeAll();
    const { waitSeconds } = (await budget.acquire(reading, () => 5000)) as { waitSeconds: number };
    expect(waitSeconds).toBeGreaterThan(55);
    expect(waitSeconds).toBeLessThan(65);
  });

  it('stops everybody while Procore asks for silence, also where nothing is counted', async () => {
    const { budget, time, invocation, learn, takeAll } = setUp();
    await learn(new Headers());
    const [permit] = await takeAll(budget, reading, 1);
    await budget.learn(permit as Permit, { status: 429, headers: new Headers(), retryAfterSeconds: 40 });
    expect(await budget.acquire(reading, () => 5000)).toHaveProperty('waitSeconds');
    await time.run(invocation().acquire(reading, long));
    expect(time.clock() - startTime).toBeGreaterThanOrEqual(40);
  });

  it('stops everybody also after a 429 that says nothing, ever longer until a call is answered', async () => {
    const { budget, time, learn } = setUp();
    await learn(new Headers());
    const waitedFor = async (status: number) => {
      const before = time.clock();
      const permit = await time.run(budget.acquire(reading, long));
      const waited = time.clock() - before;
      await budget.learn(permit as Permit, { status, headers: new Headers() });
      return waited;
    };
    const waits: number[] = [];
    for (let turn = 0; turn < 9; turn++) waits.push(await waitedFor(429));
    expect(waits[1]).toBeLessThan(3);
    expect(waits[8]).toBeGreaterThanOrEqual(28);
    expect(waits[8]).toBeLessThan(33);
    await waitedFor(200);
    await waitedFor(429);
    expect(await waitedFor(429)).toBeLessThan(3);
  });

  it('believes Procore’s clock, not ours', async () => {
    const { budget, time, learn, takeAll } = setUp();
    await learn(told(25, 24, startTime - 500 + 60, startTime - 500));
    await takeAll();
    await time.run(budget.acquire(reading, long));
    expect(time.clock() - startTime).toBeGreaterThan(58);
    expect(time.clock() - startTime).toBeLessThan(65);
  });
});

it.each([0, 60, 600, 13 * 3600])(
  'a process whose clock is %i s behind waits for no reset that is past: it has made no call yet, and others have stored the window',
  async (behind) => {
    const { time, store, learn, takeAll } = setUp();
    await learn(told(25, 0, startTime + 10));
    await takeAll();
    const { clock, sleep } = time;
    const { observer } = recordingObserver();
    const laptop = sharedRateBudget({
      ...{ store, sleep, observer, randomFraction: () => 0 },
      clock: () => clock() - behind,
    });
    const held = await laptop.acquire(reading, () => 0);
    expect('waitSeconds' in held && held.waitSeconds).toBeLessThanOrEqual(14);
    const before = time.clock();
    expect(await time.run(laptop.acquire(reading, long))).toHaveProperty('version');
    expect(time.clock() - before).toBeLessThan(15);
  },
);

describe('the background', () => {
  const background: BudgetedCall = { ...reading, budgetClass: 'background' };

  it('leaves a fifth of a long window to the foreground, and less as the window ends', async () => {
    const { budget, time, learn, takeAll } = setUp();
    await learn(told(600, 599, startTime + 3600));
    const taken = (await takeAll(budget, background)).length;
    expect(taken).toBeGreaterThan(450);
    expect(taken).toBeLessThanOrEqual(480);
    await budget.release();
    time.pass(1800);
    const more = (await takeAll(budget, background)).length;
    expect(more).toBeGreaterThan(50);
    expect(more).toBeLessThanOrEqual(61);
    expect((await takeAll(budget, reading)).length).toBeGreaterThan(50);
  });

  it('has all of a short window that nobody else wants', async () => {
    const { budget, learn, takeAll } = setUp();
    await learn(told(100, 99, startTime + 60));
    expect((await takeAll(budget, background)).length).toBeGreaterThan(90);
  });

  it('has a fifth of a short one at its beginning when the foreground found no room in the one before', async () => {
    const { budget, time, learn, takeAll } = setUp();
    await learn(told(100, 99, startTime + 60));
    for (const permit of await takeAll(budget, background)) {
      await budget.learn(permit, { status: 200, headers: told(100, 50, startTime + 60) });
    }
    await budget.acquire(reading, () => 0);
    const permit = await time.run(budget.acquire(reading, long));
    const now = Math.floor(time.clock());
    await budget.learn(permit as Permit, { status: 200, headers: told(100, 99, now + 60, now) });
    expect((await takeAll(budget, background)).length).toBeLessThanOrEqual(20);
  });
});

describe('the background’s own part of a window', () => {
  const background: BudgetedCall = { ...reading, budgetClass: 'background' };

  /** A window of which the one before had a call of the background. */
  async function setUpSecond(limit: number, seconds: number) {
    const world = setUp();
    const { budget, time, learn, takeAll } = world;
    await learn(told(limit, limit - 1, startTime + seconds));
    await takeAll(budget, background, 10);
    time.pass(seconds + 2);
    const now = Math.floor(time.clock());
    await learn(told(limit, limit - 1, now + seconds, now));
    return world;
  }

  it('is there although the foreground has taken all else, and is the foreground’s when four fifths are over', async () => {
    const { budget, time, takeAll } = await setUpSecond(600, 3600);
    expect((await takeAll(budget, reading)).length).toBeLessThan(600 - 30);
    expect(await takeAll(budget, background, 10)).toHaveLength(10);
    expect(await takeAll(budget, reading)).toHaveLength(0);
    const permit = await time.run(budget.acquire(reading, long));
    expect(permit).toHaveProperty('version');
    expect(time.clock() - startTime - 3600).toBeGreaterThan(0.8 * 3600);
    expect(time.clock() - startTime - 3600).toBeLessThan(0.85 * 3600);
    expect((await takeAll(budget, reading)).length).toBeGreaterThan(15);
  });

  it('is a call of 25', async () => {
    const { budget, takeAll } = await setUpSecond(25, 10);
    await takeAll(budget, reading);
    expect(await takeAll(budget, background)).toHaveLength(1);
  });

  it('is none where the background did not call in the window before', async () => {
    const { budget, learn, takeAll } = setUp();
    await learn(told(600, 599, startTime + 3600));
    expect((await takeAll(budget, reading)).length).toBeGreaterThan(592);
    expect(await takeAll(budget, background)).toHaveLength(0);
  });
});

describe('the room of background work', () => {
  const background: BudgetedCall = { ...reading, budgetClass: 'background' };

  it('is spread over a long window', async () => {
    const { budget, time, learn } = setUp();
    await learn(told(600, 599, startTime + 3600));
    const first = await budget.backgroundRoom();
    // Four fifths of the limit.
    expect(first?.aMinute).toBeCloseTo(480 / 60, 0);
    expect(first?.calls).toBeLessThan(10);
    time.pass(600);
    const later = await budget.backgroundRoom();
    expect(later?.calls).toBeGreaterThan(80);
    expect(later?.calls).toBeLessThan(110);
  });

  it('of a short window is that of a minute', async () => {
    const { budget, learn } = setUp();
    await learn(told(25, 24, startTime + 10));
    expect((await budget.backgroundRoom())?.calls).toBeGreaterThan(100);
  });

  it('is none while there is no call at this moment, and while Procore asks for silence', async () => {
    const { budget, learn, takeAll } = setUp();
    await learn(told(25, 24, startTime + 10));
    await takeAll(budget, background);
    expect((await budget.backgroundRoom())?.calls).toBe(0);
    const paused = setUp();
    await paused.learn(told(25, 24, startTime + 10));
    await paused.store.pauseUntil('app', startTime + 60, 429);
    expect((await paused.budget.backgroundRoom())?.calls).toBe(0);
  });

  it('is not known before an answer has told a limit, where each company has its own, and without the store', async () => {
    const { budget } = setUp();
    expect(await budget.backgroundRoom()).toBeUndefined();
    const ofCompanies = setUp({}, 'company');
    await ofCompanies.learn(told(600, 599, startTime + 3600));
    expect(await ofCompanies.budget.backgroundRoom()).toBeUndefined();
    const { budget: lost } = setUp({ read: () => Promise.reject(new Error('out')) });
    expect(await lost.backgroundRoom()).toBeUndefined();
  });
});

describe('a process that has not looked for long', () => {
  it('does not take what others have made meanwhile for calls that are under way, when it finds the next window', async () => {
    const { invocation, learn, takeAll, time, store } = setUp();
    const [one, other] = [invocation(), invocation()];
    await learn(told(600, 599, startTime + 3600), one);
    await learn(told(600, 598, startTime + 3600), other);
    for (let minute = 0; minute < 55; minute++) {
      time.pass(60);
      const made = await takeAll(one, reading, 8);
      const left = 597 - 8 * minute;
      for (const permit of made) {
        await one.learn(permit, { status: 200, headers: told(600, left, startTime + 3600, startTime + 60 * minute) });
      }
    }
    // At Procore the next window has begun a little earlier than we believe.
    time.pass(299);
    const now = Math.floor(time.clock());
    await learn(told(600, 599, now + 3600, now), other);
    const { windows, counts } = await store.read('app');
    expect(windows[0]?.toldReset).toBe(now + 3600);
    expect(Math.max(...Object.values(counts).map(({ used }) => used))).toBeLessThan(25);
  });
});

describe('what Procore counts by', () => {
  /** Calls companies in turn; each answer tells what was counted of the company alone. */
  async function callInTurn(
    { budget, takeAll, time }: ReturnType<typeof setUp>,
    companies: readonly string[],
    rounds: number,
  ) {
    const counted = new Map<string, number>();
    for (let turn = 0; turn < rounds; turn++) {
      const companyId = companies[turn % companies.length] ?? '';
      const [permit] = await takeAll(budget, ofCompany(companyId), 1);
      if (permit === undefined) return;
      time.pass(0.5);
      counted.set(companyId, (counted.get(companyId) ?? 0) + 1);
      const headers = told(100, 100 - (counted.get(companyId) ?? 0), startTime + 60);
      await budget.learn(permit, { status: 200, headers });
    }
  }

  it('is learned: answers that have counted clearly fewer calls than we made disprove the whole app', async () => {
    const world = setUp();
    await callInTurn(world, ['1', '2', '3', '4'], 24);
    expect((await world.store.read('app')).scope).toBe('company');
    expect(world.notes).toContainEqual(['budget.scope_learned', { outcome: 'company' }]);
  });

  it('stays the whole app where all calls count together', async () => {
    const world = setUp();
    const { budget, takeAll } = world;
    for (let made = 1; made <= 50; made++) {
      const [permit] = await takeAll(budget, ofCompany(String(made % 4)), 1);
      await budget.learn(permit as Permit, { status: 200, headers: told(100, 100 - made, startTime + 60) });
    }
    expect((await world.store.read('app')).scope).toBeUndefined();
  });

  it('goes a step back by a 429 although there were calls left', async () => {
    const world = setUp();
    await callInTurn(world, ['1', '2', '3', '4'], 24);
    const { budget, takeAll, store, time } = world;
    // The first window of a company's own budget tells nothing: calls in it were counted as the app's.
    for (const end of [60, 125]) {
      const [first] = await takeAll(budget, ofCompany('1'), 1);
      const date = startTime + end - 60;
      await budget.learn(first as Permit, { status: 200, headers: told(100, 90, startTime + end, date) });
      if (end === 60) time.pass(65);
    }
    const [permit] = await takeAll(budget, ofCompany('1'), 1);
    const headers = told(100, 0, startTime + 125, startTime + 65);
    await budget.learn(permit as Permit, { status: 429, headers, retryAfterSeconds: 60 });
    expect((await store.read('app')).scope).toBe('app');
  });

  it('that only a later version knows holds no call up: calls count by the app', async () => {
    const { store, observer, notes } = setUp();
    let [looks, reads] = [0, 0];
    const budget = sharedRateBudget({
      store: {
        ...store,
        async read(name) {
          reads += 1;
          if (reads > 10) throw new Error('It looks again and again.');
          return { ...(await store.read(name)), scope: 'user' };
        },
      },
      // Time goes on, so that looking for ever ends in an error.
      clock: () => startTime + looks++ / 100,
      ...{ observer, sleep: async () => {}, randomFraction: () => 0 },
    });
    expect(await budget.acquire(reading, long)).toMatchObject({ budget: 'app' });
    expect(notes).toEqual([]);
  });

  it('is what a setting says, and then nothing is learned', async () => {
    const world = setUp({}, 'company');
    await callInTurn(world, ['1', '2'], 4);
    expect((await world.store.read('company#1')).version).toBeGreaterThan(0);
    expect((await world.store.read('app')).version).toBe(0);
    const app = setUp({}, 'app');
    await callInTurn(app, ['1', '2', '3', '4'], 24);
    expect((await app.store.read('app')).scope).toBeUndefined();
  });
});

describe('a budget tells how much is left, once for each percent,', () => {
  async function measured(seconds: number) {
    const { budget, takeAll, counts } = setUp();
    const headers = told(600, 60, startTime + seconds);
    for (const permit of await takeAll()) await budget.learn(permit, { status: 200, headers });
    return counts;
  }

  it('of a long window', async () => {
    expect(await measured(3600)).toEqual({ rateBudgetLongLeftPercent: 10 });
  });

  it('of a short window', async () => {
    expect(await measured(60)).toEqual({ rateBudgetShortLeftPercent: 10 });
  });
});

describe('a store that fails', () => {
  it('holds no call up, and is told', async () => {
    const down = () => Promise.reject(new Error('down'));
    const { budget, notes } = setUp({ read: down, write: down });
    const permit = await budget.acquire(reading, long);
    expect(permit).toHaveProperty('version');
    expect(notes[0]).toEqual(['budget.unavailable', { errorName: 'Error' }]);
    await budget.learn(permit as Permit, { status: 200, headers: told(600, 60, startTime + 1000) });
    await budget.release();
  });

  it('does not keep an answer from its caller when it fails after the call', async () => {
    const { budget, notes, takeAll, store } = setUp();
    const [permit] = await takeAll(budget, reading, 1);
    Object.assign(store, { write: () => Promise.reject(new Error('down')) });
    await budget.learn(permit as Permit, { status: 200, headers: told(600, 60, startTime + 1000) });
    expect(notes.at(-1)).toEqual(['budget.unlearned', { errorName: 'Error' }]);
  });
});

describe('the headers', () => {
  it('are read when all three are there', () => {
    expect(readLimit(told(25, 24, 1466182247))).toEqual({ limit: 25, remaining: 24, resetAt: 1466182247 });
    expect(readLimit(new Headers({ 'x-rate-limit-limit': '25' }))).toBeUndefined();
    expect(readLimit(told(0, 0, 5))).toBeUndefined();
  });

  it.each([
    ['in seconds from now', '40', 40],
    ['with a fraction', String(startTime + 40.25), 40],
  ])('tell a reset %s as well: %s', async (_, reset, seconds) => {
    const headers = new Headers({
      'x-rate-limit-limit': '25',
      'x-rate-limit-remaining': '24',
      'x-rate-limit-reset': reset,
    });
    expect(readWindow(headers, 200, startTime)).toEqual({
      ...{ limit: 25, remaining: 24, used: 1 },
      ...{ resetAt: startTime + seconds, length: seconds },
    });
  });

  it('are not believed when the reset is over, or days ahead', async () => {
    const { store, learn } = setUp();
    await learn(told(25, 24, startTime - 100));
    await learn(told(25, 24, startTime + 90_000_000));
    expect((await store.read('app')).windows.filter(({ isTrial }) => !isTrial)).toEqual([]);
  });
});
