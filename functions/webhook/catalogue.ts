import { ConnectorError } from '../connector-error.ts';
import type { CatalogueEntry } from './hooks-api.ts';
import { nearMisses } from './near-misses.ts';
import type { AskedResource } from './resource-list.ts';
import { type ResourceLevel, resourceLevels, triggerActions, type WantedResource } from './subscription.ts';

/** The resources of Procore's webhook catalogue, by level. */
export interface Catalogue {
  readonly company: readonly CatalogueEntry[];
  readonly project: readonly CatalogueEntry[];
}

/** A resource was asked for that Procore would never report, without saying so. */
export class UnknownResourceError extends ConnectorError {
  override readonly name = 'UnknownResourceError';
  readonly code = 'invalid_resource';
}

/**
 * Compares what is asked for with Procore's catalogue. Procore accepts a hook with a name of the wrong level, or with a
 * wrong spelling, but never reports anything for it.
 *
 * A name that is on both levels counts as the company's: its one hook hears of all projects.
 *
 * @returns the resources, each with its level and actions, no two the same
 * @throws UnknownResourceError with the names that may have been meant
 */
export function checkResources(asked: readonly AskedResource[], catalogue: Catalogue): readonly WantedResource[] {
  const wanted = new Map<string, WantedResource>();
  for (const { name, level, actions } of asked) {
    const levels = level === undefined ? resourceLevels : ([level] as const);
    const found = levels.find((one) => catalogue[one].some((entry) => entry.name === name));
    if (found === undefined) throw new UnknownResourceError(explain(name, level, catalogue));
    const possible = catalogue[found].find((entry) => entry.name === name)?.actions ?? [];
    const impossible = (actions ?? []).filter((action) => !possible.includes(action));
    if (impossible.length > 0) {
      const known = possible.join(', ') || 'nothing';
      throw new UnknownResourceError(`Procore never reports ${impossible.join(' or ')} of "${name}", only ${known}.`);
    }
    const usable = triggerActions.filter((action) => (actions ?? possible).includes(action));
    if (usable.length === 0) {
      const known = possible.join(', ') || 'nothing';
      throw new UnknownResourceError(`Of "${name}" Procore reports ${known}: none of ${triggerActions.join(', ')}.`);
    }
    const key = `${found} ${name}`;
    const all = new Set([...(wanted.get(key)?.actions ?? []), ...usable]);
    wanted.set(key, { name, level: found, actions: triggerActions.filter((action) => all.has(action)) });
  }
  return [...wanted.values()];
}

function explain(name: string, level: ResourceLevel | undefined, catalogue: Catalogue): string {
  const other = level === undefined ? undefined : resourceLevels.find((one) => one !== level);
  if (other !== undefined && catalogue[other].some((entry) => entry.name === name)) {
    return `"${name}" is a ${other} resource, not a ${level} resource. Write "${name}@${other}", or "${name}" alone.`;
  }
  const near = nearMisses(
    name,
    [...catalogue.company, ...catalogue.project].map((entry) => entry.name),
  );
  const hint =
    near.length > 0
      ? `Did you mean ${near.map((one) => `"${one}"`).join(' or ')}?`
      : 'Names are exact, capitals included.';
  return `Procore has no webhook resource "${name}". ${hint}`;
}
