import { nearMisses } from '../../functions/webhook/near-misses.ts';
import { resourceList, resourceListOf } from '../../functions/webhook/resource-paths.ts';
import type { ReconciledList, ReconcileWish } from '../../functions/webhook/subscription.ts';
import { usageError } from './exit-codes.ts';

/** What a person says about reading without being told; what is left out stays as it is stored. */
export interface ReconcileFlags {
  /** 0 for never. */
  readonly reconcileHours: number | undefined;
  /** Paths by the name of the resource. */
  readonly reconcilePaths: ReadonlyMap<string, string> | undefined;
  readonly reportVanished: 'yes' | 'no' | undefined;
}

/**
 * Makes of a resource the list that is read: at the path that is given, else at the known one.
 *
 * @throws UnknownResourcePathError when neither is there, or the path cannot be used
 */
export function reconciledList(name: string, path?: string): ReconciledList {
  const list = resourceListOf(name, path);
  // Of a path that a person gives nobody knows whether it filters: the first reading tells.
  return {
    name,
    path: list.path,
    level: list.level,
    ...(path === undefined && !list.filtersByUpdate && { wholeOnly: true }),
  };
}

/**
 * Combines what a person says with what is stored. Resources whose lists nobody knows are left out.
 *
 * @param names of the subscription's resources
 * @returns `none` when nothing is read without being told
 * @throws OperatorError for options that do not go together, UnknownResourcePathError
 */
export function reconcileWish(
  { reconcileHours, reconcilePaths = new Map(), reportVanished }: ReconcileFlags,
  names: readonly string[],
  before: ReconcileWish | undefined,
): ReconcileWish | 'none' {
  const hours = reconcileHours ?? before?.hours ?? 0;
  if (hours === 0) {
    if (reconcilePaths.size === 0 && reportVanished === undefined) return 'none';
    throw usageError('--reconcile-path and --report-vanished go with --reconcile-hours: say how often lists are read.');
  }
  for (const name of reconcilePaths.keys()) {
    if (names.includes(name)) continue;
    const [near] = nearMisses(name, names);
    throw usageError(
      `--reconcile-path: "${name}" is no resource of this subscription.${near ? ` Is it "${near}"?` : ''}`,
    );
  }
  const lists = [...new Set(names)].flatMap((name) => {
    const given = reconcilePaths.get(name);
    const stored = before?.lists.find((list) => list.name === name);
    if (given !== undefined) return [reconciledList(name, given)];
    return stored ?? (resourceList(name) === undefined ? [] : [reconciledList(name)]);
  });
  if (lists.length === 0) {
    throw usageError(
      `It is not known where ${names.join(', ')} are listed: name a path with --reconcile-path NAME=PATH.`,
    );
  }
  const reports = reportVanished === undefined ? before?.reportVanished === true : reportVanished === 'yes';
  return { hours, lists, ...(reports && { reportVanished: true }) };
}
