import { globSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { provenOverDraws, runWithDraws, seedOf, troubleshootingPage } from './draw-run.ts';

const withoutPage = provenOverDraws.filter((path) => path !== troubleshootingPage);

// The page takes longer than all the others together: here one seed has to do.
describe.concurrent('what is proven over 50 seeds by `npm run prove -- draws`', () => {
  it.each([
    [1, provenOverDraws],
    [2, withoutPage],
    [3, withoutPage],
  ] as const)(
    'holds with seed %d',
    async (number, files) => {
      const seed = seedOf(number);
      const failures = await runWithDraws(seed, files);
      expect(failures, `Once more: npm run prove -- draws --seed '${seed}'`).toEqual([]);
    },
    900_000,
  );
});

it('names files that are there', () => {
  expect(provenOverDraws.filter((path) => globSync(path).length === 0)).toEqual([]);
});
