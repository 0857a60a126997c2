import { expect, it } from 'vitest';
import { missedGoals, wrongFigures } from './bench.ts';
import { bench as budget } from './budget.ts';
import { bench as intake } from './intake.ts';

it('a bench fails for a figure that must be 0 and is not, and for no other', () => {
  const bench = { mustBeZero: ['leaks', 'lost', 'unmeasured'] };
  expect(wrongFigures(bench, { leaks: 0, lost: 0, seconds: 3 })).toEqual([]);
  expect(wrongFigures(bench, { leaks: 2, lost: Number.NaN, seconds: 3 })).toEqual(['leaks 2', 'lost NaN']);
  expect(wrongFigures({}, { seconds: 3 })).toEqual([]);
});

it('the bench of intake fails for what is seen in a log, lost, or wrongly answered', () => {
  expect(wrongFigures(intake, { fuzzLeaks: 1, lost: 1, fuzz5xx: 1, fuzzWronglyAccepted: 1 })).toHaveLength(4);
});

it('a bench fails for a figure that misses its goal or was not measured', () => {
  const goals = { share: { atLeast: 0.95 }, refused: { atMost: 0.01 } };
  expect(missedGoals({ goals }, { share: 0.95, refused: 0.01 })).toEqual([]);
  expect(missedGoals({ goals }, { share: 0.94 })).toEqual(['share 0.94, at least 0.95', 'refused NaN, at most 0.01']);
  expect(missedGoals({}, { share: 0 })).toEqual([]);
});

it('the bench of the rate budget fails for unused allowance, 429s, refused live work and too many writes', () => {
  const shares = { worstShareUsed: 0.9, worstShareUsedUnder15s: 0.8 };
  const refusals = { worst429Share: 0.01, worstUntold429Share: 0.1, worstUnnamed429Share: 0.1 };
  const bad = { ...shares, ...refusals, worstForegroundRefused: 0.1, writesPerCall: 2 };
  expect(missedGoals(budget, bad)).toHaveLength(7);
});
