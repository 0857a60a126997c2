import { ConnectorError } from '../connector-error.ts';
import type { AccessTokenSource } from './access-token-source.ts';
import { pathOf, refusalOf } from './api-error.ts';
import {
  type Checkable,
  type ReadListOptions,
  type ReadOptions,
  type Unchecked,
  usualTimeoutMs,
  type WriteOptions,
} from './call-options.ts';
import { changedSince } from './changed-list.ts';
import { checked, checkedRecords, placeOf } from './checked-answer.ts';
import { withCompanyId } from './company-parameter.ts';
import { type ProcoreEnvironmentName, type ProcoreOrigins, procoreOrigins } from './environment.ts';
import type { ExactJson, ExactJsonInput } from './exact-json.ts';
import { type ChangedListOptions, readList, withQuery } from './listing.ts';
import { isProcoreId } from './procore-id.ts';
import { requireSecureOrigin } from './secure-origin.ts';
import type { ApiAnswer, CallDependencies } from './send-call.ts';
import { type SharedReads, sharedReads } from './shared-reads.ts';
import type { OutputOf, StandardSchema } from './standard-schema.ts';
import { type SyncOptions, type SyncResult, type SyncUpdate, syncInChunks } from './sync.ts';
import { companyWriting } from './writing.ts';

/** A path of the API, e.g. `/rest/v1.0/projects`. */
export type ApiPath = `/rest/v${string}`;

/**
 * The two paths that need no company header with a person's token. A service account needs the header there as well.
 */
export type CompanyFreePath = '/rest/v1.0/me' | '/rest/v1.0/companies';

/** A company's part of the API: every call carries its Procore-Company-Id. */
export interface CompanyClient<E extends ProcoreEnvironmentName = ProcoreEnvironmentName> {
  readonly environment: E;
  readonly companyId: string;
  /** @throws UnexpectedAnswerError when the body does not fit `options.schema` */
  get<Schema extends StandardSchema = Unchecked>(
    path: ApiPath,
    options?: ReadOptions<Schema>,
  ): Promise<ApiAnswer<OutputOf<Schema>>>;
  /** Creates a record. One with an `origin_id` is created once even if an answer is lost: it is then looked up. */
  post(path: ApiPath, body: ExactJsonInput, options?: WriteOptions): Promise<ApiAnswer>;
  patch(path: ApiPath, body: ExactJsonInput, options?: WriteOptions): Promise<ApiAnswer>;
  put(path: ApiPath, body: ExactJsonInput, options?: WriteOptions): Promise<ApiAnswer>;
  delete(path: ApiPath, options?: WriteOptions): Promise<ApiAnswer>;
  /**
   * Reads a whole list. It never ends early.
   *
   * @throws TruncatedListError, EndlessListError, NotAListError
   * @throws UnexpectedAnswerError at the first record that does not fit `options.schema`
   */
  list<Schema extends StandardSchema = Unchecked>(
    path: ApiPath,
    options?: ReadListOptions<Schema>,
  ): AsyncGenerator<OutputOf<Schema>, void, undefined>;
  /**
   * Reads what changed from one time to another, by `filters[updated_at]`. From a list that does not know that filter it
   * leaves out what changed before, and notes `list.filter_ignored` once.
   *
   * @param since epoch seconds, included
   * @param until epoch seconds
   */
  listChanged<Schema extends StandardSchema = Unchecked>(
    path: ApiPath,
    since: number,
    until: number,
    options?: ChangedListOptions & Checkable<Schema>,
  ): AsyncGenerator<OutputOf<Schema>, void, undefined>;
  /** Creates and updates records by a sync action (a path ending in `/sync`), in chunks of 1,000. */
  sync(path: ApiPath, updates: readonly SyncUpdate[], options?: SyncOptions): Promise<readonly SyncResult[]>;
}

/** A client of one Procore environment for one connection. */
export interface ProcoreClient<E extends ProcoreEnvironmentName = ProcoreEnvironmentName> {
  readonly environment: E;
  get<Schema extends StandardSchema = Unchecked>(
    path: CompanyFreePath,
    options?: ReadOptions<Schema>,
  ): Promise<ApiAnswer<OutputOf<Schema>>>;
  list<Schema extends StandardSchema = Unchecked>(
    path: CompanyFreePath,
    options?: ReadListOptions<Schema>,
  ): AsyncGenerator<OutputOf<Schema>, void, undefined>;
  /** @param companyId whose data is called, as a string: ids can be beyond 2^53 */
  company(companyId: string): CompanyClient<E>;
}

/** What {@link procoreClient} needs. A source of another environment's tokens does not compile. */
export interface ProcoreClientProps<E extends ProcoreEnvironmentName>
  extends Omit<CallDependencies<E>, 'origin' | 'tokens'> {
  readonly tokens: AccessTokenSource<NoInfer<E>>;
  /** @default reads that are shared with no other client */
  readonly reads?: SharedReads;
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

  const { reads = sharedReads() } = props;
  const wanted = (path: string, companyId: string | undefined, { timeoutMs, cacheSeconds }: ReadOptions = {}) => ({
    call: {
      ...({ method: 'GET', isIdempotent: true, timeoutMs: timeoutMs ?? usualTimeoutMs } as const),
      path: withCompanyId(path, companyId),
      ...(companyId !== undefined && { companyId }),
    },
    dependencies,
    cacheSeconds: cacheSeconds ?? 0,
  });
  const reading: Reading = (path, { query, ...options } = {}, companyId) =>
    reads.get(wanted(withQuery(path, query), companyId, options));
  const listing: Listing = (path, { cacheSeconds, ...options } = {}, companyId) =>
    reads.list(wanted(withQuery(path, options.query), companyId, { ...(cacheSeconds && { cacheSeconds }) }), () =>
      readList({ ...options, path, refusalOf, get: (pathAndQuery) => reads.get(wanted(pathAndQuery, companyId)) }),
    );

  return {
    environment: props.environment,
    get: (path, options) => checkedAnswer(reading(path, options), options?.schema, `${origin}${path}`),
    list: (path, options) => checkedList(listing(path, options), options?.schema, `${origin}${path}`),
    company: (companyId) => {
      if (!isProcoreId(companyId)) throw new InvalidCompanyIdError();
      return companyClient(dependencies, companyId, { reads, reading, listing });
    },
  };
}

type Reading = (path: string, options?: Unread<ReadOptions>, companyId?: string) => Promise<ApiAnswer>;
type Listing = (
  path: string,
  options?: Unread<ReadListOptions>,
  companyId?: string,
) => AsyncGenerator<ExactJson, void, undefined>;

/** Options without what is done with the answer. */
type Unread<Options> = Omit<Options, 'schema'>;

/** Gives an answer as it came, or what the schema makes of it. */
async function checkedAnswer<Schema extends StandardSchema>(
  reading: Promise<ApiAnswer>,
  schema: Schema | undefined,
  url: string,
): Promise<ApiAnswer<OutputOf<Schema>>> {
  const answer = await reading;
  // Without a schema the type says that the body is as it came.
  if (schema === undefined) return answer as ApiAnswer<OutputOf<Schema>>;
  return { ...answer, body: await checked(answer.body, schema, `The answer to ${placeOf(url)}`) };
}

function checkedList<Schema extends StandardSchema>(
  listing: AsyncGenerator<ExactJson, void, undefined>,
  schema: Schema | undefined,
  url: string,
): AsyncGenerator<OutputOf<Schema>, void, undefined> {
  return schema === undefined
    ? (listing as AsyncGenerator<OutputOf<Schema>, void, undefined>)
    : checkedRecords(listing, schema, url);
}

/** How a client reads. */
interface Reads {
  readonly reads: SharedReads;
  readonly reading: Reading;
  readonly listing: Listing;
}

function companyClient<E extends ProcoreEnvironmentName>(
  dependencies: CallDependencies<E>,
  companyId: string,
  { reads, reading, listing }: Reads,
): CompanyClient<E> {
  const listingOfCompany: Listing = (path, options) => listing(path, options, companyId);
  const urlOf = (path: string) => `${dependencies.origin}${path}`;
  const writing = companyWriting(dependencies, companyId, { reads, listing: listingOfCompany });
  return {
    environment: dependencies.environment,
    companyId,
    get: (path, options) => checkedAnswer(reading(path, options, companyId), options?.schema, urlOf(path)),
    post: (path, body, options) => writing('POST', path, body, options),
    patch: (path, body, options) => writing('PATCH', path, body, options),
    put: (path, body, options) => writing('PUT', path, body, options),
    delete: (path, options) => writing('DELETE', path, undefined, options),
    list: (path, options) => checkedList(listingOfCompany(path, options), options?.schema, urlOf(path)),
    listChanged: (path, since, until, { onFilterIgnored, query, schema, ...options } = {}) => {
      const filtered = { ...query, 'filters[updated_at]': timeRange(since, until) };
      const changed = changedSince(listingOfCompany(path, { ...options, query: filtered }), since, () => {
        dependencies.observer.note('list.filter_ignored', { companyId, path: pathOf(urlOf(path)) });
        onFilterIgnored?.();
      });
      return checkedList(changed, schema, urlOf(path));
    },
    sync: (path, updates, options = {}) => {
      // Every other sync action is a PATCH of `updates`.
      const [method, name] = path.endsWith('/budget_line_items/sync')
        ? (['POST', 'budget_line_items'] as const)
        : (['PATCH', 'updates'] as const);
      return syncInChunks(updates, options, name, async (body) => (await writing(method, path, body)).body);
    },
  };
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
