import { ProcoreApiError } from '../procore/api-error.ts';
import type { ApiPath, CompanyClient } from '../procore/client.ts';
import type { ExactJson, ExactJsonInput } from '../procore/exact-json.ts';

/** One call of Procore's API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From `/rest` on, without a query. */
  readonly path: ApiPath;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: ExactJsonInput;
}

/** A success, or a 404. */
export interface ApiAnswer {
  readonly status: number;
  /** undefined when the answer is empty. */
  readonly body: ExactJson | undefined;
  /** From the `Link` header; undefined when there was none. */
  readonly hasNext: boolean | undefined;
}

/**
 * Calls Procore's API as one connection and for one company, whose id it sends along. It waits and retries as Procore
 * asks; it throws for every failure but 404, which may be just what the caller wants to know.
 */
export type ApiCall = (request: ApiRequest) => Promise<ApiAnswer>;

/**
 * Makes calls by the API client's own means: tokens, retries, rate budget.
 *
 * @returns a function that throws ProcoreApiError, with cause and remedy, and what vending throws
 */
export function companyCalls(client: CompanyClient): ApiCall {
  return async (request) => {
    try {
      const { status, headers, body } = await send(client, request);
      const link = headers.get('link');
      // Only whether there is a next page: the link's host and query are not ours to trust with a token.
      const hasNext = link === null ? undefined : /;\s*rel="?next"?/i.test(link);
      return { status, body: body ?? undefined, hasNext };
    } catch (error) {
      if (error instanceof ProcoreApiError && error.status === 404) {
        return { status: 404, body: undefined, hasNext: undefined };
      }
      throw error;
    }
  };
}

function send(client: CompanyClient, { method, path, query, body = {} }: ApiRequest) {
  const options = query && { query };
  switch (method) {
    case 'GET':
      return client.get(path, options);
    case 'POST':
      return client.post(path, body, options);
    case 'PATCH':
      return client.patch(path, body, options);
    case 'DELETE':
      return client.delete(path, options);
  }
}
