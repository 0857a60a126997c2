import type { Choices } from './choices.ts';
import { type Ending, settle } from './ending.ts';
import { Simulation, type UseCases } from './simulation.ts';

/** What one schedule came to. */
export interface ScheduleReport {
  readonly endings: readonly Ending[];
  /** Steps of the scheduler: each is an answer, an effect or an arrival. */
  readonly steps: number;
}

/**
 * Runs one schedule: the storm, then the calm after it.
 *
 * @param choices decide all that is open
 * @param skewSeconds how far two workers' clocks may differ
 * @throws Violation
 */
export async function runSchedule(useCases: UseCases, choices: Choices, skewSeconds: number): Promise<ScheduleReport> {
  const simulation = new Simulation(useCases, choices, skewSeconds);
  await simulation.storm();
  const endings = await settle(simulation);
  return { endings, steps: simulation.machine.taken };
}
