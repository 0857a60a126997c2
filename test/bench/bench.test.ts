import { expect, it } from 'vitest';
import { wrongFigures } from './bench.ts';
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
