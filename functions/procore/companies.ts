import type { ProcoreOrigins } from './environment.ts';
import { type ExactJson, exactId, isJsonObject, parseExactJson } from './exact-json.ts';
import { type ListProps, readPages } from './listing.ts';
import type { PageRefusal } from './page-size.ts';
import { EndlessListError, NotAListError } from './paging.ts';
import { requireSecureOrigin } from './secure-origin.ts';

/** A company that the account of an access token sees; the id is exact whatever its size. */
export interface Company {
  readonly id: string;
  readonly name: string;
}

/** What came of a list of companies. A part of the list is never passed off as all of it. */
export type CompaniesOutcome =
  /** All companies; if one was looked for, those up to the page that has it, at most {@link mostCompanies} and that one. */
  | { readonly outcome: 'companies'; readonly companies: readonly Company[] }
  /** There are more than {@link mostCompanies}, and the one that was looked for, if any, did not come in time. */
  | { readonly outcome: 'too_many' }
  /** Procore did not give every page. The status is there when Procore answered with a refusal. */
  | { readonly outcome: 'unavailable'; readonly status?: number };

/** What {@link listCompanies} needs. */
export interface ListCompaniesProps {
  readonly origins: ProcoreOrigins;
  readonly fetch: typeof fetch;
  /**
   * How long all pages together may take.
   *
   * @default 10000 (milliseconds)
   */
  readonly timeoutMs?: number;
  /**
   * A company in which the app is installed. A service account has to name one even here. Reading stops when it is found.
   *
   * @default no header, as for a person's token, and all companies are read
   */
  readonly companyId?: string;
}

/** Procore's safe page size: some endpoints refuse more. */
const pageSize = 100;
/** Nobody can choose among more companies than this on a page. */
export const mostCompanies = 2000;
const path = '/rest/v1.0/companies';

/**
 * Lists the companies that an access token sees: `GET /rest/v1.0/companies`, read as every list is. For a person's token
 * this is one of the two endpoints that need no company header.
 *
 * @returns the companies in Procore's order; `unavailable` when Procore or the network fails
 * @throws InsecureOriginError when the API origin is neither https nor loopback
 * @see [Pagination](https://developers.procore.com/documentation/pagination)
 */
export async function listCompanies(props: ListCompaniesProps, accessToken: string): Promise<CompaniesOutcome> {
  const { companyId } = props;
  const get = companiesCall(props, accessToken);
  const companies: Company[] = [];
  let seen = 0;
  try {
    for await (const page of readPages({ path, perPage: pageSize, get, refusalOf })) {
      const read = page.map(readCompany);
      seen += read.length;
      companies.push(...read.slice(0, Math.max(0, mostCompanies - companies.length)));
      const found = companyId === undefined ? undefined : read.find(({ id }) => id === companyId);
      if (found !== undefined) return { outcome: 'companies', companies: [...new Set([...companies, found])] };
      if (companyId === undefined && seen > mostCompanies) return { outcome: 'too_many' };
    }
    return { outcome: 'companies', companies };
  } catch (error) {
    if (seen > mostCompanies || error instanceof EndlessListError) return { outcome: 'too_many' };
    return { outcome: 'unavailable', ...(error instanceof CompaniesRefusal && { status: error.status }) };
  }
}

/** What {@link findCompanies} needs. */
export interface FindCompaniesProps extends Pick<ListCompaniesProps, 'origins' | 'fetch'> {
  /** Tells which companies are looked for. */
  readonly isWanted: (company: Company) => boolean;
  /** How many are enough. */
  readonly most: number;
  /** How long all pages together may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** What came of a search. */
export interface FoundCompanies {
  readonly companies: readonly Company[];
  /** False when there may be more: enough were found, time ran out, or Procore gave no further page. */
  readonly isComplete: boolean;
}

/**
 * Looks through the companies that a person's access token sees, however many those are: Procore documents no search.
 *
 * @returns those that are wanted, as far as they were found
 * @throws InsecureOriginError when the API origin is neither https nor loopback
 */
export async function findCompanies(props: FindCompaniesProps, accessToken: string): Promise<FoundCompanies> {
  const get = companiesCall(props, accessToken);
  const companies: Company[] = [];
  try {
    for await (const page of readPages({ path, perPage: pageSize, get, refusalOf })) {
      companies.push(...page.map(readCompany).filter(props.isWanted));
      if (companies.length > props.most) return { companies: companies.slice(0, props.most), isComplete: false };
    }
    return { companies, isComplete: true };
  } catch {
    return { companies, isComplete: false };
  }
}

class CompaniesRefusal extends Error {
  readonly status: number;
  readonly text: string;
  constructor({ status, text }: PageRefusal) {
    super();
    this.status = status;
    this.text = text;
  }
}

const refusalOf = (error: unknown) => (error instanceof CompaniesRefusal ? error : undefined);

function companiesCall(
  props: Pick<ListCompaniesProps, 'origins' | 'fetch' | 'timeoutMs' | 'companyId'>,
  accessToken: string,
): ListProps['get'] {
  const { origin } = requireSecureOrigin(props.origins.apiOrigin);
  const signal = AbortSignal.timeout(props.timeoutMs ?? 10_000);
  const headers = {
    accept: 'application/json',
    authorization: `Bearer ${accessToken}`,
    ...(props.companyId !== undefined && { 'procore-company-id': props.companyId }),
  };
  return async (pathAndQuery) => {
    const response = await props.fetch(`${origin}${pathAndQuery}`, { headers, redirect: 'manual', signal });
    const text = await response.text();
    if (response.status !== 200) throw new CompaniesRefusal({ status: response.status, text });
    return { headers: response.headers, body: parseExactJson(text) };
  };
}

function readCompany(item: ExactJson): Company {
  const { id: given, name } = isJsonObject(item) ? item : {};
  const id = exactId(given);
  if (id === undefined) throw new NotAListError(path);
  return { id, name: typeof name === 'string' && name !== '' ? name : `Company ${id}` };
}
