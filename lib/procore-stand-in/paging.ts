/** One page of a list, or why there is none. */
export type PageOutcome<T> =
  | { readonly items: readonly T[]; readonly headers: Readonly<Record<string, string>> }
  | { readonly refused: string; readonly property: 'page' | 'per_page' };

/** How an endpoint pages. */
export interface PagingRules {
  readonly defaultPerPage: number;
  readonly maxPerPage: number;
  /** Whether Link URLs repeat the other query parameters. */
  readonly linkKeepsFilters: boolean;
  /** Whether a list of one page has a Link header. */
  readonly singlePageHasLink: boolean;
}

/**
 * Cuts the page out of a list that the query asks for, with the headers Link, Total and Per-PageOutcome.
 *
 * @param url the request's URL, on the origin that the Link header names
 * @see [PROCORE.md, section 5](PROCORE.md#5-paging-and-incremental-reads): next is omitted on the last page
 */
export function cutPage<T>(list: readonly T[], url: URL, rules: PagingRules): PageOutcome<T> {
  const page = readCount(url.searchParams.get('page'), 1);
  const perPage = readCount(url.searchParams.get('per_page'), rules.defaultPerPage);
  if (page === undefined) return { refused: 'Invalid page', property: 'page' };
  if (perPage === undefined) return { refused: 'Invalid per_page', property: 'per_page' };
  if (perPage > rules.maxPerPage) {
    const refused = `Invalid per_page of ${perPage}, exceeding max per_page of ${rules.maxPerPage}`;
    return { refused, property: 'per_page' };
  }

  const last = Math.max(1, Math.ceil(list.length / perPage));
  const linkTo = (target: number, relation: string): string => {
    const parameters = new URLSearchParams(rules.linkKeepsFilters ? url.searchParams : undefined);
    parameters.set('page', String(target));
    parameters.set('per_page', String(perPage));
    return `<${url.origin}${url.pathname}?${parameters}>; rel="${relation}"`;
  };
  const links = [
    linkTo(1, 'first'),
    ...(page > 1 ? [linkTo(Math.min(page - 1, last), 'prev')] : []),
    linkTo(last, 'last'),
    ...(page < last ? [linkTo(page + 1, 'next')] : []),
  ];
  return {
    items: list.slice((page - 1) * perPage, page * perPage),
    headers: {
      ...((last > 1 || rules.singlePageHasLink) && { link: links.join(', ') }),
      total: String(list.length),
      'per-page': String(perPage),
    },
  };
}

function readCount(text: string | null, otherwise: number): number | undefined {
  if (text === null) return otherwise;
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
