import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rateScopes } from '../../functions/procore/rate-limit-scope.ts';
import { type Cell, runCell } from '../bench/budget/cell.ts';

const drawn: fc.Arbitrary<Cell> = fc
  .record({
    seconds: fc.integer({ min: 10, max: 120 }),
    limit: fc.integer({ min: 20, max: 80 }),
    scope: fc.constantFrom(...rateScopes),
    companies: fc.integer({ min: 1, max: 4 }),
    invocations: fc.constantFrom(1, 3, 20),
    seed: fc.nat(),
    draw: fc.record({
      opens: fc.constantFrom('with_call', 'by_clock'),
      rounding: fc.constantFrom('up', 'down'),
      nearest: fc.constant('calls'),
      headers: fc.constant('nearest'),
      remaining: fc.constantFrom('told', 'untold'),
    }),
  })
  .map(({ seconds, limit, ...rest }) => ({
    ...rest,
    name: `${limit} in ${seconds} s`,
    windows: [{ limit, seconds }],
    seconds: seconds * 25,
  }));

it('whatever the limit, its window and its scope are, little of it is left and nearly no call gets a 429', async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async (cell) => {
      const { shareUsed, share429, writesPerCall } = await runCell(cell);
      expect(shareUsed).toBeGreaterThan(0.85);
      // Where nothing tells how many calls remain, what is counted together shows by a few 429s.
      expect(share429).toBeLessThan(cell.draw.remaining === 'untold' ? 0.03 : 0.005);
      expect(writesPerCall).toBeLessThan(1.2);
    }),
    { numRuns: 15 },
  );
}, 120_000);
