import { Choices } from '../choices.ts';
import { Violation } from '../violation.ts';
import { CompanySimulation, type CompanyUseCases } from './company-simulation.ts';
import { chooseScenario, startTime } from './scenario.ts';

/** What one schedule of company-wide jobs came to; its endings are the states of the jobs. */
export interface CompanyReport {
  readonly endings: readonly string[];
  readonly steps: number;
  readonly invocations: number;
  readonly deaths: number;
  readonly slices: number;
  readonly refused: number;
}

/**
 * Runs one schedule of company-wide jobs: half an hour in which things go wrong, then an hour of calm.
 *
 * @param choices decide all that is open
 * @param skewSeconds how far two processes' clocks may differ
 * @throws Violation
 */
export async function runCompanySchedule(
  useCases: CompanyUseCases,
  choices: Choices,
  skewSeconds: number,
): Promise<CompanyReport> {
  const simulation = new CompanySimulation(useCases, choices, chooseScenario(choices), skewSeconds);
  await simulation.run();
  return reportOf(simulation);
}

function reportOf({ jobs, machine, invocations, slices, refused }: CompanySimulation): CompanyReport {
  return {
    endings: jobs.map(({ state }) => state),
    steps: machine.taken,
    invocations: invocations.length,
    deaths: invocations.filter(({ state }) => state === 'crashed' || state === 'timed_out').length,
    slices,
    refused,
  };
}

/** Runs one schedule again and tells what happens in it, a line an event, times in seconds from its start. */
export async function tellCompanyStory(
  useCases: CompanyUseCases,
  { choices: made, skewSeconds }: { readonly choices: readonly number[]; readonly skewSeconds: number },
  say: (line: string) => void,
): Promise<void> {
  const choices = Choices.replayed(made);
  const scenario = chooseScenario(choices);
  const simulation = new CompanySimulation(useCases, choices, scenario, skewSeconds);
  const { machine } = simulation;
  machine.tell = (line) => say(`  ${(machine.now - startTime).toFixed(3).padStart(11)}  ${line}`);
  say(`  ${JSON.stringify(scenario)}`);
  try {
    await simulation.run();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    machine.tell(error.message);
  }
}
