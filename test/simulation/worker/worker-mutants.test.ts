import { afterAll, describe, expect, it } from 'vitest';
import { Choices } from '../choices.ts';
import { buildWorkerMutant } from '../mutants/build.ts';
import type { Mutant } from '../mutants/table.ts';
import { Violation } from '../violation.ts';
import { worlds } from '../worlds.ts';
import { workerMutants } from './mutants.ts';
import { runWorkerSchedule } from './run-worker-schedule.ts';
import * as useCases from './use-cases.ts';
import type { WorkerUseCases } from './worker-process.ts';

const { skewSeconds } = worlds.worker;

/** How many schedules are tried when the code has moved on and a mutant's own seed shows nothing any more. */
const mostSchedules = 5000;

const killed: { mutant: string; invariant: string; seed: number }[] = [];

/** Finds the first schedule by which a mutant breaks its invariant. @returns its seed */
async function kill(mutant: Mutant, mutated: WorkerUseCases): Promise<number | undefined> {
  for (const seed of [mutant.seed, ...Array.from({ length: mostSchedules }, (_, index) => index + 1)]) {
    try {
      await runWorkerSchedule(mutated, Choices.seeded(seed), skewSeconds);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      if (error.invariant === mutant.invariant) return seed;
    }
  }
  return undefined;
}

describe('mutants of the worker', () => {
  afterAll(() => console.table(killed));

  it('are at least fifteen, each with its own name, and break every invariant', () => {
    expect(new Set(workerMutants.map(({ name }) => name)).size).toBe(workerMutants.length);
    expect(workerMutants.length).toBeGreaterThanOrEqual(15);
    expect(new Set(workerMutants.map(({ invariant }) => invariant))).toEqual(
      new Set(Object.keys(worlds.worker.invariants)),
    );
  });

  it.each(workerMutants.map((mutant) => [mutant.name, mutant.invariant, mutant.mistake, mutant] as const))(
    '%s is killed by %s: %s',
    async (_name, invariant, _mistake, mutant) => {
      const mutated = await buildWorkerMutant(mutant);
      // Where nothing goes wrong it does what it should.
      const { endings } = await runWorkerSchedule(mutated, Choices.replayed([]), skewSeconds);
      expect(endings).toEqual(['handled']);

      const seed = await kill(mutant, mutated);
      if (seed === undefined) return expect.fail(`${mutant.name} survives ${mostSchedules} schedules`);
      killed.push({ mutant: mutant.name, invariant, seed });
    },
    120_000,
  );

  it('are what breaks: the code itself comes through the schedules that kill them', async () => {
    for (const { seed } of workerMutants) {
      await runWorkerSchedule(useCases, Choices.seeded(seed), skewSeconds);
    }
  });
});
