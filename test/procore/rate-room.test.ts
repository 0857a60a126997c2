import fc from 'fast-check';
import { expect, it } from 'vitest';
import { learned } from '../../functions/procore/rate-learned.ts';
import { mostScouts, narrowed, nextWindow, scoutAt } from '../../functions/procore/rate-next-window.ts';
import { type Demand, roomFor } from '../../functions/procore/rate-room.ts';
import { type BudgetState, noCounts, type RateWindow, unknownBudget } from '../../functions/procore/rate-windows.ts';
import { sampleWindow } from './sample-window.ts';

const one: Demand = { waiting: 1, later: 0, settled: {}, owners: [] };

function clockAt(time: number) {
  const now = () => time;
  return { earliest: now, likely: now, latest: now, learn: () => {}, learnAtLeast: () => {} };
}

function stateOf(windows: readonly RateWindow[], used: Readonly<Record<number, number>>): BudgetState {
  const counts = Object.entries(used).map(([slot, count]) => [slot, { ...noCounts, used: count, sent: count }]);
  return { ...unknownBudget, version: 9, windows, counts: Object.fromEntries(counts) };
}

/** Windows in every state, at epoch second 100,000: some over, some running, some with their last calls left. */
const known: fc.Arbitrary<BudgetState> = fc
  .array(
    fc.record({
      limit: fc.constantFrom(5, 25, 100, 600),
      seconds: fc.constantFrom(10, 60, 3600),
      endsIn: fc.integer({ min: -200_000, max: 3600 }).map((seconds) => (seconds < -3600 ? -90_000 : seconds)),
      isTold: fc.boolean(),
      isHidden: fc.boolean(),
      isNarrowed: fc.boolean(),
      isRemainingUntold: fc.boolean(),
      scouts: fc.integer({ min: 0, max: 8 }),
      seenBy: fc.option(fc.constantFrom(1, 2), { nil: undefined }),
      left: fc.constantFrom(0, 1, 2, 20),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) => {
    const windows = all.map(({ endsIn, left: _, seenBy, isHidden, isNarrowed, isRemainingUntold, ...rest }, slot) => ({
      ...sampleWindow({ slot, ...rest, resetAt: 100_000 + endsIn, toldReset: 100_000 + endsIn - 1 }),
      ...(isHidden && { isHidden }),
      ...(isNarrowed && { isNarrowed }),
      ...(isRemainingUntold && { isRemainingUntold }),
      ...(seenBy !== undefined && { seenBy }),
    }));
    const used = all.map(({ limit, left }, slot) => [slot, Math.max(0, limit - left)]);
    return stateOf(windows, Object.fromEntries(used));
  });

it('what is let go can go, whatever is known: a lease ends with the first of its windows, and none of them is over', () => {
  fc.assert(
    fc.property(known, fc.constantFrom('foreground', 'background'), fc.boolean(), (state, budgetClass, isSettled) => {
      const settled = isSettled ? Object.fromEntries(state.windows.map(({ slot }) => [slot, 10_000])) : {};
      const demand = { ...one, settled, owners: [1, 2] };
      const room = roomFor(state, demand, budgetClass, clockAt(100_000));
      if (room.kind !== 'room') return;
      const ends = (room.opening?.windows ?? state.windows).map(({ resetAt }) => resetAt);
      expect(Math.min(...ends)).toBeGreaterThan(100_000);
    }),
    { numRuns: 2000 },
  );
});

it('a limit that is perhaps gone is looked for by the call that opens the next window of the other one', () => {
  const gone = sampleWindow({ slot: 2, limit: 100, seconds: 60, resetAt: 1063, toldReset: 1000, isTold: false });
  const state = stateOf([sampleWindow(), gone], { 1: 25, 2: 99 });
  const windows = [
    { slot: 2, limit: 100, resetAt: 1063, scoutUntil: 1043 },
    { slot: 1, limit: 25, isTold: false, openedIn: 10 },
  ];
  const opening = { windows, set: { 1: noCounts } };
  expect(roomFor(state, one, 'foreground', clockAt(1040))).toMatchObject({ kind: 'room', calls: 1, opening });
});

it('a limit that replaces another one in a new window has a length of its own, not that of the one before', () => {
  const minute = sampleWindow({ limit: 100, seconds: 60, gap: 60, resetAt: 1061, toldReset: 1060, expected: 60 });
  const told = { limit: 25, remaining: 24, used: 1, resetAt: 1070, length: 10 };
  const windows = learned(stateOf([minute], { 1: 99 }), { told, version: 9, latest: 1060 })?.change?.windows ?? [];
  expect(windows).toMatchObject([
    { slot: 1, limit: 100 },
    { slot: 2, limit: 25, seconds: 10, gap: 0 },
  ]);
  const replaced = sampleWindow({ limit: 25, seconds: 60, gap: 60, resetAt: 1061, toldReset: 1060, expected: 20 });
  const other = { limit: 100, remaining: 99, used: 1, resetAt: 1120, length: 60 };
  expect(learned(stateOf([replaced], { 1: 24 }), { told: other, version: 9, latest: 1060 })?.change?.windows).toEqual([
    expect.objectContaining({ slot: 1, limit: 100, seconds: 60, gap: 0 }),
  ]);
});

it('the last calls of the first window of a narrower scope wait until a scout has told how many it has', () => {
  const hour = sampleWindow({ limit: 600, seconds: 3600, resetAt: 5000, toldReset: 4999 });
  const [begun = hour] = narrowed(unknownBudget, stateOf([hour], { 1: 300 })).windows;
  const opened = nextWindow(begun, noCounts, 1, 1000);
  const told = { limit: 600, remaining: 580, used: 20, resetAt: 4600, length: 3600 };
  const state = stateOf([opened], { 1: 20 });
  const [first = opened] = learned({ ...state, version: 1 }, { told, version: 1, latest: 1001 })?.change?.windows ?? [];
  const roomAt = (used: number, settled: number) =>
    roomFor(stateOf([first], { 1: used }), { ...one, settled: { 1: settled } }, 'foreground', clockAt(1010));
  expect(roomAt(479, 400)).toMatchObject({ kind: 'room', calls: 1 });
  expect(roomAt(480, 400)).toMatchObject({ kind: 'wait' });
  const scouted = roomAt(480, 480);
  expect(scouted).toMatchObject({ kind: 'room', calls: 1, opening: { windows: [{ scoutUntil: 1013 }] } });
  const sent = scouted.kind === 'room' ? (scouted.opening?.windows ?? []) : [];
  const answer = { told: { ...told, remaining: 110, used: 490 }, version: 10, latest: 1011 };
  const news = learned({ ...stateOf(sent, { 1: 481 }), version: 10 }, answer);
  expect(news?.raise).toEqual({ slot: 1, used: 490 });
  expect(news?.change?.windows).toHaveLength(1);
  expect(news?.change?.windows[0]).not.toHaveProperty('isNarrowed');
});

it('a scout whose answer names another limit is counted in the next window, and no more are sent in its second', () => {
  const hour = sampleWindow({ slot: 2, limit: 600, seconds: 3600, resetAt: 4601, toldReset: 4600 });
  const scouted = sampleWindow({ scoutUntil: 1013, openedIn: 4 });
  const told = { limit: 600, remaining: 400, used: 200, resetAt: 4600, length: 3590 };
  const state = stateOf([hour, scouted], { 1: 25, 2: 200 });
  const windows = learned(state, { told, version: 9, latest: 1010 })?.change?.windows ?? [];
  expect(windows).toMatchObject([{ slot: 2 }, { slot: 1, scouts: 1, unseen: 1 }]);
  expect(windows[1]).not.toHaveProperty('scoutUntil');
  const room = roomFor({ ...stateOf(windows, { 1: 25, 2: 200 }), version: 10 }, one, 'foreground', clockAt(1012));
  expect(room).toMatchObject({ kind: 'room', opening: { set: { 1: { ...noCounts, used: 1 } } } });
  const next = room.kind === 'room' ? room.opening?.windows.find(({ slot }) => slot === 1) : undefined;
  expect(next).toMatchObject({ scouts: 1, isTold: false });
  expect(next).not.toHaveProperty('unseen');
});

it('so is a call that was answered when the window was perhaps over, and no call before', () => {
  const hour = sampleWindow({ slot: 2, limit: 600, seconds: 3600, resetAt: 4601, toldReset: 4600 });
  const state = stateOf([hour, sampleWindow()], { 1: 7, 2: 200 });
  const told = { limit: 600, remaining: 400, used: 200, resetAt: 4600, length: 3590 };
  expect(learned(state, { told, version: 9, latest: 1008 })?.change).toBeUndefined();
  const windows = learned(state, { told, version: 9, latest: 1009.5 })?.change?.windows ?? [];
  expect(windows).toMatchObject([{ slot: 2 }, { slot: 1, unseen: 1 }]);
  expect(learned({ ...state, windows }, { told, version: 9, latest: 1010.5 })?.change?.windows).toMatchObject([
    { slot: 2 },
    { slot: 1, unseen: 2 },
  ]);
});

it('scouts look for the next window once more where resets are farther apart than it seems long, unless others call', () => {
  const window = sampleWindow({ toldReset: 1010, resetAt: 1011 });
  const offsetOf = (more: Partial<RateWindow>) => (scoutAt({ ...window, ...more }) ?? 0) - 1010;
  expect(offsetOf({ scouts: 6, gap: 9 })).toBe(-0.25);
  expect(offsetOf({ scouts: 9, gap: 9 })).toBe(-1.5);
  expect(offsetOf({ scouts: 9, gap: 11 })).toBe(-0.5);
  expect(offsetOf({ scouts: mostScouts, gap: 11 })).toBe(-1.5);
  const sent = { ...window, scouts: 3, scoutUntil: 1012, openedIn: 9 };
  const told = { limit: 25, remaining: 0, used: 25, resetAt: 1010, length: 1 };
  const answer = { told, version: 9, latest: 1009 };
  const scoutsAfter = (isRefused: boolean) =>
    learned(stateOf([sent], { 1: 25 }), { ...answer, isRefused })?.change?.windows[0]?.scouts;
  expect(scoutsAfter(false)).toBe(4);
  expect(scoutsAfter(true)).toBe(mostScouts);
});
