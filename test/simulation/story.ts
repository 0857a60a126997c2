import { Choices } from './choices.ts';
import { settle } from './ending.ts';
import { buildMutant, mutantNamed } from './mutants/build.ts';
import { startTime } from './scenario.ts';
import { Simulation, type UseCases, type Versions } from './simulation.ts';
import * as useCases from './use-cases.ts';
import { Violation } from './violation.ts';

const built = new Map<string, UseCases>();

/** Gives the use cases, real or of a mutant. */
export async function useCasesOf(mutant: string | undefined): Promise<UseCases> {
  if (mutant === undefined) return useCases;
  const known = built.get(mutant) ?? (await buildMutant(mutantNamed(mutant)));
  built.set(mutant, known);
  return known;
}

/** Runs one schedule again and tells what happens in it, a line an event, times in seconds from its start. */
export async function tellStory(
  {
    choices,
    skewSeconds,
    mutant,
    versions,
  }: {
    readonly choices: readonly number[];
    readonly skewSeconds: number;
    readonly mutant?: string | undefined;
    /** @default the use cases, real or of the mutant */
    readonly versions?: Versions;
  },
  say: (line: string) => void,
): Promise<void> {
  const simulation = new Simulation(versions ?? (await useCasesOf(mutant)), Choices.replayed(choices), skewSeconds);
  const { machine, scenario } = simulation;
  machine.tell = (line) => say(`  ${(machine.now - startTime).toFixed(3).padStart(9)}  ${readable(line)}`);
  const { connections, ...rest } = scenario;
  say(`  ${readable(JSON.stringify(rest))}`);
  for (const { connection, visits } of connections) say(`  ${connection.connectionId}: ${JSON.stringify(visits)}`);
  try {
    await simulation.storm();
    machine.tell('all faults end');
    await settle(simulation);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    machine.tell(error.message);
  }
}

/** Absolute times say nothing to a reader: they are given from the start, too. */
function readable(line: string): string {
  return line.replaceAll(/\b1[78]\d{8}(\.\d+)?\b/g, (time) => (Number(time) - startTime).toFixed(3));
}
