import type { Observer } from '../observer.ts';
import { ProcoreApiError, refusalOf } from '../procore/api-error.ts';
import type { CompanyClient } from '../procore/client.ts';
import { sha256 } from '../sha256.ts';
import { type AcceptanceDependencies, acceptDelivery } from './acceptance.ts';
import { recordPath } from './filled-path.ts';
import type { ListedResource } from './reconcile.ts';
import type { Missing, MissingOfList } from './reconcile-round.ts';

/** What an event says of a record that Procore no longer shows. It was deleted, or this connection may not see it any more. */
export const noLongerVisible = 'no_longer_visible';

/** No more than so many records may be missing of a list, or {@link mostShare} of those that were known. */
const mostMissing = 20;
const mostShare = 0.02;

/** More ids than this are not remembered: of 250,000 records they are as many as may be missing. */
const mostRemembered = 5000;

/**
 * Compares what a place has listed with what was known of it. An empty list says nothing: Procore gives one, with a 200,
 * where a permission was taken away.
 *
 * @returns what is missing in all places that were read so far
 * @see [PROCORE.md, section 5](../../lib/procore-stand-in/PROCORE.md#5-paging-and-incremental-reads)
 */
export function withMissing(
  before: MissingOfList = { known: 0, count: 0, places: [] },
  projectId: string | null,
  known: ReadonlySet<bigint>,
  seen: ReadonlySet<bigint>,
): MissingOfList {
  const [listed] = seen;
  if (listed === undefined) return before;
  const ids = [...known].filter((id) => !seen.has(id)).map(String);
  const after = { known: before.known + known.size, count: before.count + ids.length };
  if (before.places === undefined || after.count > mostRemembered) return after;
  return {
    ...after,
    places: ids.length === 0 ? before.places : [...before.places, { projectId, listed: String(listed), ids }],
  };
}

/** Tells whether more is missing than can be believed: then something else has happened than that people deleted records. */
export function isTooMuch({ known, count, places }: MissingOfList): boolean {
  return places === undefined || count > Math.max(mostMissing, Math.floor(known * mostShare));
}

/** What a look at missing records has settled. */
export interface Settled {
  /** How many were told. */
  readonly told: number;
  readonly ids: readonly bigint[];
}

/** What {@link tellVanished} needs. */
export interface VanishedDependencies extends AcceptanceDependencies {
  readonly client: CompanyClient;
  readonly observer: Observer;
}

/**
 * Asks for missing records by their ids, and emits an event for each one that Procore answers 404 for. A list that was read
 * while it changed may have left out a record that is there. No event says `delete`: no document names a list that would
 * confirm it.
 *
 * @param path of the list
 * @param noticedAt when the round began, epoch seconds; the same in every try, so that an event has the same id
 * @returns which are known no longer: those that were told, and those that can be read though no list has them, until
 *   one has them again
 * @throws what a call throws that waiting may help
 */
export async function tellVanished(
  path: string,
  resource: Omit<ListedResource, 'projectId'>,
  { projectId, listed, ids }: Missing,
  noticedAt: number,
  dependencies: VanishedDependencies,
): Promise<Settled> {
  const { client } = dependencies;
  const settled: bigint[] = [];
  const hidden: string[] = [];
  for (const id of ids) {
    const found = await look(client, path, id);
    if (found === 'there') settled.push(BigInt(id));
    if (found === 'not_visible') hidden.push(id);
  }
  // If now a record that was listed cannot be read like this, then the path is another one, or all of them have just gone:
  // the project, or a permission.
  const isProof = hidden.length > 0 && (await look(client, path, listed)) === 'there';
  let told = 0;
  for (const id of isProof ? hidden : []) {
    const body = vanishedEvent({ ...resource, projectId }, id, noticedAt);
    const acceptance = await acceptDelivery(body, dependencies, 'reconciled');
    if (acceptance !== 'accepted' && acceptance !== 'duplicate') continue;
    settled.push(BigInt(id));
    told += 1;
  }
  return { told, ids: settled };
}

async function look(client: CompanyClient, path: string, id: string): Promise<'there' | 'not_visible' | 'unclear'> {
  try {
    await client.get(recordPath(path, id));
    return 'there';
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined || !(error instanceof ProcoreApiError) || error.diagnosis.retry) throw error;
    // The 404 of a path that does not exist is a page of HTML.
    const isOfRecord = refusal.status === 404 && error.code === 'not_visible' && /^\s*\{/.test(refusal.text);
    return isOfRecord ? 'not_visible' : 'unclear';
  }
}

function vanishedEvent(
  { companyId, resourceName, projectId }: ListedResource,
  resourceId: string,
  noticedAt: number,
): Uint8Array {
  const event = {
    id: `reconciled-${sha256(JSON.stringify([resourceName, resourceId, noLongerVisible, noticedAt]))}`,
    timestamp: new Date(noticedAt * 1000).toISOString(),
    reason: noLongerVisible,
    company_id: companyId,
    project_id: projectId,
    user_id: null,
    resource_type: resourceName,
    resource_id: resourceId,
  };
  return new TextEncoder().encode(JSON.stringify(event));
}
