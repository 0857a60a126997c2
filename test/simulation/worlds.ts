import type { Choices } from './choices.ts';
import type { CompanyUseCases } from './companies/company-simulation.ts';
import { companyMutants } from './companies/mutants.ts';
import { runCompanySchedule, tellCompanyStory } from './companies/run-company-schedule.ts';
import { instantJobStore, sweepDueJobs, workSlice } from './companies/use-cases.ts';
import { buildCompanyMutant, buildWorkerMutant, mutantNamed } from './mutants/build.ts';
import { type Mutant, mutants } from './mutants/table.ts';
import { runSchedule } from './run-schedule.ts';
import { tellStory, useCasesOf } from './story.ts';
import { companyInvariants, invariants, workerInvariants } from './violation.ts';
import { workerMutants } from './worker/mutants.ts';
import { runWorkerSchedule } from './worker/run-worker-schedule.ts';
import { tellWorkerStory } from './worker/tell-worker-story.ts';
import { keyBreaker, keyEvidence, workBatch } from './worker/use-cases.ts';
import type { WorkerUseCases } from './worker/worker-process.ts';

/** Which schedule to tell of. */
export interface Told {
  readonly choices: readonly number[];
  readonly skewSeconds: number;
  readonly mutant?: string | undefined;
}

/** Something that is simulated. */
export interface World {
  readonly invariants: Readonly<Record<string, string>>;
  readonly mutants: readonly Mutant[];
  /** How far clocks may differ, as far as its code allows it; in seconds. */
  readonly skewSeconds: number;
  /** Gives what runs one schedule, of the real code or of a mutant. */
  runnerOf(
    mutant: string | undefined,
    skewSeconds: number,
  ): Promise<(choices: Choices) => Promise<{ readonly endings: readonly string[] }>>;
  tell(told: Told, say: (line: string) => void): Promise<void>;
}

const builtWorkers = new Map<string, WorkerUseCases>();

async function workerOf(mutant: string | undefined): Promise<WorkerUseCases> {
  if (mutant === undefined) return { keyBreaker, keyEvidence, workBatch };
  const built = builtWorkers.get(mutant) ?? (await buildWorkerMutant(mutantNamed(mutant, workerMutants)));
  builtWorkers.set(mutant, built);
  return built;
}

async function companiesOf(mutant: string | undefined): Promise<CompanyUseCases> {
  if (mutant === undefined) return { instantJobStore, sweepDueJobs, workSlice };
  return buildCompanyMutant(mutantNamed(mutant, companyMutants));
}

/** What `npm run simulate` can simulate, by name; without one it is the first. */
export const worlds = {
  rotation: {
    ...{ invariants, mutants, skewSeconds: 30, tell: tellStory },
    async runnerOf(mutant, skewSeconds) {
      const useCases = await useCasesOf(mutant);
      return (choices) => runSchedule(useCases, choices, skewSeconds);
    },
  },
  worker: {
    ...{ invariants: workerInvariants, mutants: workerMutants, skewSeconds: 2 },
    async runnerOf(mutant, skewSeconds) {
      const useCases = await workerOf(mutant);
      return (choices) => runWorkerSchedule(useCases, choices, skewSeconds);
    },
    tell: async ({ mutant, ...told }, say) => tellWorkerStory(await workerOf(mutant), told, say),
  },
  companies: {
    ...{ invariants: companyInvariants, mutants: companyMutants, skewSeconds: 4 },
    async runnerOf(mutant, skewSeconds) {
      const useCases = await companiesOf(mutant);
      return (choices) => runCompanySchedule(useCases, choices, skewSeconds);
    },
    tell: async ({ mutant, ...told }, say) => tellCompanyStory(await companiesOf(mutant), told, say),
  },
} as const satisfies Readonly<Record<string, World>>;

/** The name of what is simulated. */
export type WorldName = keyof typeof worlds;
