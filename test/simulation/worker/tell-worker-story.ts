import { Choices } from '../choices.ts';
import { Violation } from '../violation.ts';
import { judgeEnd } from './run-worker-schedule.ts';
import { chooseScenario, startTime } from './scenario.ts';
import { WorkerSimulation, type WorkerVersions } from './worker-simulation.ts';

/** Runs one schedule of the worker again and tells what happens in it, a line an event, times in seconds from its start. */
export async function tellWorkerStory(
  versions: WorkerVersions,
  { choices: made, skewSeconds }: { readonly choices: readonly number[]; readonly skewSeconds: number },
  say: (line: string) => void,
): Promise<void> {
  const choices = Choices.replayed(made);
  const simulation = new WorkerSimulation(versions, choices, chooseScenario(choices), skewSeconds);
  const { machine, scenario } = simulation;
  machine.tell = (line) => say(`  ${(machine.now - startTime).toFixed(3).padStart(11)}  ${readable(line)}`);
  const { arrivals, ...rest } = scenario;
  say(`  ${JSON.stringify(rest)}`);
  for (const arrival of arrivals) say(`  ${JSON.stringify(arrival)}`);
  try {
    await simulation.run();
    judgeEnd(simulation);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    machine.tell(error.message);
  }
}

/** Absolute times say nothing to a reader: they are given from the start, too. */
function readable(line: string): string {
  return line.replaceAll(/\b1[78]\d{8}(\.\d+)?\b/g, (time) => (Number(time) - startTime).toFixed(3));
}
