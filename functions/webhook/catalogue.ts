import { ConnectorError } from '../connector-error.ts';
import type { CatalogueEntry } from './hooks-api.ts';
import type { ResourceLevel, TriggerAction, WantedResource } from './subscription.ts';

/** A resource as a person asks for it. */
export interface AskedResource {
  readonly name: string;
  /** Where the name is on both levels, or to be sure; else the catalogue decides. */
  readonly level?: ResourceLevel;
  /** All that the catalogue has when absent. */
  readonly actions?: readonly TriggerAction[];
}

/** The names that Procore reports, by level. */
export interface Catalogue {
  readonly company: readonly CatalogueEntry[];
  readonly project: readonly CatalogueEntry[];
}

/** A resource was asked for that Procore would accept in silence and never report. */
export class UnknownResourceError extends ConnectorError {
  override readonly name = 'UnknownResourceError';
  readonly code = 'invalid_resource';
}

/** Resources are asked for in a way that cannot be read. */
export class InvalidResourceListError extends ConnectorError {
  override readonly name = 'InvalidResourceListError';
  readonly code = 'invalid_resource_list';
}

const actionNames = ['create', 'update', 'delete'] as const;
const levelNames = ['company', 'project'] as const;

/**
 * Reads a list of resources such as `RFIs,Submittals:create+update,Projects@company`.
 *
 * @throws InvalidResourceListError naming the part that cannot be read
 */
export function parseResourceList(text: string): readonly AskedResource[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) {
    throw new InvalidResourceListError('No resources are named. Write them like "RFIs,Submittals:create+update".');
  }
  return parts.map((part) => {
    const [named = '', actionText, ...more] = part.split(':').map((piece) => piece.trim());
    const [name = '', levelText] = named.split('@').map((piece) => piece.trim());
    const actions = actionText?.split('+').map((action) => oneOf(actionNames, action.trim().toLowerCase(), part));
    if (name === '' || more.length > 0) {
      throw new InvalidResourceListError(`"${part}" is no resource. Write NAME, NAME:create+update or NAME@company.`);
    }
    return {
      name,
      ...(levelText !== undefined && { level: oneOf(levelNames, levelText.toLowerCase(), part) }),
      ...(actions !== undefined && { actions }),
    };
  });
}

function oneOf<const Name extends string>(names: readonly Name[], text: string, part: string): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new InvalidResourceListError(`"${part}": "${text}" is not one of ${names.join(', ')}.`);
}

/**
 * Checks what is asked for against Procore's catalogue: a hook with a name of the wrong level, or a name that is spelled
 * otherwise, is silent for ever.
 *
 * A name that is on both levels counts as the company's, whose one hook hears of all projects.
 *
 * @returns the resources, each with its level and actions, no two the same
 * @throws UnknownResourceError with the near misses
 */
export function checkResources(asked: readonly AskedResource[], catalogue: Catalogue): readonly WantedResource[] {
  const wanted = new Map<string, WantedResource>();
  for (const { name, level, actions } of asked) {
    const levels = level === undefined ? levelNames : ([level] as const);
    const found = levels.find((one) => catalogue[one].some((entry) => entry.name === name));
    if (found === undefined) throw new UnknownResourceError(explain(name, level, catalogue));
    const possible = catalogue[found].find((entry) => entry.name === name)?.actions ?? [];
    const impossible = (actions ?? []).filter((action) => !possible.includes(action));
    if (impossible.length > 0) {
      const known = possible.join(', ') || 'nothing';
      throw new UnknownResourceError(`Procore never reports ${impossible.join(' or ')} of "${name}", only ${known}.`);
    }
    const key = `${found} ${name}`;
    const all = new Set([...(wanted.get(key)?.actions ?? []), ...(actions ?? possible)]);
    wanted.set(key, { name, level: found, actions: actionNames.filter((action) => all.has(action)) });
  }
  return [...wanted.values()];
}

function explain(name: string, level: ResourceLevel | undefined, catalogue: Catalogue): string {
  const other = level === undefined ? undefined : levelNames.find((one) => one !== level);
  if (other !== undefined && catalogue[other].some((entry) => entry.name === name)) {
    return `"${name}" is no ${level} resource but a ${other} resource. Write "${name}@${other}", or "${name}" alone.`;
  }
  const near = nearMisses(name, [...catalogue.company, ...catalogue.project]);
  const hint =
    near.length > 0
      ? `Did you mean ${near.map((one) => `"${one}"`).join(' or ')}?`
      : 'Names are exact, capitals included.';
  return `Procore has no webhook resource "${name}". ${hint}`;
}

function nearMisses(name: string, entries: readonly CatalogueEntry[]): readonly string[] {
  const distances = [...new Set(entries.map((entry) => entry.name))].map((known) => ({
    known,
    distance: editDistance(name.toLowerCase(), known.toLowerCase()),
  }));
  const most = Math.max(2, Math.floor(name.length / 3));
  const near = distances.filter(({ distance }) => distance <= most);
  return near
    .toSorted((one, other) => one.distance - other.distance)
    .slice(0, 3)
    .map(({ known }) => known);
}

/** Counts the letters to insert, delete or replace (Levenshtein). */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...left].entries()) {
    let diagonal = row[0] ?? 0;
    const next = [index + 1];
    for (let column = 1; column <= right.length; column += 1) {
      const above = row[column] ?? 0;
      const replaced = diagonal + (right[column - 1] === letter ? 0 : 1);
      next.push(Math.min(above + 1, (next[column - 1] ?? 0) + 1, replaced));
      diagonal = above;
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
