import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jittered, pauseAfter } from '../functions/back-off.ts';

describe('exponential back-off', () => {
  it('doubles from the first pause to the longest and stays there', () => {
    expect([1, 2, 3, 4, 5, 2000].map((tries) => pauseAfter(tries, { first: 30, most: 200 }))).toEqual([
      30, 60, 120, 200, 200, 200,
    ]);
  });

  it('grows by another factor where one is given', () => {
    expect([1, 2, 3, 4, 5, 6, 7].map((tries) => pauseAfter(tries, { first: 100, factor: 1.5, most: 1000 }))).toEqual([
      100, 150, 225, 337.5, 506.25, 759.375, 1000,
    ]);
  });

  it('leaves to chance what the jitter says: all, half, a quarter more, a quarter less', () => {
    const pauses = (from: number, spread: number) =>
      [0, 0.5, 1].map((fraction) => pauseAfter(2, { first: 50, most: 1000, jitter: { from, spread } }, fraction));
    expect(pauses(0, 1)).toEqual([0, 50, 100]);
    expect(pauses(0.5, 0.5)).toEqual([50, 75, 100]);
    expect(pauses(1, 0.25)).toEqual([100, 112.5, 125]);
    expect(pauses(1, -0.25)).toEqual([100, 87.5, 75]);
  });

  it('is at no time longer than the longest pause with all of its jitter', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), share, share, share, (tries, from, spread, fraction) => {
        const pause = pauseAfter(tries, { first: 5, most: 900, jitter: { from, spread } }, fraction);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(jittered(900, { from, spread }, 1));
      }),
    );
  });
});
