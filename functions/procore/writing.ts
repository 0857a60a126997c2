import { ProcoreApiError } from './api-error.ts';
import { usualTimeoutMs, type WriteOptions } from './call-options.ts';
import type { ProcoreEnvironmentName } from './environment.ts';
import { type ExactJson, type ExactJsonInput, type ExactJsonObject, exactId, isJsonObject } from './exact-json.ts';
import { type ListOptions, type Query, withQuery } from './listing.ts';
import { NotAListError } from './paging.ts';
import { namesChangedBy } from './resource-names.ts';
import { hasOriginId, originIdOf } from './retry.ts';
import { type ApiAnswer, type ApiCall, type CallDependencies, sendCall } from './send-call.ts';
import type { SharedReads } from './shared-reads.ts';

type Listing = (path: string, options: ListOptions) => AsyncIterable<ExactJson>;

/** Makes one write. */
export type Writing = (
  method: ApiCall['method'],
  path: string,
  body: ExactJsonInput | undefined,
  options?: WriteOptions,
) => Promise<ApiAnswer>;

/**
 * Makes the writes of a company's client. After each, what was read of the resource before is outdated.
 *
 * @param listing reads a list of the company
 * @returns a function that throws ProcoreApiError and what the source of tokens throws
 */
export function companyWriting<E extends ProcoreEnvironmentName>(
  dependencies: CallDependencies<E>,
  companyId: string,
  { reads, listing }: { readonly reads: Pick<SharedReads, 'resourceChanged'>; readonly listing: Listing },
): Writing {
  const changed = (path: string) => reads.resourceChanged(dependencies.environment, companyId, namesChangedBy(path));

  return async (method, path, body, { query, timeoutMs = usualTimeoutMs, idempotencyToken } = {}) => {
    let wasLost = false;
    const call: ApiCall = {
      method,
      path: withQuery(path, query),
      companyId,
      timeoutMs,
      isIdempotent: idempotencyToken !== undefined || hasOriginId(body),
      ...(body !== undefined && { body }),
      ...(idempotencyToken !== undefined && { idempotencyToken }),
    };
    try {
      const onLostTry = () => {
        wasLost = true;
      };
      // After an error as well: the write may have taken effect.
      const sent = sendCall(dependencies, call, onLostTry).finally(() => changed(path));
      const { status, headers, body: answered } = await sent;
      return { status, headers, body: answered };
    } catch (error) {
      const isOurs = wasLost && error instanceof ProcoreApiError && error.code === 'duplicate_origin_id';
      const originId = isOurs && method === 'POST' ? originIdOf(body) : undefined;
      const found =
        originId === undefined ? undefined : await findByOriginId(path, query, originId).catch(unlessRefused);
      if (found === undefined) throw error;
      return found;
    }
  };

  /** Finds the record that was created by a try whose answer was lost. */
  async function findByOriginId(
    path: string,
    query: Query | undefined,
    originId: string,
  ): Promise<ApiAnswer | undefined> {
    // A list that does not know the filter gives every record, so the origin_id is compared as well.
    for await (const item of listing(path, { query: { ...query, 'filters[origin_id]': originId } })) {
      if (isJsonObject(item) && exactId(item.origin_id) === originId) {
        const body: ExactJsonObject | ExactJson = path.startsWith('/rest/v2.') ? { data: item } : item;
        return { status: 201, headers: new Headers(), body };
      }
    }
    return undefined;
  }
}

/** Where the list of the records cannot be read, what Procore said to the write is the error. @throws what may pass */
function unlessRefused(fault: unknown): undefined {
  const isRefused = fault instanceof ProcoreApiError && !fault.diagnosis.retry;
  if (!isRefused && !(fault instanceof NotAListError)) throw fault;
}
