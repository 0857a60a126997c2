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

/** Values of a query. A list is written as several parameters. Give ids as strings. */
export type Query = Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined>>;

/** Options for reading a list. */
export interface ListOptions {
  readonly query?: Query;
  /** Items on a page. @default 1,000 for v1's lists outside of projects, else 100 */
  readonly perPage?: number;
  /**
   * How many pages are asked for before they are needed, if the answer tells how many there are.
   *
   * @default 8
   */
  readonly readAhead?: number;
  /**
   * A list with more pages than this is an error: its paging goes round in a circle.
   *
   * @default 100000
   */
  readonly mostPages?: number;
  /** @default `page`, except for the few paths that are known to page in another way */
  readonly paging?: PagingStyle;
}

/** What {@link readList} needs. */
export interface ListProps extends ListOptions {
  readonly path: string;
  /** Makes one call. */
  readonly get: (pathAndQuery: string) => Promise<ApiAnswer>;
}

/**
 * Reads a whole list, page by page, in order. The next pages are asked for while the caller works on the ones before.
 *
 * Memory holds only the pages that were asked for ahead. When a list changes while it is read, an item can move across
 * the edge of a page. If the count shows that, it is an error; if it does not, nobody notices.
 *
 * @throws TruncatedListError when fewer items came than Procore counted
 * @throws EndlessListError when there are more pages than `mostPages`
 * @throws NotAListError, and what `get` throws
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
    // The list may shrink while it is read. Then the smaller count has to be there.
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
    // Some endpoints allow less than their version does. No document says which; the refusal says how many.
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
    // The answer does not tell. A full page may have another one behind it; any other page is the last one, or all.
    if (following === 'unknown' && before.items.length !== perPage) return;
    const page = await ask(following === 'unknown' ? { page: number } : following);
    // An endpoint that does not page gives the same page for every number.
    if (page.items.length === 0 || (following === 'unknown' && isSame(page, before))) return;
    yield page;
    before = page;
  }
}

/** Gives pages 2 to `last` in order, and more if the list grows. Up to `readAhead` pages are under way at a time. */
async function* pagesAhead(last: number, readAhead: number, ask: Ask): AsyncGenerator<ListPage> {
  const under: Promise<ListPage>[] = [];
  let asked = 1;
  try {
    for (let given = 1; given < last; given++) {
      while (asked < last && under.length < Math.max(1, readAhead)) {
        const page = ask({ page: ++asked });
        // An earlier page may fail and end the list. Then nobody waits for this one.
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
  return readPage(answer, { path: props.path, style, page });
}

/**
 * Writes a path with a query. Brackets, as in `filters[updated_at]`, are encoded.
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
