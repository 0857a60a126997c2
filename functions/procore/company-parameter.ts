import { withQuery } from './listing.ts';

/**
 * The paths whose GET wants `company_id` in its query besides the company header.
 *
 * @see [PROCORE.md, section 5](../../lib/procore-stand-in/PROCORE.md#5-paging-and-incremental-reads)
 */
const wanting = [/^\/rest\/v1\.0\/projects$/, /^\/rest\/v1\.0\/projects\/\d+$/];

/**
 * Adds `company_id` to the query of a GET that wants it, unless the caller gave one.
 *
 * A path that is not known to want it is left alone: elsewhere the same parameter can be a filter.
 *
 * @param pathAndQuery e.g. `/rest/v1.0/projects?page=2`
 * @returns e.g. `/rest/v1.0/projects?page=2&company_id=5358233`
 */
export function withCompanyId(pathAndQuery: string, companyId: string | undefined): string {
  const [path = '', query] = pathAndQuery.split('?', 2);
  if (companyId === undefined || !wanting.some((known) => known.test(path))) return pathAndQuery;
  return new URLSearchParams(query).has('company_id')
    ? pathAndQuery
    : withQuery(pathAndQuery, { company_id: companyId });
}
