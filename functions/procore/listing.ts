import { type ExactJson, exactId, isJsonObject } from './exact-json.ts';
import { type ListCount, listCount } from './list-count.ts';
import { pageMemory } from './page-memory.ts';
import { type PageRefusal, perPageOf, smallerPerPage } from './page-size.ts';
import {
  EndlessListError,
  isByLastId,
  type ListPage,
  type PagePosition,
  type PagingStyle,
  pagingQuery,
  pagingStyleOf,
  readPage,
  TruncatedListError,
} from './paging.ts';
import type { ApiAnswer } from './send-call.ts';

/** Values of a query. A list of values is written as Procore reads it, `name[]` once for each. Give ids as strings. */
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

/** Options for reading what changed in a list. */
export interface ChangedListOptions extends ListOptions {
  /**
   * Called once when the list turns out to ignore `filters[updated_at]`. What is too old is left out in any case.
   *
   * @default only the log says so
   */
  readonly onFilterIgnored?: () => void;
}

/** What {@link readList} needs. */
export interface ListProps extends ListOptions {
  readonly path: string;
  /** Makes one call. */
  readonly get: (pathAndQuery: string) => Promise<Pick<ApiAnswer, 'headers' | 'body'> & { readonly status?: number }>;
  /** What Procore answered, if `get` failed with a refusal. */
  readonly refusalOf: (error: unknown) => PageRefusal | undefined;
}

/**
 * Reads a whole list, record by record, in order. See {@link readPages}.
 *
 * @throws what readPages throws
 */
export async function* readList(props: ListProps): AsyncGenerator<ExactJson, void, undefined> {
  for await (const page of readPages(props)) yield* page;
}

/**
 * Reads a whole list, page by page, in order. It reads until Procore's count is reached, a page is empty, or the page
 * before comes again as a whole and names no later one. A list that tells nothing is asked once more, because a short page
 * can also be the server's own page size. So at most one call goes beyond the end, and two of a list that does not page
 * and names later pages all the same.
 *
 * Memory holds the pages that were asked for ahead, and the ids of the last records. A record that comes again is left
 * out.
 *
 * @returns the records of each page that did not come before
 * @throws TruncatedListError when fewer records came than Procore counted, also when records were removed meanwhile; and
 *   when an answer says that there are more in a way that leads nowhere
 * @throws EndlessListError when there are more pages than `mostPages`
 * @throws NotAListError, and what `get` throws
 */
export async function* readPages(props: ListProps): AsyncGenerator<readonly ExactJson[], void, undefined> {
  const { mostPages = 100_000, readAhead = 8 } = props;
  // Errors name the path alone: its query may hold what a customer typed.
  const [path = ''] = props.path.split('?');
  const style = props.paging ?? pagingStyleOf(path);
  const { page: first, perPage } = await askForFirst(props, style);
  let calls = 1;
  const ahead = askAhead(readAhead, async (position) => {
    calls += 1;
    if (calls > mostPages) throw new EndlessListError(path, mostPages);
    return askForPage(props, style, position, perPage);
  });
  const take = pageMemory();
  const count = listCount();
  let page: ListPage | undefined = first;
  let number = 1;
  let repeated = 0;
  let asked: PagePosition = { page: 1 };
  const cursors = new Set<string>();
  // A first page that holds less than was asked for, and not all, shows the server's own size.
  const size = (first.total ?? 0) > first.items.length ? first.items.length : perPage;
  let isGone = false;
  try {
    while (page !== undefined) {
      const { fresh, repeats, empty } = take(page.items);
      repeated = repeats ? repeated + 1 : 0;
      count.add(page.items.length, { fresh: fresh.length, empty }, page.total);
      if (fresh.length > 0) yield fresh;
      const full = number > 1 ? Math.min(perPage, first.items.length) : perPage;
      const position: PagePosition | undefined = isOver(page, repeated)
        ? undefined
        : positionAfter(page, { style, number, full, asked }, count);
      if (position === undefined || isKnown(position, cursors)) {
        const isCounted = count.isKnown && count.rows >= count.required;
        if (!isCounted && isPromised(page, { asked, repeats })) throw new TruncatedListError(path, count.received);
        break;
      }
      asked = position;
      number = 'page' in position ? position.page : number + 1;
      const isGuess = page.next === 'none' || page.next === 'unknown';
      // The server may have its own page size, so the first page tells it. More than that is not asked for ahead.
      page = await ahead.take(position, Math.ceil(count.latest / first.items.length)).catch((error: unknown) => {
        if (!isGuess || !isBeyondEnd(props.refusalOf(error))) throw error;
        // Where rows are no records, their number does not tell the server's size.
        isGone = (number - 1) * size < count.latest || count.rows > count.received;
        return undefined;
      });
    }
  } finally {
    await ahead.settled();
  }
  // A page that comes again is an end only if nothing is missing: perhaps as many records were inserted before it. So is one
  // that is gone, although the last count had records on it: these, or earlier ones, were removed.
  const required = repeated || isGone ? Math.max(count.required, count.latest) : count.required;
  if ((isGone ? count.received : count.rows) < required) throw new TruncatedListError(path, count.received, required);
}

/**
 * Tells whether the list is over, whatever its count. A page that comes again is the end, unless its answer names a later
 * one: then as many records may have been inserted before it as a page has. If the next one is the same again, the list
 * does not page. A page by cursor can be empty where the account may see none of its records.
 *
 * @param repeated how many times in a row the page before has come again
 */
function isOver({ items, next, hasNext }: ListPage, repeated: number): boolean {
  const isHidden = hasNext && typeof next === 'object' && 'cursor' in next;
  if (items.length === 0) return !isHidden;
  return repeated > Number(typeof next === 'object' && 'page' in next);
}

/** Tells whether a cursor was used before, so that the list would begin again. */
function isKnown(position: PagePosition, cursors: Set<string>): boolean {
  if (!('cursor' in position)) return false;
  return cursors.has(position.cursor) || !cursors.add(position.cursor);
}

/**
 * Tells whether a page says that there are more, in a way that cannot be a habit: lists that do not page can have links to
 * pages all the same, and the last page can repeat the cursor that it was asked for with.
 *
 * @param repeats whether it has the records of the page before
 */
export function isPromised(
  { items, next, hasNext }: ListPage,
  { asked, repeats }: { readonly asked: PagePosition; readonly repeats: boolean },
): boolean {
  const isCursor = typeof next === 'object' && 'cursor' in next;
  if (items.length === 0) return hasNext === true && isCursor;
  const isEcho = isCursor && 'cursor' in asked && asked.cursor === next.cursor;
  return next === 'more' || (isCursor && !(isEcho && !repeats && hasNext === undefined));
}

/** Tells a page behind the last one, which some servers refuse instead of giving an empty one. */
export function isBeyondEnd(refusal: PageRefusal | undefined): boolean {
  if (refusal?.status === 404) return true;
  return refusal !== undefined && [400, 416, 422].includes(refusal.status) && /page/i.test(refusal.text);
}

async function askForFirst(props: ListProps, style: PagingStyle): Promise<{ page: ListPage; perPage: number }> {
  for (let perPage = props.perPage ?? perPageOf(props.path); ; ) {
    try {
      return { page: await askForPage(props, style, { page: 1 }, perPage), perPage };
    } catch (error) {
      const refusal = props.refusalOf(error);
      const smaller = refusal && smallerPerPage(refusal, perPage);
      if (smaller === undefined) throw error;
      perPage = smaller;
    }
  }
}

/**
 * Tells where the page behind a page is.
 *
 * @param full how many records a full page has; `number` says which page it is, from 1, and `asked` where it was
 * @param count how many records came, this page's too, of how many
 * @returns undefined when the list has ended
 */
export function positionAfter(
  { next, items, perPage: told }: ListPage,
  { style, number, full, asked }: { style: PagingStyle; number: number; full: number; asked: PagePosition },
  count: Pick<ListCount, 'isKnown' | 'latest' | 'received'>,
): PagePosition | undefined {
  if (typeof next === 'object')
    return 'cursor' in next && 'cursor' in asked && next.cursor === asked.cursor ? undefined : next;
  const last = items.findLast((item) => isJsonObject(item) && exactId(item.id) !== undefined);
  const lastId = isJsonObject(last) ? exactId(last.id) : undefined;
  // A list that was read on by the answers' cursors knows no numbers: it would begin again.
  const byNumber = 'page' in asked ? { page: number + 1 } : undefined;
  const own = isByLastId(style) ? lastId && { cursor: lastId } : byNumber;
  if (own === '' || own === undefined) return undefined;
  // A count goes before a link: the link can be wrong, and if the count is, the list ends with an error.
  if (next === 'more' || count.received < count.latest) return own;
  if (count.isKnown || style === 'none') return undefined;
  // Of a full page without a cursor nobody knows whether it is the last one.
  if (style === 'cursor') return items.length >= Math.min(full, told ?? full) ? own : undefined;
  // A full page that calls itself the last one is asked about: that costs a call, a page that is missed cannot be seen.
  if (next === 'none') return items.length >= Math.min(full, told ?? full) ? own : undefined;
  return own;
}

/** Asks for pages before they are needed. */
function askAhead(most: number, ask: (position: PagePosition) => Promise<ListPage>) {
  const under = new Map<number, Promise<ListPage>>();
  return {
    /** @param last the last page that there certainly is */
    take(position: PagePosition, last: number): Promise<ListPage> {
      if ('cursor' in position) return ask(position);
      const wanted = position.page;
      for (let page = wanted; page <= last && page < wanted + Math.max(1, most); page++) {
        if (under.has(page)) continue;
        const asked = ask({ page });
        // An earlier page may fail and end the list. Then nobody waits for this one.
        asked.catch(() => undefined);
        under.set(page, asked);
      }
      const page = under.get(wanted) ?? ask(position);
      under.delete(wanted);
      return page;
    },
    settled: () => Promise.allSettled(under.values()),
  };
}

/**
 * Asks for one page of a list.
 *
 * @throws NotAListError, and what `get` throws
 */
export async function askForPage(
  props: Pick<ListProps, 'path' | 'query' | 'get'>,
  style: PagingStyle,
  position: PagePosition,
  perPage: number,
): Promise<ListPage> {
  const paging = pagingQuery(style, position, perPage);
  const answer = await props.get(withQuery(without(props.path, Object.keys(paging)), { ...props.query, ...paging }));
  const [path = ''] = props.path.split('?');
  return readPage(answer, { path, style, asked: position });
}

/** Takes parameters out of the query in a path: of two of the same name some servers take the first, and it is always the same page. */
function without(pathAndQuery: string, names: readonly string[]): string {
  const [path = '', query] = pathAndQuery.split(/\?(.*)/s, 2);
  const parameters = query?.split('&') ?? [];
  const kept = parameters.filter((one) => !names.includes(one.split('=')[0] ?? ''));
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

/**
 * Writes a path with a query. Brackets, as in `filters[updated_at]`, are encoded. The name of a list of values ends in
 * `[]`: of a name that comes several times without it Procore takes the last value only.
 *
 * @returns e.g. `/rest/v1.0/projects?company_id=1&page=2`
 * @see [PROCORE.md, section 5](../../lib/procore-stand-in/PROCORE.md#5-paging-and-incremental-reads)
 */
export function withQuery(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const isList = Array.isArray(value);
    const written = isList && !name.endsWith('[]') ? `${name}[]` : name;
    for (const one of isList ? value : [value]) if (one !== undefined) parameters.append(written, String(one));
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${text}`;
}
