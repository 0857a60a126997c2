import type { Kept } from '../kept.ts';
import type { ControlledParts, Switches } from './create-control.ts';
import type { Forbidden } from './world.ts';

const entry = { part: 'switches', key: 'all' } as const;

/** What is kept of a stand-in besides its hooks, tokens, deliveries, projects and records. */
export interface KeptSwitches {
  readonly clockAheadMs: number;
  readonly switches: Switches;
  readonly accessTokenLifetimeSeconds: number;
  readonly truncatesLists: boolean;
  readonly companies: number;
  readonly unseen: readonly string[];
  readonly disconnected: readonly string[];
  readonly forbidden: readonly (readonly [string, Forbidden])[];
  readonly locks: readonly (readonly [string, string])[];
}

/** Reads them as an earlier run has left them; undefined at the first. */
export function readSwitches(kept: Kept): KeptSwitches | undefined {
  return kept.entries(entry.part)[0]?.[1] as KeptSwitches | undefined;
}

type SwitchedParts = Pick<ControlledParts, 'clock' | 'switches' | 'tokens' | 'world'>;

/** Sets the parts as they were left. */
export function restoreSwitches({ switches, tokens, world }: Omit<SwitchedParts, 'clock'>, left: KeptSwitches): void {
  Object.assign(switches, left.switches);
  tokens.accessTokenLifetimeSeconds = left.accessTokenLifetimeSeconds;
  world.truncatesLists = left.truncatesLists;
  for (const id of left.unseen) world.unseen.add(id);
  for (const id of left.disconnected) world.disconnected.add(id);
  for (const [id, why] of left.forbidden) world.forbidden.set(id, why);
  for (const [id, why] of left.locks) world.locks.set(id, why);
}

/** Makes what puts them down after each call; what has not changed is not written again. */
export function switchKeeper({ clock, switches, tokens, world }: SwitchedParts, kept: Kept): () => void {
  let written = '';
  return () => {
    const value: KeptSwitches = {
      clockAheadMs: clock.ahead(),
      switches,
      accessTokenLifetimeSeconds: tokens.accessTokenLifetimeSeconds,
      truncatesLists: world.truncatesLists,
      companies: world.companies.length,
      unseen: [...world.unseen],
      disconnected: [...world.disconnected],
      forbidden: [...world.forbidden],
      locks: [...world.locks],
    };
    const text = JSON.stringify(value);
    if (text === written) return;
    kept.put(entry.part, entry.key, value);
    written = text;
  };
}
