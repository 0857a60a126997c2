import type { World } from '../simulation/worlds.ts';
import { markdownTable } from './table.ts';

/** Writes what a simulation checks after every step. */
export function simulationInvariants({ invariants }: Pick<World, 'invariants'>): string {
  return markdownTable(['Invariant', 'What must hold'], Object.entries(invariants));
}

/** Writes the deliberate mistakes that a simulation must find. */
export function mutantsTable({ mutants }: Pick<World, 'mutants'>): string {
  const rows = mutants.map(({ name, mistake, invariant, seed }) => [`\`${name}\``, mistake, invariant, String(seed)]);
  return markdownTable(['Mutant', 'Mistake', 'Killed by', 'Seed'], rows);
}
