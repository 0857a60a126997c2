import { type Provisioned, provision } from '../template/provision.ts';
import type { LocalState } from './state-file.ts';

/** What the stand-ins find of their last run. */
export interface KeptStack {
  readonly state: LocalState;
  /** Names of the tables that the last run had made. */
  readonly tables: ReadonlySet<string>;
}

const entry = { part: 'stack', key: 'provisioned' } as const;

/** What the last run had made, so that this one makes only what is missing, as CloudFormation does. */
export interface KeptProvision extends KeptStack {
  readonly provisioned: Provisioned | undefined;
}

/** Reads what the last run had made. What it had begun and not finished is forgotten: it is made again. */
export function keptStack(state: LocalState): KeptProvision {
  const [[, value] = []] = state.entries(entry.part);
  const made = value as Provisioned | undefined;
  const kept = new Set(state.entries('secrets').map(([name]) => name));
  // A secret that is not kept has to be made again.
  const provisioned = made && { ...made, secrets: made.secrets.filter(({ name }) => kept.has(name)) };
  const known = new Set(provisioned?.secrets.map(({ name }) => name));
  for (const name of kept) if (!known.has(name)) state.remove('secrets', name);
  return { state, provisioned, tables: new Set(provisioned?.tables.map(({ TableName }) => TableName)) };
}

/**
 * Makes what is missing of a template's tables, queues and secrets, and keeps what was made for the next run.
 *
 * @param before what is there already: what a template no longer names stays
 * @param state where it is kept; undefined keeps nothing
 * @throws what provision throws
 */
export async function provisionAndKeep(
  endpoint: string,
  wanted: Provisioned,
  before: Provisioned | undefined,
  state: LocalState | undefined,
): Promise<void> {
  await provision(endpoint, wanted, before);
  const tables = [...(before?.tables ?? []), ...wanted.tables];
  const union: Provisioned = {
    tables: [...new Map(tables.map((table) => [table.TableName, table])).values()],
    queues: byName(before?.queues, wanted.queues),
    secrets: byName(before?.secrets, wanted.secrets),
  };
  state?.put(entry.part, entry.key, union);
  await state?.durable();
}

function byName<T extends { readonly name: string }>(before: readonly T[] = [], made: readonly T[]): T[] {
  return [...new Map([...before, ...made].map((each) => [each.name, each])).values()];
}
