import type { Choices } from '../choices.ts';

/** When every schedule begins; epoch seconds. */
export const startTime = 1_800_000_000;

/** Until then things go wrong, and when the schedule ends; seconds from its start. */
export const stormSeconds = 1800;
export const endSeconds = 5400;

/** A job as its kind works it. */
export interface SimulatedJob {
  readonly kind: 'audit' | 'backfill';
  readonly companyId: string;
  /** When its first slice is due, seconds from the start. */
  readonly dueAt: number;
  /** How many pages there are; then it is done. An audit begins anew after five minutes. */
  readonly pages: number;
  /** How long a page takes, in milliseconds. */
  readonly pageMs: number;
  /** After how many pages it saves. */
  readonly savesEvery: number;
  /** How likely a page fails while the storm lasts. */
  readonly fails: number;
}

/** What a person does, and when; seconds from the start. */
export interface PersonsWord {
  readonly at: number;
  readonly job: number;
  /** `restart` pauses and resumes at once. */
  readonly change: 'pause' | 'resume' | 'cancel' | 'run' | 'restart';
}

/** All that a schedule fixes before it begins. */
export interface Scenario {
  readonly jobs: readonly [SimulatedJob, ...SimulatedJob[]];
  readonly words: readonly PersonsWord[];
  /** How many invocations of company-work there are at a time. */
  readonly slots: number;
  /** Shares of calls that go wrong, of wake-ups that are lost and of those that come twice, of processes that crash. */
  readonly faults: number;
  readonly lost: number;
  readonly doubled: number;
  readonly crashes: number;
  /** How often the sweep is left out. */
  readonly sweepless: number;
}

/** Draws what happens; with choices of 0 alone it is one backfill that nothing disturbs. */
export function chooseScenario(choices: Choices): Scenario {
  const count = 1 + Math.floor(choices.fraction() * 4);
  const jobs = Array.from({ length: count }, (_, index) => chooseJob(choices, String(index + 1)));
  const words = Array.from({ length: Math.floor(choices.fraction() * 5) }, () => ({
    at: choices.fraction() * stormSeconds,
    job: Math.floor(choices.fraction() * count),
    change: choices.pick<PersonsWord['change']>(['run', 'restart', 'pause', 'resume', 'cancel']),
  }));
  const share = (most: number) => (choices.chance(0.6) ? choices.fraction() * most : 0);
  return {
    jobs: jobs as [SimulatedJob, ...SimulatedJob[]],
    words,
    slots: choices.pick([2, 1, 3]),
    faults: share(0.15),
    lost: share(0.5),
    doubled: share(0.5),
    crashes: share(0.4),
    sweepless: share(0.5),
  };
}

function chooseJob(choices: Choices, companyId: string): SimulatedJob {
  return {
    kind: choices.pick(['backfill', 'audit']),
    companyId,
    dueAt: choices.fraction() * 300,
    pages: 2 + Math.floor(choices.fraction() ** 2 * 60),
    pageMs: choices.pick([200, 2000, 9000, 20_000]),
    savesEvery: choices.pick([1, 3, 50]),
    fails: choices.chance(0.3) ? choices.fraction() * 0.3 : 0,
  };
}
