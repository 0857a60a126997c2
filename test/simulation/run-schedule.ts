import type { Choices } from './choices.ts';
import { type Ending, settle } from './ending.ts';
import { Simulation, type Versions } from './simulation.ts';

/** What one schedule came to. */
export interface ScheduleReport {
  readonly endings: readonly Ending[];
  /** Steps of the scheduler: each is an answer, an effect or an arrival. */
  readonly steps: number;
  /** Invocations, and those whose process died: crashed or came to its time-out. */
  readonly invocations: number;
  readonly deaths: number;
  /** Verdicts that a success out of escrow proved wrong. */
  readonly healedVerdicts: number;
}

/**
 * Runs one schedule: the storm, then the calm after it.
 *
 * @param choices decide all that is open
 * @param skewSeconds how far two workers' clocks may differ
 * @throws Violation
 */
export async function runSchedule(versions: Versions, choices: Choices, skewSeconds: number): Promise<ScheduleReport> {
  const simulation = new Simulation(versions, choices, skewSeconds);
  await simulation.storm();
  const endings = await settle(simulation);
  const { machine, watch, invocations } = simulation;
  const deaths = invocations.filter(({ state }) => state === 'crashed' || state === 'timed_out').length;
  return {
    endings,
    steps: machine.taken,
    invocations: invocations.length,
    deaths,
    healedVerdicts: watch.healedVerdicts,
  };
}
