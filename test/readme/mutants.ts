import { mutants } from '../simulation/mutants/table.ts';
import { invariants } from '../simulation/violation.ts';
import { markdownTable } from './table.ts';

/** Writes what the simulation checks after every step. */
export function simulationInvariants(): string {
  return markdownTable(['Invariant', 'What must hold'], Object.entries(invariants));
}

/** Writes the deliberate mistakes that the simulation must find. */
export function mutantsTable(): string {
  const rows = mutants.map(({ name, mistake, invariant, seed }) => [`\`${name}\``, mistake, invariant, String(seed)]);
  return markdownTable(['Mutant', 'Mistake', 'Killed by', 'Seed'], rows);
}
