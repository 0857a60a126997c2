/** One page of a list, or why there is none. */
export type PageOutcome<T> =
  | { readonly items: readonly T[]; readonly headers: Readonly<Record<string, string>>; readonly hasNext: boolean }
  | { readonly refused: string; readonly property: 'page' | 'per_page' };

/** How a list pages, in what no document promises. */
export interface PagingStyle {
  /** Whether it pages at all, or gives the whole list on every page. */
  readonly pages: boolean;
  /** Which of the headers `Link` and `Total` it sends; `Per-Page` comes with either. */
  readonly headers: 'link-and-total' | 'link' | 'total' | 'none';
  /** Where Link URLs lead: to the origin that was asked, to it by the other scheme, to another host, or nowhere but a path. */
  readonly linkOrigin: 'asked' | 'other-scheme' | 'other-host' | 'relative';
  /** Whether Link URLs repeat the other query parameters. */
  readonly linkKeepsFilters: boolean;
  /** Whether a list of one page has a Link header. */
  readonly singlePageHasLink: boolean;
  /** What becomes of a per_page above the greatest: refused with a text, or taken for the greatest without a word. */
  readonly greaterPerPage: 'refused' | 'capped';
  /** The text of such a refusal. `{asked}` and `{max}` stand for the numbers. */
  readonly refusal: string;
}

/** How an endpoint pages. */
export interface PagingRules extends PagingStyle {
  readonly defaultPerPage: number;
  readonly maxPerPage: number;
}

/** Another host of the same API, as a gateway behind the one that was asked knows it. */
const otherHost = 'http://api-gateway.internal:8080';

/**
 * Cuts the page out of a list that the query asks for, with the headers Link, Total and Per-Page.
 *
 * @param url the request's URL, on the origin that was asked
 * @see [PROCORE.md, section 5](PROCORE.md#5-paging-and-incremental-reads): next is omitted on the last page
 */
export function cutPage<T>(list: readonly T[], url: URL, rules: PagingRules): PageOutcome<T> {
  const { searchParams } = url;
  const total = { total: String(list.length) };
  if (!rules.pages) {
    const sendsTotal = rules.headers === 'total' || rules.headers === 'link-and-total';
    return { items: list, headers: sendsTotal ? total : {}, hasNext: false };
  }
  const page = readCount(searchParams.get('page'), 1);
  const asked = readCount(searchParams.get('per_page'), rules.defaultPerPage);
  if (page === undefined) return { refused: 'Invalid page', property: 'page' };
  if (asked === undefined) return { refused: 'Invalid per_page', property: 'per_page' };
  if (asked > rules.maxPerPage && rules.greaterPerPage === 'refused') {
    const refused = rules.refusal.replace('{asked}', String(asked)).replace('{max}', String(rules.maxPerPage));
    return { refused, property: 'per_page' };
  }

  const perPage = Math.min(asked, rules.maxPerPage);
  const last = Math.max(1, Math.ceil(list.length / perPage));
  const link = (last > 1 || rules.singlePageHasLink) && { link: writeLinks({ page, perPage, last }, url, rules) };
  const sent = { 'link-and-total': { ...link, ...total }, link, total, none: undefined }[rules.headers];
  return {
    items: list.slice((page - 1) * perPage, page * perPage),
    headers: sent === undefined ? {} : { ...sent, 'per-page': String(perPage) },
    hasNext: page < last,
  };
}

function writeLinks(
  { page, perPage, last }: { readonly page: number; readonly perPage: number; readonly last: number },
  url: URL,
  rules: PagingStyle,
): string {
  const { protocol, host, origin, pathname, searchParams } = url;
  const start = {
    asked: origin,
    'other-scheme': `${protocol === 'https:' ? 'http' : 'https'}://${host}`,
    'other-host': otherHost,
    relative: '',
  }[rules.linkOrigin];
  const linkTo = (target: number, relation: string): string => {
    const parameters = new URLSearchParams(rules.linkKeepsFilters ? searchParams : undefined);
    parameters.set('page', String(target));
    parameters.set('per_page', String(perPage));
    return `<${start}${pathname}?${parameters}>; rel="${relation}"`;
  };
  return [
    linkTo(1, 'first'),
    ...(page > 1 ? [linkTo(Math.min(page - 1, last), 'prev')] : []),
    linkTo(last, 'last'),
    ...(page < last ? [linkTo(page + 1, 'next')] : []),
  ].join(', ');
}

function readCount(text: string | null, otherwise: number): number | undefined {
  if (text === null) return otherwise;
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
