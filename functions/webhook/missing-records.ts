import { filledPath } from './filled-path.ts';
import type { KnownIds, KnownList } from './known-ids.ts';
import type { ListedResource } from './reconcile.ts';
import { addedTo, type PlannedList, type Round } from './reconcile-round.ts';
import type { Subscription } from './subscription.ts';
import { isTooMuch, tellVanished, type VanishedDependencies, withMissing } from './vanished.ts';

/**
 * Compares what was listed in a place with what was known there, and remembers what is new.
 *
 * @returns the round with what is missing
 */
export async function compareIds(
  round: Round,
  resource: ListedResource,
  seen: ReadonlySet<bigint>,
  knownIds: KnownIds,
): Promise<Round> {
  const place: KnownList = { ...resource, of: 'known' };
  const known = await knownIds.read(place);
  const all = new Set([...known, ...seen]);
  if (all.size > known.size) await knownIds.write(place, all);
  return { ...round, missing: withMissing(round.missing, resource.projectId, known, seen) };
}

/** What {@link lookForMissing} needs. */
export interface MissingDependencies extends VanishedDependencies {
  readonly knownIds: KnownIds;
}

/**
 * Looks at the missing records of one place of a list, once the list was read in all of them. If too many are missing, at
 * none: then somebody is told.
 *
 * @returns the round without the place; `nothing left` when no place of the list has any
 * @throws what a call throws that waiting may help
 */
export async function lookForMissing(
  round: Round,
  list: PlannedList,
  { companyId, connectionId }: Pick<Subscription, 'companyId' | 'connectionId'>,
  dependencies: MissingDependencies,
): Promise<Round | 'nothing left'> {
  const { missing } = round;
  if (missing === undefined || missing.count === 0) return 'nothing left';
  const { observer, knownIds } = dependencies;
  const resource = { companyId, resourceName: list.name };
  if (isTooMuch(missing)) {
    observer.count('vanishedHeldBack', missing.count);
    observer.note('vanished.held_back', { ...resource, connectionId, count: missing.count });
    const { missing: _, ...rest } = round;
    return { ...rest, counts: addedTo(round.counts, { heldBack: missing.count }) };
  }
  const [first, ...places] = missing.places ?? [];
  if (first === undefined) return 'nothing left';
  const path = filledPath(list.path, companyId, first.projectId);
  const settled = await tellVanished(path, resource, first, round.startedAt, dependencies);
  const place: KnownList = { ...resource, projectId: first.projectId, of: 'known' };
  const known = await knownIds.read(place);
  for (const id of settled.ids) known.delete(id);
  if (settled.ids.length > 0) await knownIds.write(place, known);
  if (settled.told > 0) observer.note('vanished.told', { ...resource, count: settled.told });
  const counts = addedTo(round.counts, { vanished: settled.told });
  return { ...round, counts, missing: { ...missing, places } };
}
