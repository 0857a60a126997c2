import { afterAll, describe, expect, it } from 'vitest';
import { Choices } from '../choices.ts';
import { exploreSchedules } from '../explore.ts';
import { buildCompanyMutant } from '../mutants/build.ts';
import type { Mutant } from '../mutants/table.ts';
import { Violation } from '../violation.ts';
import { worlds } from '../worlds.ts';
import type { CompanyUseCases } from './company-simulation.ts';
import { companyMutants } from './mutants.ts';
import { runCompanySchedule, tellCompanyStory } from './run-company-schedule.ts';
import * as useCases from './use-cases.ts';

const schedules = 150;
const { skewSeconds } = worlds.companies;
const run = (choices: Choices) => runCompanySchedule(useCases, choices, skewSeconds);

describe('company-wide jobs under simulation', () => {
  it(`hold every invariant in ${schedules} schedules of kills, lost and doubled wake-ups, faults and a person's word`, async () => {
    const findings = await exploreSchedules(run, { runs: schedules, firstSeed: 1, shrinks: false });
    if (findings.failure) {
      const { violation, seed, choices } = findings.failure;
      const lines = [violation.message, `Replay: npm run simulate -- --world companies --seed ${seed} --runs 1`];
      await tellCompanyStory(useCases, { choices, skewSeconds }, (line) => lines.push(line));
      expect.fail(lines.join('\n'));
    }
    for (const ending of ['active', 'paused', 'done', 'cancelled']) {
      expect(findings.endings[ending], ending).toBeGreaterThan(0);
    }
    expect(findings.totals.deaths).toBeGreaterThan(0);
    expect(findings.totals.refused).toBeGreaterThan(0);
  }, 120_000);

  it('are the same schedule again for the same seed, and for the same choices', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const first = Choices.seeded(seed);
      const report = await run(first);
      expect(await run(Choices.replayed(first.made))).toEqual(report);
    }
  });

  it('are calm when all choices are 0: one job that is done in one slice', async () => {
    const { endings, slices, deaths } = await run(Choices.replayed([]));
    expect({ endings, slices, deaths }).toEqual({ endings: ['done'], slices: 1, deaths: 0 });
  });
});

const killed: { mutant: string; invariant: string; seed: number }[] = [];

/** How many schedules are tried when the code has moved on and a mutant's own seed shows nothing any more. */
const mostSchedules = 400;

/** Finds the first schedule by which a mutant breaks its invariant. @returns its seed */
async function kill(mutant: Mutant, mutated: CompanyUseCases): Promise<number | undefined> {
  for (const seed of [mutant.seed, ...Array.from({ length: mostSchedules }, (_, index) => index + 1)]) {
    try {
      await runCompanySchedule(mutated, Choices.seeded(seed), skewSeconds);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      if (error.invariant === mutant.invariant) return seed;
    }
  }
  return undefined;
}

describe('mutants of company-wide jobs', () => {
  afterAll(() => console.table(killed));

  it('have each a name of their own, and break every invariant', () => {
    expect(new Set(companyMutants.map(({ name }) => name)).size).toBe(companyMutants.length);
    expect(new Set(companyMutants.map(({ invariant }) => invariant))).toEqual(
      new Set(Object.keys(worlds.companies.invariants)),
    );
  });

  it.each(companyMutants.map((mutant) => [mutant.name, mutant.invariant, mutant.mistake, mutant] as const))(
    '%s is killed by %s: %s',
    async (_name, invariant, _mistake, mutant) => {
      const seed = await kill(mutant, await buildCompanyMutant(mutant));
      if (seed === undefined) return expect.fail(`${mutant.name} survives ${mostSchedules} schedules`);
      killed.push({ mutant: mutant.name, invariant, seed });
    },
    120_000,
  );
});
