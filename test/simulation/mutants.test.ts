import { afterAll, describe, expect, it } from 'vitest';
import { Choices } from './choices.ts';
import { settle } from './ending.ts';
import { explore } from './explore.ts';
import { buildMutant } from './mutants/build.ts';
import { type Mutant, mutants } from './mutants/table.ts';
import { runSchedule } from './run-schedule.ts';
import { Simulation, type UseCases } from './simulation.ts';
import * as useCases from './use-cases.ts';
import { Violation } from './violation.ts';

const skewSeconds = 30;

/** How many schedules are tried when the code has moved on and a mutant's own seed shows nothing any more. */
const mostSchedules = 60_000;

const killed: { mutant: string; invariant: string; seed: number }[] = [];

/** Finds the first schedule by which a mutant breaks its invariant. @returns its seed */
async function kill(mutant: Mutant, mutated: UseCases): Promise<number | undefined> {
  for (const seed of [mutant.seed, ...Array.from({ length: mostSchedules }, (_, index) => index + 1)]) {
    try {
      await runSchedule(mutated, Choices.seeded(seed), skewSeconds);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      if (error.invariant === mutant.invariant) return seed;
    }
  }
  return undefined;
}

describe('mutants of the rotation code', () => {
  afterAll(() => console.table(killed));

  it('are at least fifteen, each with its own name', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
    expect(mutants.length).toBeGreaterThanOrEqual(15);
  });

  it.each(mutants.map((mutant) => [mutant.name, mutant.invariant, mutant.mistake, mutant] as const))(
    '%s is killed by %s: %s',
    async (_name, invariant, _mistake, mutant) => {
      const mutated = await buildMutant(mutant);
      // Where nothing happens at the same time and nothing fails it does what it should.
      const calm = new Simulation(mutated, Choices.replayed([]), skewSeconds);
      calm.watch.isBlind = true;
      await calm.storm();
      expect(await settle(calm)).toEqual(['usable']);

      const seed = await kill(mutant, mutated);
      if (seed === undefined) return expect.fail(`${mutant.name} survives ${mostSchedules} schedules`);
      killed.push({ mutant: mutant.name, invariant, seed });
    },
    60_000,
  );

  it('are what breaks: the code itself comes through the schedules that kill them', async () => {
    for (const { seed } of mutants) {
      const { failure } = await explore({ useCases, runs: 1, firstSeed: seed, skewSeconds, shrinks: false });
      expect(failure?.violation.message).toBeUndefined();
    }
  });

  it('fail loudly when the text to replace is gone', async () => {
    const [mutant] = mutants;
    if (!mutant) throw new Error('no mutants');
    const gone = { ...mutant, edits: [{ file: 'rotation.ts', find: 'no such text', replace: '' }] };
    await expect(buildMutant(gone)).rejects.toThrow('wants exactly one of this in rotation.ts');
    const elsewhere = { ...mutant, edits: [{ file: 'no-such-file.ts', find: '', replace: '' }] };
    await expect(buildMutant(elsewhere)).rejects.toThrow('is not part of the use cases');
  });
});
