import { ConnectorError } from '../connector-error.ts';
import { type ExactJson, type ExactJsonObject, isJsonObject } from './exact-json.ts';

/**
 * How a list is paged: by number, by a cursor in the answer, by the last id of the page before, or not at all. A list
 * that is said to have no pages is read on all the same when its answer tells of more.
 */
export type PagingStyle = 'page' | 'cursor' | 'page_start' | 'none';

/** Where a page of a list is. The first one is page 1 in every style. */
export type PagePosition = { readonly page: number } | { readonly cursor: string };

/** A page of a list, and what it tells about the list. */
export interface ListPage {
  readonly items: readonly ExactJson[];
  /** How many items the whole list has, if Procore says so. */
  readonly total?: number;
  /** How many items a page has, if Procore says so. */
  readonly perPage?: number;
  /** Where the next page is, that there is one or none, or that the answer does not tell. */
  readonly next: PagePosition | 'more' | 'none' | 'unknown';
}

/** The answer to a call for a list contains no list. */
export class NotAListError extends ConnectorError {
  override readonly name = 'NotAListError';
  readonly code = 'not_a_list';
  constructor(path: string) {
    super(`${path} answered with something other than a list. Read it with get() in place of list().`);
  }
}

/** Fewer items came than Procore counted: the list is not complete. */
export class TruncatedListError extends ConnectorError {
  override readonly name = 'TruncatedListError';
  readonly code = 'list_truncated';
  constructor(path: string, received: number, total: number) {
    super(
      `${path} gave ${received} items of ${total}: pages are missing, or records were deleted while the list ` +
        'was read. Read it again.',
    );
  }
}

/** A list has too many pages: its paging goes round in a circle. */
export class EndlessListError extends ConnectorError {
  override readonly name = 'EndlessListError';
  readonly code = 'list_endless';
  constructor(path: string, mostPages: number) {
    super(`${path} has more than ${mostPages} pages. Reading stopped there: the list does not seem to end.`);
  }
}

/**
 * Chooses how a list is paged, by its path.
 *
 * @returns `page` unless the path is known to page in another way
 * @see [PROCORE.md, section 3.6](../../lib/procore-stand-in/PROCORE.md#36-deliveries)
 * @see [PROCORE.md, section 5](../../lib/procore-stand-in/PROCORE.md#5-paging-and-incremental-reads)
 */
export function pagingStyleOf(path: string): PagingStyle {
  if (/^\/rest\/v1\.\d+\/webhooks\/hooks\/[^/]+\/deliveries$/.test(path)) return 'page_start';
  if (/\/workflows\/instances$/.test(path)) return 'cursor';
  if (/^\/rest\/v1\.0\/companies\/[^/]+\/projects$/.test(path)) return 'none';
  return 'page';
}

/**
 * Reads a page in any of Procore's styles. The items are the body itself or v2's `data`, where null means that there are
 * none. Links are not followed: only their page number or cursor is used, whatever scheme and host they have. So nothing
 * is ever sent to the host of a link.
 *
 * @param asked where the page is
 * @returns the page
 * @throws NotAListError
 */
export function readPage(
  { headers, body }: { readonly headers: Headers; readonly body: ExactJson },
  { path, style, asked }: { path: string; style: PagingStyle; asked: PagePosition },
): ListPage {
  const envelope = isJsonObject(body) ? body : undefined;
  const list = envelope === undefined ? body : itemsOf(envelope);
  if (!Array.isArray(list)) throw new NotAListError(path);
  const total = count(headers.get('total'));
  const perPage = count(headers.get('per-page'));
  return {
    items: list as readonly ExactJson[],
    ...(total !== undefined && { total }),
    ...(perPage !== undefined && { perPage }),
    next: readNext(readLinks(headers), envelope, style, 'page' in asked ? asked.page : 1),
  };
}

function readNext(
  links: ReadonlyMap<string, string>,
  envelope: ExactJsonObject | undefined,
  style: PagingStyle,
  page: number,
): ListPage['next'] {
  const link = queryOf(links.get('next'));
  const linked = count(link?.get('page') ?? null);
  if (linked !== undefined && linked > page) return { page: linked };
  const hasNext = find(envelope, (value, key) =>
    key === 'has_next_page' && typeof value === 'boolean' ? value : undefined,
  );
  const names = ['next_cursor', 'nextCursor', 'end_cursor', ...(style === 'cursor' ? ['cursor'] : [])];
  const cursor =
    link?.get('cursor') ??
    find(envelope, (value, key) =>
      names.includes(key) && typeof value === 'string' && value !== '' ? value : undefined,
    );
  if (cursor && hasNext !== false) return { cursor };
  if (hasNext !== undefined) return hasNext ? 'more' : 'none';
  if (link !== undefined) return 'more';
  const last = count(queryOf(links.get('last'))?.get('page') ?? null);
  if (last !== undefined) return last > page ? 'more' : 'none';
  // Procore leaves `next` out on the last page, and some servers leave out `last` there as well.
  return links.has('prev') ? 'none' : 'unknown';
}

function itemsOf(envelope: ExactJsonObject): ExactJson | undefined {
  if (envelope.data === null) return [];
  return Array.isArray(envelope.data) ? envelope.data : onlyList(envelope);
}

function onlyList(envelope: ExactJsonObject): ExactJson | undefined {
  const lists = Object.values(envelope).filter((value) => Array.isArray(value));
  return lists.length === 1 ? lists[0] : undefined;
}

/**
 * Reads a Link header.
 *
 * @returns the target of each relation, e.g. of `next`; empty without a header
 * @see [RFC 8288, section 3](https://www.rfc-editor.org/rfc/rfc8288#section-3)
 */
function readLinks(headers: Headers): ReadonlyMap<string, string> {
  const links = headers.get('link')?.matchAll(/<([^>]*)>\s*;[^,<]*?\brel="?(\w+)/gi) ?? [];
  return new Map([...links].map(([, target = '', relation = '']) => [relation.toLowerCase(), target]));
}

/** The query of a link. A relative link has no host, and the host does not matter. */
function queryOf(target: string | undefined): URLSearchParams | undefined {
  return target === undefined ? undefined : new URLSearchParams(target.split('#')[0]?.split('?')[1]);
}

function count(text: string | null): number | undefined {
  return text !== null && /^\d{1,12}$/.test(text.trim()) ? Number(text) : undefined;
}

/** Looks for a member of the envelope or of an object in it, such as `meta` or `pagination`. */
function find<Value>(
  envelope: ExactJsonObject | undefined,
  read: (value: ExactJson | undefined, key: string) => Value | undefined,
): Value | undefined {
  for (const [key, value] of Object.entries(envelope ?? {})) {
    if (key === 'data') continue;
    const found = read(value, key) ?? (isJsonObject(value) ? find(value, read) : undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}
