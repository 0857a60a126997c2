import type { Connection } from '../../functions/connection/connection.ts';
import type { Choices } from './choices.ts';
import { Simulation, type Versions } from './simulation.ts';

const daySeconds = 86_400;

/** What one day with a restoration came to. */
export interface RestoringReport {
  /** Refresh tokens that were restored. */
  readonly restored: number;
  /** Whether somebody gave the word for one. */
  readonly isWordGiven: boolean;
  readonly endings: readonly string[];
}

/**
 * Runs a day of rotations among faults. At any minute of it the table is restored to any earlier minute, mostly after
 * connections were lost. Then people go on asking for tokens, functions go on working, and perhaps somebody gives the word for one.
 * Only I13 is judged: whoever deletes an item breaks the others.
 *
 * @throws Violation
 */
export async function runRestoring(
  versions: Versions,
  choices: Choices,
  skewSeconds: number,
): Promise<RestoringReport> {
  const simulation = new Simulation(versions, choices, skewSeconds, daySeconds);
  const { machine, aws, watch } = simulation;
  watch.only = 'I13';
  let rows: readonly Connection[] = [];
  const backupAt = Math.floor((choices.fraction() * daySeconds) / 60) * 60;
  const restoreAt = backupAt + choices.fraction() * (daySeconds - backupAt);
  const isLost = !choices.chance(0.2);
  const lostAt = backupAt + choices.fraction() * (restoreAt - backupAt);
  const isWordGiven = choices.chance(0.3);
  machine.after(backupAt * 1000, () => {
    rows = structuredClone([...aws.connections.values()]);
  });
  if (isLost) machine.after(lostAt * 1000, () => aws.connections.clear());
  machine.after(restoreAt * 1000, () => simulation.startRestoring(rows));
  // A person who is not sure does it again.
  if (choices.chance(0.3))
    machine.after((restoreAt + choices.fraction() * 600) * 1000, () => simulation.startRestoring(rows));
  for (let asking = 0; asking < 6; asking += 1) {
    const at = restoreAt + choices.fraction() ** 2 * 9000;
    machine.after(at * 1000, () => {
      for (const { connectionId } of rows) simulation.ask(connectionId);
    });
  }
  if (isWordGiven) {
    machine.after((restoreAt + 100 + choices.fraction() * 9000) * 1000, () => simulation.giveWord('connection-0'));
  }
  await simulation.storm();
  simulation.calm();
  for (let sweeps = 0; sweeps < 10; sweeps += 1) await simulation.sweepAfter(900);
  watch.inspect();
  const endings = [...aws.connections.values()].map(({ status }) => status);
  return { restored: watch.restored, isWordGiven, endings };
}
