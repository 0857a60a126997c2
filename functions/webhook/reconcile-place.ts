import { atATime } from '../at-a-time.ts';
import { refusalOf } from '../procore/api-error.ts';
import { changedBefore } from '../procore/changed-list.ts';
import { type ApiPath, type CompanyClient, timeRange } from '../procore/client.ts';
import { type ExactJson, exactId, isJsonObject } from '../procore/exact-json.ts';
import { filledPath } from './filled-path.ts';
import { firstWalk, readWalkedPage, stepOver, type Walk } from './list-walk.ts';
import { type ChangeOutcome, type EmitDependencies, emitChange, type ListedResource } from './reconcile.ts';
import type { PlannedList } from './reconcile-round.ts';

/** What {@link readPage} needs. */
export interface PlaceDependencies extends EmitDependencies {
  readonly client: CompanyClient;
}

/** A list in one of its places, and from when on its changes count, epoch seconds. */
export interface ReadPlace extends ListedResource {
  readonly list: PlannedList;
  readonly since: number;
  readonly until: number;
}

/** What a page has brought. */
export interface PageOutcome {
  /** Where the reading goes on; absent when the list has ended. */
  readonly walk?: Walk;
  /** Whether every record that existed throughout has certainly come; of a list that has ended. */
  readonly isWhole: boolean;
  readonly listed: number;
  /** How many records ended how. */
  readonly counts: Readonly<Partial<Record<ChangeOutcome, number>>>;
  /** The list gave a record that the filter by time should have left out. */
  readonly ignoresFilter: boolean;
  /** The ids of all records of the page that are numbers. */
  readonly ids: readonly bigint[];
}

/** How many records of a page are taken in at a time. */
const emitsAtATime = 10;

/**
 * Reads one page of a list and emits the changes that it brings.
 *
 * @param walk how far the list was read; undefined for its beginning
 * @throws what the client and the walk throw
 */
export async function readPage(
  { list, since, until, ...resource }: ReadPlace,
  walk: Walk = firstWalk,
  dependencies: PlaceDependencies,
): Promise<PageOutcome> {
  const { client } = dependencies;
  const path = filledPath(list.path, resource.companyId, resource.projectId);
  const query = list.mode === 'whole' ? {} : { 'filters[updated_at]': timeRange(since, until) };
  const get = (pathAndQuery: string) => client.get(pathAndQuery as ApiPath);
  const page = await readWalkedPage({ path, query, get, refusalOf }, walk);
  if ('smaller' in page)
    return { walk: page.smaller, isWhole: false, listed: 0, counts: {}, ignoresFilter: false, ids: [] };
  const { records, next, isWhole } = stepOver(path, walk, page);
  const changed = records.filter((record) => !changedBefore(record, since));
  const emit = atATime(emitsAtATime, (record: ExactJson) => emitChange(record, resource, dependencies));
  const counts: Partial<Record<ChangeOutcome, number>> = {};
  for (const outcome of await Promise.all(changed.map(emit))) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return {
    ...(next && { walk: next }),
    ...{ isWhole, counts, listed: changed.length, ids: page.items.flatMap(numberOf) },
    ignoresFilter: list.mode === 'changed' && changed.length < records.length,
  };
}

/** @returns nothing for ids that are no numbers: nobody could read such a one back from what is kept */
function numberOf(record: ExactJson): readonly bigint[] {
  const id = isJsonObject(record) ? exactId(record.id) : undefined;
  return id !== undefined && /^\d{1,19}$/.test(id) ? [BigInt(id)] : [];
}
