import { fileURLToPath } from 'node:url';
import type { Kept } from '../../kept.ts';
import type { LocalOptions } from '../options.ts';
import { keptItems, keptTables } from './kept-tables.ts';
import {
  hasState,
  type LocalState,
  openState,
  removeState,
  StateUnreadableError,
  setAside,
  shown,
} from './state-file.ts';

const localFolder = new URL('../../../.local/', import.meta.url);
const mainJob = { part: 'local', key: 'main job done' } as const;

/** What a start works with of the last one. */
export interface OpenedState {
  readonly state: LocalState;
  /** The last run with this state has shown that everything works. */
  readonly mainJobDone: boolean;
}

/**
 * Finds where the state of a start is: each first port has its own, and each Procore of your own.
 *
 * @returns undefined for a start that keeps nothing: a proof, one on free ports, and one at another authorization server
 */
export function stateFolder({
  once,
  port,
  real,
  external,
}: Pick<LocalOptions, 'once' | 'port' | 'real' | 'external'>): string | undefined {
  if (once || port === 0 || external !== undefined) return undefined;
  const name = `state-${port}${real === undefined ? '' : `-real-${real}`}`;
  return fileURLToPath(new URL(name, localFolder));
}

/**
 * Opens the state that a start goes on with.
 *
 * @param say gets a line for people about what was found, or forgotten
 * @returns undefined for a start that keeps nothing
 * @throws what openState throws
 */
export function openStateOf(
  options: Pick<LocalOptions, 'once' | 'port' | 'real' | 'external' | 'fresh'>,
  say: (line: string) => void,
): OpenedState | undefined {
  const folder = stateFolder(options);
  if (folder === undefined) return undefined;
  return openStateIn(folder, options, say);
}

/**
 * Opens the state in a folder.
 *
 * @param say gets a line for people about what was found, or forgotten
 * @throws what openState throws
 */
export function openStateIn(
  folder: string,
  { fresh, real }: Pick<LocalOptions, 'fresh' | 'real'>,
  say: (line: string) => void,
): OpenedState {
  if (fresh) say(forget(folder, real !== undefined));
  const state = openState(folder);
  const mainJobDone = state.entries(mainJob.part).some(([key]) => key === mainJob.key);
  const held = describeState(state);
  if (held !== undefined) {
    say(`Going on with the state in ${shown(folder)}: ${held}. npm start -- --fresh begins anew.`);
  }
  return { state, mainJobDone };
}

/** Notes that the main job worked: the next start need not do it again. */
export function noteMainJob(kept: Kept): void {
  kept.put(mainJob.part, mainJob.key, true);
}

/** Forgets the state in a folder; what cannot be read is moved aside. @returns what was forgotten, for people */
function forget(folder: string, isReal: boolean): string {
  if (!hasState(folder)) return `There is no state in ${shown(folder)}: nothing to forget.`;
  try {
    const state = openState(folder);
    const held = describeState(state) ?? 'nothing';
    void state.close();
    removeState(folder);
    const grants = isReal ? ' What Procore granted goes on there, until it is revoked there.' : '';
    return `Forgot the state in ${shown(folder)}: ${held}.${grants}`;
  } catch (error) {
    if (!(error instanceof StateUnreadableError)) throw error;
    // One that is damaged was moved already.
    return hasState(folder)
      ? `The state could not be read. It was moved to ${shown(setAside(folder, 'unread'))}.`
      : error.message;
  }
}

/** @returns undefined when nothing is held */
function describeState(kept: Kept): string | undefined {
  const tables = keptTables(kept);
  const count = (name: string, is: (item: Readonly<Record<string, unknown>>) => boolean = () => true) =>
    tables
      .filter((table) => table.includes(name))
      .flatMap((table) => keptItems(kept, table))
      .filter(is).length;
  const counts = [
    [count('Connections', ({ connectionId }) => connectionId !== undefined), 'connection'],
    [count('Subscriptions'), 'subscription'],
    [count('Deliveries', ({ id }) => JSON.stringify(id).includes('event#')), 'event'],
  ] as const;
  if (tables.length === 0) return undefined;
  return counts.map(([number, what]) => `${number} ${what}${number === 1 ? '' : 's'}`).join(', ');
}
