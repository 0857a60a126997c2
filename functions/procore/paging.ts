import { ConnectorError } from '../connector-error.ts';
import { type ExactJson, exactId, isJsonObject } from './exact-json.ts';

/** How a list is paged: by number, by a cursor in the answer, or by the last id of the page before. */
export type PagingStyle = 'page' | 'cursor' | 'page_start';

/** A page of a list, and what it tells about the list. */
export interface ListPage {
  readonly items: readonly ExactJson[];
  /** How many items the whole list has, if Procore says so. */
  readonly total?: number;
  readonly perPage?: number;
  /** What to ask for next; `unknown` when the answer does not tell whether there is more. */
  readonly next: { readonly page: number } | { readonly cursor: string } | 'none' | 'unknown';
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
  return 'page';
}

/**
 * Chooses the page size to ask for. v2 and v1's lists inside projects allow 100, most of them no more. Other lists of
 * v1 allow up to 2,000.
 *
 * @returns items a page
 */
export function perPageOf(path: string): number {
  return /^\/rest\/v1\.\d+\/[\w-]+$/.test(path) ? 1000 : 100;
}

/**
 * Reads from a refusal which page size an endpoint allows.
 *
 * @returns e.g. 100 for "Invalid per_page of 1000, exceeding max per_page of 100"; undefined for any other text
 */
export function allowedPerPage(texts: readonly string[]): number | undefined {
  for (const text of texts) {
    const allowed = /max(?:imum)? per_page(?: of| is)? (\d{1,5})/i.exec(text)?.[1];
    if (allowed !== undefined && Number(allowed) > 0) return Number(allowed);
  }
  return undefined;
}

/**
 * Reads a page in any of Procore's styles. The items are the body itself or v2's `data`. Link, Total, `has_next_page`
 * or a cursor tell whether there are more. Links are not followed: only their page number or cursor is used, whatever
 * scheme and host they have. So nothing is ever sent to the host of a link.
 *
 * @returns the page
 * @throws NotAListError
 */
export function readPage(
  { headers, body }: { readonly headers: Headers; readonly body: ExactJson },
  { path, style, page }: { path: string; style: PagingStyle; page: number },
): ListPage {
  const envelope = isJsonObject(body) ? body : undefined;
  const list = envelope === undefined ? body : Array.isArray(envelope.data) ? envelope.data : onlyList(envelope);
  if (!Array.isArray(list)) throw new NotAListError(path);
  const items = list as readonly ExactJson[];
  const total = count(headers.get('total'));
  const perPage = count(headers.get('per-page'));
  const told = {
    items,
    ...(total !== undefined && { total }),
    ...(perPage !== undefined && { perPage }),
  };
  if (style === 'page_start') {
    const last = items.at(-1);
    const id = isJsonObject(last) ? exactId(last.id) : undefined;
    return { ...told, next: id === undefined ? 'none' : { cursor: id } };
  }
  const links = readLinks(headers);
  const link = nextQuery(links);
  const hasNext = find(envelope, (value, key) =>
    key === 'has_next_page' && typeof value === 'boolean' ? value : undefined,
  );
  const cursor =
    link?.get('cursor') ??
    find(envelope, (value, key) =>
      ['next_cursor', 'nextCursor', 'end_cursor', 'cursor'].includes(key) && typeof value === 'string' && value !== ''
        ? value
        : undefined,
    );
  if (style === 'cursor') return { ...told, next: cursor && hasNext !== false ? { cursor } : 'none' };
  const linked = count(link?.get('page') ?? null);
  if (linked !== undefined && linked > page) return { ...told, next: { page: linked } };
  if (hasNext !== undefined) return { ...told, next: hasNext ? { page: page + 1 } : 'none' };
  // Procore leaves `next` out on the last page: a Link header without it says that this is the last.
  if (['first', 'last', 'prev'].some((relation) => links.has(relation))) return { ...told, next: 'none' };
  if (total !== undefined && perPage !== undefined) {
    return { ...told, next: page * perPage < total ? { page: page + 1 } : 'none' };
  }
  return { ...told, next: items.length === 0 ? 'none' : 'unknown' };
}

function onlyList(envelope: Readonly<Record<string, ExactJson | undefined>>): ExactJson | undefined {
  const lists = Object.values(envelope).filter((value) => Array.isArray(value));
  return lists.length === 1 ? lists[0] : undefined;
}

/**
 * Reads a Link header.
 *
 * @returns the target of each relation, e.g. of `next`; empty without a header
 * @see [RFC 8288, section 3](https://www.rfc-editor.org/rfc/rfc8288#section-3)
 */
export function readLinks(headers: Headers): ReadonlyMap<string, string> {
  const links = headers.get('link')?.matchAll(/<([^>]*)>\s*;[^,<]*?\brel="?(\w+)/gi) ?? [];
  return new Map([...links].map(([, target = '', relation = '']) => [relation.toLowerCase(), target]));
}

/** The query of the link to the next page. A relative link has no host, and the host does not matter. */
function nextQuery(links: ReadonlyMap<string, string>): URLSearchParams | undefined {
  const target = links.get('next');
  return target === undefined ? undefined : new URLSearchParams(target.split('#')[0]?.split('?')[1]);
}

function count(text: string | null): number | undefined {
  return text !== null && /^\d{1,12}$/.test(text.trim()) ? Number(text) : undefined;
}

/** Looks for a member of the envelope or of an object in it, such as `meta` or `pagination`. */
function find<Value>(
  envelope: Readonly<Record<string, ExactJson | undefined>> | undefined,
  read: (value: ExactJson | undefined, key: string) => Value | undefined,
): Value | undefined {
  for (const [key, value] of Object.entries(envelope ?? {})) {
    if (key === 'data') continue;
    const found = read(value, key) ?? (isJsonObject(value) ? find(value, read) : undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}
