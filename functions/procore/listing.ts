import { ProcoreApiError } from './api-error.ts';
import type { ExactJson } from './exact-json.ts';
import {
  allowedPerPage,
  EndlessListError,
  type ListPage,
  type PagingStyle,
  pagingStyleOf,
  perPageOf,
  readPage,
  TruncatedListError,
} from './paging.ts';
import type { ApiAnswer } from './send-call.ts';

/** Values of a query; a list is written as several parameters. Ids as strings. */
export type Query = Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined>>;

/** How a list is read. */
export interface ListOptions {
  readonly query?: Query;
  /** @default what the path's version allows: 100, or 1,000 for v1's own lists */
  readonly perPage?: number;
  /**
   * How many pages are asked for before they are needed, where the answer tells how many there are.
   *
   * @default 8
   */
  readonly readAhead?: number;
  /**
   * A list of more pages is an error: its paging goes round in a circle.
   *
   * @default 100000
   */
  readonly mostPages?: number;
  /** @default by the path: `page`, but for the few endpoints that are known to page otherwise */
  readonly paging?: PagingStyle;
}

/** What {@link readList} needs. */
export interface ListProps extends ListOptions {
  readonly path: string;
  readonly origin: string;
  /** Makes one call; paces itself by the rate budget. */
  readonly get: (pathAndQuery: string) => Promise<ApiAnswer>;
}

/**
 * Reads a whole list, page by page, in order; pages are asked for ahead while those before them are worked on.
 *
 * Memory holds the pages asked for ahead and no more. A list that changes while it is read may move an item across a
 * page's edge: what the count shows is an error, what it cannot show is not known.
 *
 * @throws TruncatedListError when fewer items came than Procore counted
 * @throws EndlessListError when there are more pages than `mostPages`
 * @throws NotAListError, ForeignLinkError, and what `get` throws
 */
export async function* readList(props: ListProps): AsyncGenerator<ExactJson, void, undefined> {
  const { path, mostPages = 100_000, readAhead = 8 } = props;
  const { page: first, perPage } = await askForFirst(props);
  let pages = 1;
  const ask: Ask = async (position) => {
    pages += 1;
    if (pages > mostPages) throw new EndlessListError(path, mostPages);
    return askForPage(props, position, perPage);
  };
  let received = 0;
  let total = first.total;
  for await (const page of pagesFrom(first, perPage, readAhead, ask)) {
    received += page.items.length;
    // Of a list that shrinks while it is read, the smaller count is the one that must be there.
    if (page.total !== undefined && total !== undefined) total = Math.min(total, page.total);
    yield* page.items;
  }
  if (total !== undefined && received < total) throw new TruncatedListError(path, received, total);
}

type Position = { readonly page: number } | { readonly cursor: string };
type Ask = (position: Position) => Promise<ListPage>;

async function askForFirst(props: ListProps): Promise<{ page: ListPage; perPage: number }> {
  const perPage = props.perPage ?? perPageOf(props.path);
  try {
    return { page: await askForPage(props, { page: 1 }, perPage), perPage };
  } catch (error) {
    // Which endpoints allow less than their version does is documented nowhere; the refusal tells.
    const allowed =
      error instanceof ProcoreApiError && error.code === 'page_too_large'
        ? allowedPerPage(error.diagnosis.said)
        : undefined;
    if (allowed === undefined || allowed >= perPage) throw error;
    return { page: await askForPage(props, { page: 1 }, allowed), perPage: allowed };
  }
}

async function* pagesFrom(first: ListPage, perPage: number, readAhead: number, ask: Ask): AsyncGenerator<ListPage> {
  yield first;
  const { total, next } = first;
  const size = first.perPage ?? perPage;
  if (total !== undefined && next !== 'none' && next !== 'unknown' && 'page' in next) {
    yield* pagesAhead(Math.ceil(total / size), readAhead, ask);
    return;
  }
  let before = first;
  for (let number = 2; ; number++) {
    const { next: following } = before;
    if (following === 'none') return;
    // Without a word about it, a full page may have another behind it, and any other is the last, or the whole list.
    if (following === 'unknown' && before.items.length !== perPage) return;
    const page = await ask(following === 'unknown' ? { page: number } : following);
    // An endpoint that does not page gives the same page for every number.
    if (page.items.length === 0 || (following === 'unknown' && isSame(page, before))) return;
    yield page;
    before = page;
  }
}

/** Gives pages 2 to `last` in order, up to `readAhead` of them on their way at a time; further ones while there are. */
async function* pagesAhead(last: number, readAhead: number, ask: Ask): AsyncGenerator<ListPage> {
  const under: Promise<ListPage>[] = [];
  let asked = 1;
  try {
    for (let given = 1; given < last; given++) {
      while (asked < last && under.length < Math.max(1, readAhead)) {
        const page = ask({ page: ++asked });
        // Somebody else's failure may end the list before this one is waited for.
        page.catch(() => undefined);
        under.push(page);
      }
      const page = await under.shift();
      if (page === undefined) return;
      yield page;
      // The list has grown while it was read.
      if (given + 1 === last && page.next !== 'none' && page.next !== 'unknown' && 'page' in page.next) last += 1;
    }
  } finally {
    await Promise.allSettled(under);
  }
}

async function askForPage(props: ListProps, position: Position, perPage: number): Promise<ListPage> {
  const style = props.paging ?? pagingStyleOf(props.path);
  const paging: Query =
    style === 'page_start'
      ? { page_size: perPage, ...('cursor' in position && { page_start: position.cursor }) }
      : 'cursor' in position
        ? { cursor: position.cursor, per_page: perPage }
        : { ...(style === 'page' && { page: position.page }), per_page: perPage };
  const answer = await props.get(withQuery(props.path, { ...props.query, ...paging }));
  const page = 'page' in position ? position.page : 1;
  return readPage(answer, { path: props.path, origin: props.origin, style, page });
}

/**
 * Writes a path with a query, as Procore reads it: brackets of `filters[updated_at]` included.
 *
 * @returns e.g. `/rest/v1.0/projects?company_id=1&page=2`
 */
export function withQuery(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${text}`;
}

function isSame(page: ListPage, before: ListPage): boolean {
  return JSON.stringify(page.items[0]) === JSON.stringify(before.items[0]);
}
