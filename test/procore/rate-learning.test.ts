import { describe, expect, it } from 'vitest';
import type { Clock } from '../../functions/clock.ts';
import { isBeyondDue, tried } from '../../functions/procore/rate-beyond.ts';
import { sharedRateBudget } from '../../functions/procore/rate-budget.ts';
import type { RateBudgetStore } from '../../functions/procore/rate-budget-store.ts';
import { learned } from '../../functions/procore/rate-learned.ts';
import { readWindow } from '../../functions/procore/rate-limit-headers.ts';
import { isOfAnother, missingFrom } from '../../functions/procore/rate-named-window.ts';
import { narrowed, nextWindow } from '../../functions/procore/rate-next-window.ts';
import { roomFor } from '../../functions/procore/rate-room.ts';
import { ownerOf, scopeShownBy } from '../../functions/procore/rate-scope.ts';
import { SharedBudget } from '../../functions/procore/rate-shared-budget.ts';
import { lengthOf, noCounts, unknownBudget, type WindowChange } from '../../functions/procore/rate-windows.ts';
import { memoryRateBudget } from '../memory/rate-budget.ts';
import { sampleWindow } from './sample-window.ts';

const told = (resetAt: number, date: number, used = 1) => ({
  limit: 25,
  remaining: 25 - used,
  used,
  resetAt,
  length: resetAt - date,
});

async function knownBudget(store: RateBudgetStore, clock: Clock, change: WindowChange): Promise<SharedBudget> {
  await store.write('app', { seen: 0, change });
  const budget = new SharedBudget('app', store, clock, () => undefined);
  await budget.reread();
  return budget;
}

it('calls that are given back are given back once, by two writes at the same time', async () => {
  const store = memoryRateBudget(() => 1000);
  const set = { 1: { ...noCounts, used: 20 } };
  const budget = await knownBudget(store, () => 1000, { windows: [sampleWindow()], set });
  budget.owe({ version: 1, budgetClass: 'background', back: 5, sent: 0 });
  await Promise.all([budget.write({}), budget.write({}, { 1: { missed: 1 } })]);
  expect((await store.read('app')).counts[1]?.used).toBe(15);
});

it('who has just begun counts its calls on in a window that an answer names first, where none says how many remain', async () => {
  let now = 1000;
  const store = memoryRateBudget(() => now);
  const untold = sampleWindow({ limit: 100, seconds: 60, toldReset: 1001, resetAt: 1002, isRemainingUntold: true });
  const set = { 1: { ...noCounts, used: 5, sent: 5 } };
  const budget = await knownBudget(store, () => now, { windows: [untold], set });
  now = 1000.9;
  await budget.write({}, { 1: { used: 60, sent: 60 } });
  now = 1001.1;
  const told = { limit: 100, used: 1, resetAt: 1061, length: 60 };
  await budget.learn({ told, version: 1, latest: now });
  expect((await store.read('app')).counts[1]?.used).toBe(1 + 59);
});

it('calls that an answer has counted are not under way: the next window does not begin with them', async () => {
  let now = 1000;
  const store = memoryRateBudget(() => now);
  const set = { 1: { ...noCounts, used: 3, sent: 3 } };
  const minute = sampleWindow({ limit: 100, seconds: 60, toldReset: 1004, resetAt: 1005 });
  const budget = await knownBudget(store, () => now, { windows: [minute], set });
  now = 1003.5;
  // Others than we had made most of these.
  const answer = { limit: 100, remaining: 2, used: 98, resetAt: 1004, length: 1 };
  await budget.learn({ told: answer, version: 1, latest: now });
  expect((await store.read('app')).counts[1]?.used).toBe(98);
  now = 1004.8;
  const next = { limit: 100, remaining: 99, used: 1, resetAt: 1064, length: 60 };
  await budget.learn({ told: next, version: 1, latest: now });
  expect((await store.read('app')).counts[1]?.used).toBe(1);
});

it('from one told reset to the next it is several windows, where none of those between was told', () => {
  const first = sampleWindow({ seconds: 3600, toldReset: 4000, resetAt: 4001 });
  const second = nextWindow(first, noCounts, 2, 4001);
  const third = nextWindow(second, noCounts, 3, 7601);
  const gapAfter = (window: typeof first) => {
    const state = { ...unknownBudget, version: 4, windows: [window] };
    const answer = { ...told(window === second ? 7600 : 11_200, 7500), length: 100 };
    return learned(state, { told: answer, version: 4, latest: 7500 })?.change?.windows[0];
  };
  expect(gapAfter(second)).toMatchObject({ gap: 3600 });
  expect(gapAfter(third)).toMatchObject({ gap: 0 });
  expect(gapAfter(third)).not.toHaveProperty('isAfterUntold');
});

describe('that calls count together is disproved', () => {
  const window = sampleWindow({ toldReset: 1010, seconds: 10 });

  it.each([
    ['a window that ends in the middle of the next', told(1015, 1007), true],
    ['the next window while the one before runs', told(1019, 1008), true],
    ['the same window, rounded the other way', told(1011, 1001), false],
    ['the next window, after the end', told(1020, 1010), false],
    ['a window before', told(1000, 999), false],
  ])('by %s: %o, %s', (_, answer, isDisproved) => {
    expect(isOfAnother(window, answer, 2)).toBe(isDisproved);
  });

  it('by a call in a window that was over when it was let go, since another answer had told the next one', () => {
    const next = sampleWindow({ toldReset: 1020, resetAt: 1021, toldIn: 4 });
    expect(isOfAnother(next, told(1010, 1010), 4)).toBe(true);
    expect(isOfAnother(next, told(1010, 1010), 3)).toBe(false);
    const state = { ...unknownBudget, version: 4, windows: [{ ...next, strange: 2 }] };
    expect(scopeShownBy('app', state, { status: 200, told: told(1010, 1010), version: 4, sent: {} })).toBe('company');
  });

  it('by a count that is clearly lower than ours, unless ours may hold calls of the window before', () => {
    const evidence = { status: 200, told: told(1010, 1005, 10), version: 2, sent: { 1: 24 } };
    const state = (more = {}) => ({ ...unknownBudget, version: 2, windows: [sampleWindow(more)] });
    expect(scopeShownBy('app', state(), evidence)).toBe('company');
    expect(scopeShownBy('app', state({ unsure: 24 }), evidence)).toBe('app');
    expect(scopeShownBy('app', state(), { ...evidence, sent: { 1: 12 } })).toBe('app');
  });

  it('not by a count of another limit, whose window ends in the same second', () => {
    const evidence = { status: 200, told: told(1010, 1005, 1), version: 2, sent: { 1: 99 } };
    const state = { ...unknownBudget, version: 2, windows: [sampleWindow({ limit: 100 })] };
    expect(scopeShownBy('app', state, evidence)).toBe('app');
  });
});

describe('what the foreground wants is not forgotten', () => {
  const hour = sampleWindow({ limit: 600, seconds: 3600, resetAt: 4601, toldReset: 4600, expected: 300 });
  const expectedIn = (windows: readonly { readonly expected: number }[] = []) =>
    windows.map(({ expected }) => expected);

  it('when another limit comes in place of the one before', () => {
    const state = { ...unknownBudget, version: 2, windows: [hour] };
    const other = { limit: 300, remaining: 299, used: 1, resetAt: 2800, length: 1800 };
    const news = learned(state, { told: other, version: 2, latest: 1000 });
    expect(expectedIn(news?.change?.windows)).toEqual([300, 150]);
  });

  it('when calls begin to count by a narrower scope', () => {
    const [window] = narrowed(unknownBudget, { ...unknownBudget, version: 2, windows: [hour] }).windows;
    expect(nextWindow(window ?? hour, noCounts, 1, 1000).expected).toBe(540);
  });

  it('when a window of which only a part was seen begins again: it is taken for an hour', () => {
    const part = sampleWindow({ limit: 600, seconds: 2000, resetAt: 3001, toldReset: 3000 });
    expect(nextWindow(part, noCounts, 2, 3001).resetAt).toBeGreaterThan(3001 + 3599);
  });
});

it('a minute that was seen as 61 seconds, since resets are rounded, is no hour of which only a part was seen', () => {
  expect([60, 61, 62, 63, 4000].map((seconds) => lengthOf({ seconds, gap: 0 }))).toEqual([60, 61, 62, 3600, 86_400]);
});

it('a window is not missed in answers that are perhaps of the next one', () => {
  const windows = [
    sampleWindow(),
    sampleWindow({ slot: 2, limit: 600, seconds: 3600, resetAt: 4601, toldReset: 4600 }),
  ];
  const state = { ...unknownBudget, version: 2, windows, counts: { 1: { ...noCounts, used: 25, sent: 25 } } };
  const ofHour = (date: number) => ({ limit: 600, remaining: 500, used: 100, resetAt: 4600, length: 4600 - date });
  expect(missingFrom(state, ofHour(1004))).toEqual([1]);
  expect(missingFrom(state, ofHour(1009))).toEqual([]);
});

describe('what Procore counts by is shown', () => {
  it('also by one strange answer in each of three windows that follow each other, but not by one now and then', () => {
    const strange = (state: typeof unknownBudget, resetAt: number) => {
      const news = learned(state, { told: told(resetAt, resetAt - 5), version: state.version, latest: resetAt - 5 });
      return { ...state, windows: news?.change?.windows ?? state.windows };
    };
    const next = (state: typeof unknownBudget, resetAt: number) => {
      const [window] = state.windows;
      const opened = nextWindow(window ?? sampleWindow(), noCounts, 3, resetAt - 10);
      return { ...state, windows: [{ ...opened, isTold: true, toldReset: resetAt, resetAt: resetAt + 1 }] };
    };
    const first = strange({ ...unknownBudget, version: 2, windows: [sampleWindow()] }, 1015);
    const third = strange(next(strange(next(first, 1020), 1025), 1030), 1035);
    expect(third.windows).toMatchObject([{ strange: 3 }]);
    expect(next(next(first, 1020), 1030).windows[0]?.strange).toBeUndefined();
  });

  it('not by late answers: an emptied budget is not filled again by calls from before', async () => {
    const store = memoryRateBudget(() => 1000);
    await store.write('company#1', { seen: 0, change: { windows: [sampleWindow()], set: {} } });
    const budget = new SharedBudget(
      'company#1',
      store,
      () => 1000,
      () => undefined,
    );
    await budget.reread();
    // Somebody else is faster.
    await store.write('company#1', { seen: 1, change: { windows: [sampleWindow({ scouts: 1 })], set: {} } });
    await budget.empty();
    await budget.learn({ told: told(1020, 1010), version: 2, latest: 1010 });
    expect((await store.read('company#1')).windows).toEqual([]);
  });
});

describe('calls of a company that begin to count by token', () => {
  const observer = { note() {}, count() {} };
  // Nobody waits here: a lease that is held stays held.
  const sleep = () => new Promise<void>(() => {});
  const call = { connectionId: 'acme', companyId: '7', budgetClass: 'foreground', isWrite: false } as const;

  /** Two processes that have long been running and count by company; the first one looks at the scope sooner. */
  async function twoProcesses(used: number) {
    let now = 1000;
    const clock = () => now;
    const store = memoryRateBudget(clock);
    await store.replaceScope(undefined, 'company');
    const window = sampleWindow({ seconds: 60, resetAt: 1141, toldReset: 1140 });
    const set = { 1: { ...noCounts, used, sent: used } };
    await store.write('company#7', { seen: 0, change: { windows: [window], set } });
    const dependencies = { store, clock, sleep, randomFraction: () => 0, observer };
    const [first, second] = [sharedRateBudget(dependencies), sharedRateBudget(dependencies)];
    async function take(budget: typeof first, at: number) {
      now = at;
      return budget.acquire(call, () => 0);
    }
    await take(first, 1090);
    await take(second, 1100);
    await store.replaceScope('company', 'token');
    return { store, take, first, second };
  }

  it('all move as soon as the first one has: none is made of which the token knows nothing', async () => {
    const { store, take, first, second } = await twoProcesses(5);
    expect(await take(second, 1100.5)).toMatchObject({ budget: 'company#7' });
    expect(await take(first, 1101)).toMatchObject({ budget: 'token#acme' });
    // The token's first call is on its way, and tells how many are left.
    expect(await take(second, 1101.2)).toHaveProperty('waitSeconds');
    expect((await store.read('company#7')).windows).toEqual([]);
    expect(await take(second, 1107)).toMatchObject({ budget: 'token#acme' });
  });

  it('wait, where the company has used up its window, and forget it only afterwards', async () => {
    const { store, take, first, second } = await twoProcesses(24);
    expect(await take(first, 1101)).toHaveProperty('waitSeconds');
    expect(await take(second, 1101.2)).toHaveProperty('waitSeconds');
    expect((await store.read('company#7')).windows).toHaveLength(1);
    expect(await take(first, 1142)).toMatchObject({ budget: 'token#acme' });
    expect((await store.read('company#7')).windows).toEqual([]);
  });

  it('stay where they are by a setting', async () => {
    const { store } = await twoProcesses(5);
    const clock = () => 1101;
    const budget = sharedRateBudget({
      ...{ store, clock, sleep, randomFraction: () => 0, observer },
      scope: 'token',
    });
    expect(await budget.acquire(call, () => 0)).toMatchObject({ budget: 'token#acme' });
    expect((await store.read('company#7')).windows).toHaveLength(1);
  });
});

describe('a 429', () => {
  const refusal = { ...told(1010, 1004, 25), remaining: 0 };
  const hour = sampleWindow({ slot: 2, limit: 600, seconds: 3600, resetAt: 4601, toldReset: 4600 });
  const state = { ...unknownBudget, version: 2, windows: [hour], counts: { 2: { ...noCounts, used: 40, sent: 40 } } };
  const refused = { told: refusal, version: 2, latest: 1004, isRefused: true };

  it('tells of a limit that no other answer names, and shows no scope by the counts of the others', () => {
    const windows = learned(state, refused)?.change?.windows ?? [];
    expect(windows).toMatchObject([
      { limit: 600, unsure: 40 },
      { limit: 25, isHidden: true },
    ]);
  });

  it('leaves nothing of its window, whatever is given back of leases', () => {
    const counts = { 1: { ...noCounts, used: 20, sent: 12 } };
    const known = { ...unknownBudget, version: 2, windows: [sampleWindow()], counts };
    expect(learned(known, refused)?.raise).toEqual({ slot: 1, used: 25 + 7 });
  });

  it('alone tells of the limit: other answers neither forget it nor look for it, and after a day it is tried anew', () => {
    const hidden = sampleWindow({ isHidden: true });
    const both = { ...state, windows: [hidden, hour], counts: { 1: { ...noCounts, used: 25, sent: 25 } } };
    expect(missingFrom(both, { limit: 600, remaining: 500, used: 100, resetAt: 4600, length: 3596 })).toEqual([]);
    const next = nextWindow(hidden, { ...noCounts, used: 25 }, 3, 1011);
    expect(next).toMatchObject({ isHidden: true, resetAt: 1011 + 10 + 1 });
    expect(next.scoutUntil).toBeUndefined();
    const at = (time: number) => ({
      earliest: () => time,
      likely: () => time,
      latest: () => time,
      learn: () => {},
      learnAtLeast: () => {},
    });
    const slots = (time: number) => {
      const room = roomFor({ ...both, windows: [hidden] }, { waiting: 1, later: 0 }, 'foreground', at(time));
      return room.kind === 'room' ? room.opening?.windows.map(({ slot }) => slot) : [];
    };
    expect(slots(1012)).toEqual([1]);
    expect(slots(1012 + 25 * 3600)).toEqual([0]);
  });

  it('long after another shows no length: there were any number of windows between them', () => {
    expect(lengthOf({ seconds: 9, gap: 3420, isHidden: true })).toBe(9);
    expect(lengthOf({ seconds: 5, gap: 10, isHidden: true })).toBe(10);
  });
});

describe('an answer that does not say what remains', () => {
  const now = 1_800_000_000;
  const headers = new Headers({ 'x-rate-limit-limit': '25', 'x-rate-limit-reset': String(now + 60) });

  it('tells the window, and of a used-up one a 429 tells that', () => {
    expect(readWindow(headers, 200, now)).toEqual({ limit: 25, used: 1, resetAt: now + 60, length: 60 });
    expect(readWindow(headers, 429, now)).toMatchObject({ remaining: 0, used: 25 });
  });

  it('shows no scope, and no window that is gone', () => {
    const untold = { limit: 25, used: 1, resetAt: 1010, length: 5 };
    const state = { ...unknownBudget, version: 2, windows: [sampleWindow(), sampleWindow({ slot: 2, limit: 5 })] };
    expect(scopeShownBy('app', state, { status: 200, told: untold, version: 2, sent: { 1: 24 } })).toBe('app');
    expect(missingFrom(state, untold)).toEqual([]);
  });
});

describe('a call beyond the limit, where answers do not say what remains,', () => {
  const untold = { limit: 25, used: 1, resetAt: 1060, length: 50 };
  const minute = { seconds: 60, toldReset: 1060, resetAt: 1061, isRemainingUntold: true, seenBy: 7 };
  const used = (count: number) => ({ 1: { ...noCounts, used: count, sent: count } });
  const clock = {
    earliest: () => 1020,
    likely: () => 1020,
    latest: () => 1020,
    learn: () => {},
    learnAtLeast: () => {},
  };
  const roomOf = (more: Partial<typeof minute & { unsure: number }>, count: number, owner: number) => {
    const state = {
      ...unknownBudget,
      version: 2,
      windows: [sampleWindow({ ...minute, ...more })],
      counts: used(count),
    };
    return roomFor(state, { waiting: 1, later: 0, owners: [owner], settled: { 1: count } }, 'foreground', clock);
  };

  it('goes when all that are allowed are answered, for another owner than one that has called in the window', () => {
    expect(roomOf({}, 25, 8)).toMatchObject({ kind: 'room', calls: 1, beyond: { seenBy: 7 }, ceilings: { 1: 26 } });
    expect(roomOf({}, 25, 7)).toMatchObject({ kind: 'wait' });
    expect(roomOf({ isRemainingUntold: false }, 25, 8)).toMatchObject({ kind: 'wait' });
    // One is under way.
    expect(roomOf({}, 26, 8)).toMatchObject({ kind: 'wait' });
    expect(roomOf({ unsure: 25 }, 25, 8)).toMatchObject({ kind: 'wait' });
  });

  it('is not waited for: the call that is held back for a scout goes before it, once the others are answered', () => {
    expect(roomOf({}, 24, 8)).toMatchObject({ kind: 'room', calls: 1 });
    expect(roomOf({}, 24, 7)).toMatchObject({ kind: 'wait' });
  });

  it('goes less and less often where it shows nothing, but once a day', () => {
    const owner = { owners: [7, 8], settled: { 1: 25 } };
    const isDueAfter = (tries: number, seconds: number) => {
      const window = { ...sampleWindow(minute), tries, triedAt: 1000 };
      return isBeyondDue(window, { ...noCounts, used: 25 }, owner, 1000 + seconds);
    };
    expect(tried(sampleWindow(minute), 1000)).toMatchObject({ tries: 1, triedAt: 1000 });
    expect([isDueAfter(1, 119), isDueAfter(1, 120)]).toEqual([false, true]);
    expect([isDueAfter(4, 959), isDueAfter(4, 960)]).toEqual([false, true]);
    expect([isDueAfter(40, 24 * 3600 - 1), isDueAfter(40, 24 * 3600)]).toEqual([false, true]);
  });

  it('shows that Procore counts by less, when three of them are answered, and that of a doubtful call more for each', () => {
    const counted = { ...unknownBudget, version: 2, counts: used(25) };
    const shown = (more: object, status = 200, owner = 8) => {
      const windows = [sampleWindow({ ...minute, ...more })];
      const told = status === 429 ? { ...untold, remaining: 0, used: 25 } : untold;
      return scopeShownBy(
        'app',
        { ...counted, windows },
        { status, told, version: 2, sent: {}, owner, isBeyond: true },
      );
    };
    expect(shown({})).toBe('app');
    expect(shown({ beyond: 2 })).toBe('company');
    expect(shown({ beyond: 2 }, 429)).toBe('app');
    expect(shown({ beyond: 2 }, 200, 7)).toBe('app');
    expect(shown({ beyond: 2, unsure: 4 })).toBe('app');
    expect(shown({ beyond: 6, unsure: 4 })).toBe('company');
  });

  it('is counted when it is answered, and not when it is refused', () => {
    const state = { ...unknownBudget, version: 2, windows: [sampleWindow(minute)], counts: used(26) };
    const answer = { told: untold, version: 2, latest: 1020, owner: 8, isBeyond: true } as const;
    expect(learned(state, answer)?.change?.windows).toMatchObject([{ beyond: 1 }]);
    const refused = { ...answer, told: { ...untold, remaining: 0, used: 25 }, isRefused: true };
    expect(learned(state, refused)?.change?.windows[0]?.beyond).toBeUndefined();
  });

  it('is nobody’s where no narrower scope is left', () => {
    const call = { connectionId: 'acme', companyId: '7' };
    expect(ownerOf('app', call)).toBe(ownerOf('company', call));
    expect(ownerOf('app', call)).not.toBe(ownerOf('app', { ...call, connectionId: 'other' }));
    expect(ownerOf('app', call)).not.toBe(ownerOf('app', { ...call, companyId: '8' }));
    expect(ownerOf('token', call)).toBeUndefined();
  });
});

it('a 429 shows no wider scope where nobody knows how many calls the window had: what remains is untold', () => {
  const opened = sampleWindow({ toldReset: 0, isTold: false, openedIn: 2, scoutUntil: 1003 });
  const state = { ...unknownBudget, version: 2, windows: [opened], counts: { 1: { ...noCounts, used: 3, sent: 3 } } };
  const first = { told: { limit: 25, used: 1, resetAt: 1010, length: 9 }, version: 2, latest: 1001 };
  const windows = learned(state, first)?.change?.windows ?? [];
  const refusal = { status: 429, told: told(1010, 1004, 25), version: 3, sent: {} };
  expect(scopeShownBy('company', { ...state, version: 3, windows }, refusal)).toBe('company');
  const counted = windows.map(({ unsure: _, ...window }) => window);
  expect(scopeShownBy('company', { ...state, version: 3, windows: counted }, refusal)).toBe('app');
});

it('a late answer of the window before does not fill the next one', () => {
  const opened = sampleWindow({ isTold: false, openedIn: 3, resetAt: 1023 });
  const counts = { 1: { ...noCounts, used: 1, sent: 1 } };
  const state = { ...unknownBudget, version: 3, windows: [opened], counts };
  expect(learned(state, { told: told(1010, 1009, 25), version: 2, latest: 1011 })).toBeUndefined();
});

it('of a first window perhaps only the end was counted: what the foreground was expected to want is kept', () => {
  const first = sampleWindow({ limit: 600, seconds: 3600, expected: 540 });
  const counts = { ...noCounts, used: 100, foreground: 100 };
  expect(nextWindow(first, counts, 3, 5000).expected).toBe(540);
  expect(nextWindow({ ...first, gap: 3600 }, counts, 3, 5000).expected).toBe(100);
});

it('a limit that is perhaps gone does not hold all up until it ends: its last call goes when the others are over', () => {
  const gone = sampleWindow({ slot: 2, limit: 100, seconds: 60, resetAt: 1063, toldReset: 1000, isTold: false });
  const counts = { 1: { ...noCounts, used: 25 }, 2: { ...noCounts, used: 99 } };
  const state = { ...unknownBudget, version: 2, windows: [sampleWindow(), gone], counts };
  const now = () => 1040;
  const clock = { earliest: now, likely: now, latest: now, learn: () => {}, learnAtLeast: () => {} };
  expect(roomFor(state, { waiting: 1, later: 0 }, 'foreground', clock)).toMatchObject({ kind: 'room', calls: 1 });
});
