import type { ProcoreOrigins } from './environment.ts';
import { type ExactJson, exactId, isJsonObject, parseExactJson } from './exact-json.ts';
import { readLinks } from './paging.ts';
import { requireSecureOrigin } from './secure-origin.ts';

/** A company that the account of an access token sees; the id is exact whatever its size. */
export interface Company {
  readonly id: string;
  readonly name: string;
}

/** All companies, never a part of them; `unavailable` when Procore did not give every page. */
export type CompaniesOutcome =
  | { readonly outcome: 'companies'; readonly companies: readonly Company[] }
  /** The status is there when Procore answered with a refusal. */
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
   * A company in which the app is installed. A service account has to name one even here.
   *
   * @default no header, as for a person's token
   */
  readonly companyId?: string;
}

/** Procore's safe page size: some endpoints refuse more. */
const pageSize = 100;
/** Nobody can choose among more than 2,000 companies on a page. */
const mostPages = 20;

/**
 * Lists the companies that an access token sees: every page of `GET /rest/v1.0/companies`. For a person's token this is
 * one of the two endpoints that need no company header.
 *
 * @returns the companies in Procore's order; `unavailable` when Procore or the network fails
 * @throws InsecureOriginError when the API origin is neither https nor loopback
 * @see [Pagination](https://developers.procore.com/documentation/pagination)
 */
export async function listCompanies(props: ListCompaniesProps, accessToken: string): Promise<CompaniesOutcome> {
  const { origin } = requireSecureOrigin(props.origins.apiOrigin);
  const signal = AbortSignal.timeout(props.timeoutMs ?? 10_000);
  const companies: Company[] = [];
  for (let page = 1; page <= mostPages; page++) {
    const answer = await askForPage(props.fetch, `${origin}/rest/v1.0/companies?page=${page}&per_page=${pageSize}`, {
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${accessToken}`,
        ...(props.companyId !== undefined && { 'procore-company-id': props.companyId }),
      },
      redirect: 'manual',
      signal,
    });
    if (answer === undefined) return { outcome: 'unavailable' };
    if ('status' in answer) return { outcome: 'unavailable', status: answer.status };
    companies.push(...answer.companies);
    if (!answer.hasNext) return { outcome: 'companies', companies };
  }
  return { outcome: 'unavailable' };
}

async function askForPage(ask: typeof fetch, url: string, init: RequestInit) {
  try {
    const response = await ask(url, init);
    if (response.status !== 200) return { status: response.status };
    const companies = readCompanies(parseExactJson(await response.text()));
    // The link only says that there is a next page. Its host and query are not followed: the token would go along.
    return companies && { companies, hasNext: readLinks(response.headers).has('next') };
  } catch {
    return undefined;
  }
}

function readCompanies(body: ExactJson): Company[] | undefined {
  if (!Array.isArray(body)) return undefined;
  const companies: Company[] = [];
  for (const item of body as readonly ExactJson[]) {
    if (!isJsonObject(item)) return undefined;
    const id = exactId(item.id);
    if (id === undefined) return undefined;
    companies.push({ id, name: typeof item.name === 'string' && item.name !== '' ? item.name : `Company ${id}` });
  }
  return companies;
}
