import { describe, expect, it } from 'vitest';
import { Choices } from './choices.ts';
import { buildMutant } from './mutants/build.ts';
import { restoringMutants } from './mutants/restoring.ts';
import { runRestoring } from './run-restoring.ts';
import * as useCases from './use-cases.ts';
import { Violation } from './violation.ts';

const skewSeconds = 30;
const schedules = 400;

describe('a day with a restoration under simulation', () => {
  it(`sends no restored refresh token without a person's word (I13), in ${schedules} schedules`, async () => {
    let restored = 0;
    let words = 0;
    for (let seed = 1; seed <= schedules; seed += 1) {
      const report = await runRestoring(useCases, Choices.seeded(seed), skewSeconds);
      restored += report.restored;
      if (report.isWordGiven && report.restored > 0) words += 1;
    }
    expect(restored).toBeGreaterThan(schedules / 4);
    expect(words).toBeGreaterThan(0);
  }, 120_000);

  it.each(restoringMutants.map((mutant) => [mutant.name, mutant.mistake, mutant] as const))(
    'kills %s: %s',
    async (_name, _mistake, mutant) => {
      const mutated = await buildMutant(mutant);
      let violation: unknown;
      for (let seed = mutant.seed; seed < mutant.seed + schedules && violation === undefined; seed += 1) {
        await runRestoring(mutated, Choices.seeded(seed), skewSeconds).catch((error: unknown) => {
          violation = error;
        });
      }
      expect(violation).toBeInstanceOf(Violation);
      expect(violation).toMatchObject({ invariant: mutant.invariant });
    },
    120_000,
  );
});
