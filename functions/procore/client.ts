import { ConnectorError } from '../connector-error.ts';
import type { AccessTokenSource } from './access-token-source.ts';
import { ProcoreApiError } from './api-error.ts';
import { type ProcoreEnvironmentName, type ProcoreOrigins, procoreOrigins } from './environment.ts';
import { type ExactJson, type ExactJsonInput, type ExactJsonObject, exactId, isJsonObject } from './exact-json.ts';
import { type ListOptions, type Query, readList, withQuery } from './listing.ts';
import { isProcoreId } from './procore-id.ts';
import { hasOriginId, originIdOf } from './retry.ts';
import { requireSecureOrigin } from './secure-origin.ts';
import { type ApiAnswer, type ApiCall, type CallDependencies, sendCall } from './send-call.ts';
import { type SyncOptions, type SyncResult, type SyncUpdate, syncInChunks } from './sync.ts';

/** A path of the API, e.g. `/rest/v1.0/projects`. */
export type ApiPath = `/rest/v${string}`;

/**
 * The two paths that need no company header with a person's token. A service account needs the header there as well.
 */
export type CompanyFreePath = '/rest/v1.0/me' | '/rest/v1.0/companies';

/** Options of every call. */
export interface CallOptions {
  readonly query?: Query;
  /**
   * How long one try may take.
   *
   * @default 30000 (milliseconds)
   */
  readonly timeoutMs?: number;
}

/** Options of a call that changes something. */
export interface WriteOptions extends CallOptions {
  /**
   * A value of yours that nobody can guess, another one for each write. It is sent as `Idempotency-Token`, and the
   * write may then be repeated.
   */
  readonly idempotencyToken?: string;
}

/** A company's part of the API: every call carries its Procore-Company-Id. */
export interface CompanyClient<E extends ProcoreEnvironmentName = ProcoreEnvironmentName> {
  readonly environment: E;
  readonly companyId: string;
  get(path: ApiPath, options?: CallOptions): Promise<ApiAnswer>;
  /** Creates a record. One with an `origin_id` is created once even if an answer is lost: it is then looked up. */
  post(path: ApiPath, body: ExactJsonInput, options?: WriteOptions): Promise<ApiAnswer>;
  patch(path: ApiPath, body: ExactJsonInput, options?: WriteOptions): Promise<ApiAnswer>;
  put(path: ApiPath, body: ExactJsonInput, options?: WriteOptions): Promise<ApiAnswer>;
  delete(path: ApiPath, options?: WriteOptions): Promise<ApiAnswer>;
  /**
   * Reads a whole list. It never ends early.
   *
   * @throws TruncatedListError, EndlessListError, NotAListError
   */
  list(path: ApiPath, options?: ListOptions): AsyncGenerator<ExactJson, void, undefined>;
  /**
   * Reads what changed from one time to another, where the list knows `filters[updated_at]`.
   *
   * @param since epoch seconds, included
   * @param until epoch seconds
   */
  listChanged(path: ApiPath, since: number, until: number, options?: ListOptions): AsyncGenerator<ExactJson, void>;
  /** Creates and updates records by a sync action (a path ending in `/sync`), in chunks of 1,000. */
  sync(path: ApiPath, updates: readonly SyncUpdate[], options?: SyncOptions): Promise<readonly SyncResult[]>;
}

/** A client of one Procore environment for one connection. */
export interface ProcoreClient<E extends ProcoreEnvironmentName = ProcoreEnvironmentName> {
  readonly environment: E;
  get(path: CompanyFreePath, options?: CallOptions): Promise<ApiAnswer>;
  list(path: CompanyFreePath, options?: ListOptions): AsyncGenerator<ExactJson, void, undefined>;
  /** @param companyId whose data is called, as a string: ids can be beyond 2^53 */
  company(companyId: string): CompanyClient<E>;
}

/** What {@link procoreClient} needs. A source of another environment's tokens does not compile. */
export interface ProcoreClientProps<E extends ProcoreEnvironmentName>
  extends Omit<CallDependencies<E>, 'origin' | 'tokens'> {
  readonly tokens: AccessTokenSource<NoInfer<E>>;
  /** Replaces Procore's own hosts, for tests and the local runner. */
  readonly origins?: Partial<ProcoreOrigins>;
}

/** A company id is not valid. */
export class InvalidCompanyIdError extends ConnectorError {
  override readonly name = 'InvalidCompanyIdError';
  readonly code = 'invalid_company_id';
  constructor() {
    super('A company id must be a text of digits, e.g. "5358233". Numbers lose digits beyond 2^53.');
  }
}

const usualTimeoutMs = 30_000;

/**
 * Makes a client of Procore's API. It takes care of tokens, company header, exact ids, time-outs, repetitions, rate
 * limits and paging, and says what is wrong when a call fails for good.
 *
 * @returns the client, whose calls throw ProcoreApiError and what the source of tokens throws
 * @throws InsecureOriginError when an origin was given that is neither https nor loopback
 */
export function procoreClient<E extends ProcoreEnvironmentName>(props: ProcoreClientProps<E>): ProcoreClient<E> {
  const { origin } = requireSecureOrigin(procoreOrigins(props.environment, props.origins).apiOrigin);
  const dependencies: CallDependencies<E> = { ...props, origin };

  const reading = (path: string, companyId?: string, timeoutMs = usualTimeoutMs) =>
    sendCall(dependencies, {
      method: 'GET',
      path,
      isIdempotent: true,
      timeoutMs,
      ...(companyId !== undefined && { companyId }),
    });
  const listing = (path: string, options: ListOptions = {}, companyId?: string) =>
    readList({ ...options, path, get: (pathAndQuery) => reading(pathAndQuery, companyId) });

  return {
    environment: props.environment,
    get: (path, { query, timeoutMs } = {}) => reading(withQuery(path, query), undefined, timeoutMs),
    list: (path, options) => listing(path, options),
    company: (companyId) => {
      if (!isProcoreId(companyId)) throw new InvalidCompanyIdError();
      return companyClient(dependencies, companyId, reading, listing);
    },
  };
}

type Listing = (path: string, options?: ListOptions, companyId?: string) => AsyncGenerator<ExactJson, void, undefined>;

function companyClient<E extends ProcoreEnvironmentName>(
  dependencies: CallDependencies<E>,
  companyId: string,
  reading: (path: string, companyId?: string, timeoutMs?: number) => Promise<ApiAnswer>,
  listing: Listing,
): CompanyClient<E> {
  const writing = companyWriting(dependencies, companyId, listing);
  return {
    environment: dependencies.environment,
    companyId,
    get: (path, { query, timeoutMs } = {}) => reading(withQuery(path, query), companyId, timeoutMs),
    post: (path, body, options) => writing('POST', path, body, options),
    patch: (path, body, options) => writing('PATCH', path, body, options),
    put: (path, body, options) => writing('PUT', path, body, options),
    delete: (path, options) => writing('DELETE', path, undefined, options),
    list: (path, options) => listing(path, options, companyId),
    listChanged: (path, since, until, options = {}) =>
      listing(
        path,
        { ...options, query: { ...options.query, 'filters[updated_at]': timeRange(since, until) } },
        companyId,
      ),
    sync: (path, updates, options = {}) =>
      syncInChunks(updates, options, async (body) => {
        // Every other sync action is a PATCH.
        const method = path.endsWith('/budget_line_items/sync') ? 'POST' : 'PATCH';
        return (await writing(method, path, body)).body;
      }),
  };
}

type Writing = (
  method: ApiCall['method'],
  path: ApiPath,
  body: ExactJsonInput | undefined,
  options?: WriteOptions,
) => Promise<ApiAnswer>;

function companyWriting<E extends ProcoreEnvironmentName>(
  dependencies: CallDependencies<E>,
  companyId: string,
  listing: Listing,
): Writing {
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
      return await sendCall(dependencies, call, () => {
        wasLost = true;
      });
    } catch (error) {
      const isOurs = wasLost && error instanceof ProcoreApiError && error.code === 'duplicate_origin_id';
      const originId = isOurs && method === 'POST' ? originIdOf(body) : undefined;
      const found = originId === undefined ? undefined : await findByOriginId(path, query, originId);
      if (found === undefined) throw error;
      return found;
    }
  };

  /** Finds the record that was created by a try whose answer was lost. */
  async function findByOriginId(
    path: ApiPath,
    query: Query | undefined,
    originId: string,
  ): Promise<ApiAnswer | undefined> {
    // A list that does not know the filter gives every record, so the origin_id is compared as well.
    for await (const item of listing(path, { query: { ...query, 'filters[origin_id]': originId } }, companyId)) {
      if (isJsonObject(item) && exactId(item.origin_id) === originId) {
        const body: ExactJsonObject | ExactJson = path.startsWith('/rest/v2.') ? { data: item } : item;
        return { status: 201, headers: new Headers(), body };
      }
    }
    return undefined;
  }
}

/**
 * Writes a range of time for Procore's filters.
 *
 * @returns e.g. `2026-09-23T16:30:00Z...2026-09-23T17:00:00Z`
 */
export function timeRange(since: number, until: number): string {
  const text = (seconds: number) => new Date(Math.floor(seconds) * 1000).toISOString().replace('.000Z', 'Z');
  return `${text(since)}...${text(until)}`;
}
