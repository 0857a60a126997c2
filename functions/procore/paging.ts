import { ConnectorError } from '../connector-error.ts';
import { type ExactJson, type ExactJsonObject, exactId, isJsonObject } from './exact-json.ts';

/**
 * How a list is paged: by number from 1 or from 0, by a cursor in the answer, by the last id of the page before, or not at
 * all. A list that is said to have no pages is read on all the same when its answer tells of more.
 */
export type PagingStyle = 'page' | 'page_from_0' | 'cursor' | 'page_start' | 'starting_after' | 'start_after' | 'none';

/**
 * Where a page of a list is. The first one is page 1 in every style. `parameter` is the name under which the answer wants
 * its cursor back, where that is not the style's.
 */
export type PagePosition = { readonly page: number } | { readonly cursor: string; readonly parameter?: string };

/** The parameters of a style: of the page's size, if it has one, and of the cursor; the first page's number on the wire. */
interface PagingParameters {
  readonly size?: string;
  readonly cursor: string;
  readonly first?: number;
}

const parametersOf: Readonly<Record<PagingStyle, PagingParameters>> = {
  page: { size: 'per_page', cursor: 'cursor', first: 1 },
  page_from_0: { cursor: 'cursor', first: 0 },
  cursor: { size: 'per_page', cursor: 'cursor' },
  page_start: { size: 'page_size', cursor: 'page_start' },
  starting_after: { size: 'limit', cursor: 'starting_after' },
  start_after: { size: 'limit', cursor: 'start_after' },
  none: { size: 'per_page', cursor: 'cursor', first: 1 },
};

/** Whether the cursor of a style is the id of the last record. */
export function isByLastId(style: PagingStyle): boolean {
  return style === 'page_start' || style === 'starting_after' || style === 'start_after';
}

/** Gives the part of the query that asks for a page. */
export function pagingQuery(
  style: PagingStyle,
  position: PagePosition,
  perPage: number,
): Readonly<Record<string, string | number>> {
  const { size, cursor, first } = parametersOf[style];
  const sized = size !== undefined && { [size]: perPage };
  if ('cursor' in position) return { ...sized, [position.parameter ?? cursor]: position.cursor };
  if (first !== undefined) return { page: position.page - 1 + first, ...sized };
  return { ...(style === 'cursor' && position.page > 1 && { page: position.page }), ...sized };
}

/** A page of a list, and what it tells about the list. */
export interface ListPage {
  readonly items: readonly ExactJson[];
  /** How many items the whole list has, if Procore says so. */
  readonly total?: number;
  /** How many items a page has, if Procore says so. */
  readonly perPage?: number;
  /** Where the next page is, that there is one or none, or that the answer does not tell. */
  readonly next: PagePosition | 'more' | 'none' | 'unknown';
  /** Whether the answer says in so many words that there is another page, beside the cursor of `next`. */
  readonly hasNext?: true;
}

/** The answer to a call for a list contains no list. */
export class NotAListError extends ConnectorError {
  override readonly name = 'NotAListError';
  readonly code = 'not_a_list';
  /** @param hasErrors the answer is a success, and has errors in it all the same */
  constructor(path: string, hasErrors = false) {
    super(
      hasErrors
        ? `${path} answered with success, and with errors in place of a whole list. Read it with get() to see them.`
        : `${path} answered with something other than a list. Read it with get() in place of list().`,
    );
  }
}

/** Fewer items came than Procore counted, or than it says there are: the list is not complete. */
export class TruncatedListError extends ConnectorError {
  override readonly name = 'TruncatedListError';
  readonly code = 'list_truncated';
  /** @param total absent when the answers do not count, but say that there are more */
  constructor(path: string, received: number, total?: number) {
    super(
      total === undefined
        ? `${path} gave ${received} items and says that there are more, but not where, or it gives the same ones again. ` +
            'Say how it is paged with the option `paging`, or read it with get().'
        : `${path} gave ${received} items of ${total}: pages are missing, or records were deleted while the list ` +
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
 * @param pathAndQuery with or without a query
 * @returns `page` unless the path is known to page in another way
 * @see [PROCORE.md, section 3.6](../../lib/procore-stand-in/PROCORE.md#36-deliveries)
 * @see [PROCORE.md, section 5](../../lib/procore-stand-in/PROCORE.md#5-paging-and-incremental-reads)
 */
export function pagingStyleOf(pathAndQuery: string): PagingStyle {
  const [path = ''] = pathAndQuery.split('?');
  if (/^\/rest\/v1\.\d+\/webhooks\/hooks\/[^/]+\/deliveries$/.test(path)) return 'page_start';
  if (/\/workflows\/instances$/.test(path)) return 'cursor';
  if (/^\/rest\/v1\.0\/companies\/[^/]+\/projects$/.test(path)) return 'none';
  const [, workforce] = /^\/rest\/v\d+\.\d+\/workforce-planning\/(.+)$/.exec(path) ?? [];
  if (workforce === undefined) return 'page';
  if (workforce.endsWith('/notification-profiles')) return 'starting_after';
  return workforce.endsWith('/time-off') ? 'start_after' : 'page_from_0';
}

/**
 * Reads a page in any of Procore's styles. The items are the body itself, v2's `data` (where null means that there are
 * none), or the only list of an envelope. Links are not followed: only their page number or cursor is used, whatever
 * scheme and host they have. So nothing is ever sent to the host of a link.
 *
 * @param asked where the page is
 * @returns the page
 * @throws NotAListError
 */
export function readPage(
  { status, headers, body }: { readonly status?: number; readonly headers: Headers; readonly body: ExactJson },
  { path, style, asked }: { path: string; style: PagingStyle; asked: PagePosition },
): ListPage {
  const envelope = envelopeOf(body);
  if (envelope !== undefined && hasErrors(envelope)) throw new NotAListError(path, true);
  const list = status === 204 ? [] : envelope === undefined ? body : itemsOf(envelope);
  if (!Array.isArray(list)) throw new NotAListError(path);
  const total = count(headers.get('total'));
  const perPage = count(headers.get('per-page'));
  const members = membersOf(envelope);
  const hasNext = valuesOf(members, /^has_?(next(_?page)?|more)$/i).find((value) => typeof value === 'boolean');
  return {
    items: list as readonly ExactJson[],
    ...(total !== undefined && { total }),
    ...(perPage !== undefined && { perPage }),
    next: nextOf(readLinks(headers.get('link') ?? ''), { members, hasNext }, style, asked),
    ...(hasNext && { hasNext }),
  };
}

type Members = readonly (readonly [key: string, value: ExactJson | undefined])[];

/**
 * Lists the members of an envelope and of objects in it, such as `meta`, `pagination` or a `data` that has the list. Those of
 * `next` and `previous` say so in their names.
 */
function membersOf(envelope: ExactJsonObject = {}, prefix = ''): Members {
  return Object.entries(envelope).flatMap(([name, value]) => {
    const key = `${prefix}${name}`;
    const [side] = /^(next|prev)/i.exec(name) ?? [];
    return [[key, value] as const, ...(isJsonObject(value) ? membersOf(value, side && `${side}_`) : [])];
  });
}

function valuesOf(members: Members, name: RegExp): readonly (ExactJson | undefined)[] {
  return members.flatMap(([key, value]) => (name.test(key) ? [value] : []));
}

const isPages = /^(total_?pages|possible_pages|page_?count)$/i;
/** The member that has the next page's link, number or cursor; its first group is how the cursor is called. */
const isNext = /^(?:next_?((?:page_?)?(?:url|link|href|number)?|\w*(?:cursor|after|token))|end_?cursor)$/i;

function nextOf(
  links: ReadonlyMap<string, string>,
  { members, hasNext }: { members: Members; hasNext: boolean | undefined },
  style: PagingStyle,
  asked: PagePosition,
): ListPage['next'] {
  const page = 'page' in asked ? asked.page : 1;
  const { first = 1 } = parametersOf[style];
  const told = valuesOf(members, isNext);
  const link = queryOf(
    links.get('next') ?? told.find((value): value is string => typeof value === 'string' && value.includes('?')),
  );
  const number = valuesOf(members, /^next_?page(_?number)?$/i).find((value) => typeof value === 'number');
  const linked = count(link?.get('page') ?? link?.get('page[number]') ?? null) ?? number;
  if (linked !== undefined && linked - first + 1 > page) return { page: linked - first + 1 };
  const cursor = cursorOf(link) ?? cursorIn(members, style);
  if (cursor !== undefined && hasNext !== false) return cursor;
  if (hasNext !== undefined) return hasNext ? 'more' : 'none';
  if (link !== undefined) return 'more';
  const last = count(queryOf(links.get('last'))?.get('page') ?? null);
  const pages =
    last === undefined ? valuesOf(members, isPages).find((value) => typeof value === 'number') : last - first + 1;
  if (pages !== undefined && 'page' in asked) return pages > page ? 'more' : 'none';
  // Procore leaves `next` out on the last page, and some servers leave out `last` there as well.
  return links.has('prev') || told.includes(null) ? 'none' : 'unknown';
}

/** Reads the cursor of a link, whatever it is called. The parameters of filters have other names. */
function cursorOf(link: URLSearchParams | undefined): PagePosition | undefined {
  const isCursor =
    /^(page\[(cursor|after)\]|cursor|after|start(ing)?_after|page_start|(page|next)_?token|offset|marker)$/i;
  const [parameter, cursor = ''] = [...(link ?? [])].find(([name]) => isCursor.test(name)) ?? [];
  if (parameter === undefined || cursor === '') return undefined;
  return parameter === 'cursor' ? { cursor } : { cursor, parameter };
}

function cursorIn(members: Members, style: PagingStyle): PagePosition | undefined {
  for (const [key, value] of members) {
    const [name = '', wanted = ''] = isNext.exec(key) ?? [];
    const cursor = exactId(value);
    if (cursor === undefined || !/(cursor|after|token)$/i.test(name)) continue;
    // Where the path tells the parameter, it counts: one list says `next_starting_after` and takes `start_after`.
    if (/^(cursor)?$/i.test(wanted) || isByLastId(style)) return { cursor };
    return { cursor, parameter: wanted.charAt(0).toLowerCase() + wanted.slice(1) };
  }
  // Names that mean something else in other lists; the last one can be the cursor of this page.
  const plain = style === 'cursor' ? [/^next$/i, /^after$/i, /^cursor$/i] : [];
  const cursor = plain.map((name) =>
    valuesOf(members, name)
      .map(exactId)
      .find((value) => value !== undefined),
  );
  const found = cursor.find((value) => value !== undefined);
  return found === undefined ? undefined : { cursor: found };
}

/** The object that has the list. Workforce planning is documented with a list of one such object in place of it. */
function envelopeOf(body: ExactJson): ExactJsonObject | undefined {
  if (!Array.isArray(body)) return isJsonObject(body) ? body : undefined;
  const [only, ...more] = body as readonly ExactJson[];
  const isWrapped = isJsonObject(only) && more.length === 0 && Array.isArray(only.data);
  return isWrapped && Object.keys(only).some((key) => isPages.test(key)) ? only : undefined;
}

function itemsOf(envelope: ExactJsonObject): ExactJson | undefined {
  const { data } = envelope;
  if (data === null) return [];
  if (Array.isArray(data)) return data;
  return onlyList(isJsonObject(data) ? data : envelope);
}

function onlyList(envelope: ExactJsonObject): ExactJson | undefined {
  const lists = Object.entries(envelope).filter(([key, value]) => Array.isArray(value) && !aboutFaults.test(key));
  return lists.length === 1 && envelope.id === undefined ? lists[0]?.[1] : undefined;
}

const aboutFaults = /^(errors?|warnings?|messages?)$/i;

/** Tells whether an answer that is a success says that something failed. */
function hasErrors({ error, errors }: ExactJsonObject): boolean {
  return [error, errors].some((value) => {
    if (Array.isArray(value)) return value.length > 0;
    return isJsonObject(value) ? Object.keys(value).length > 0 : typeof value === 'string' && value !== '';
  });
}

/**
 * Reads a Link header.
 *
 * @returns the target of each relation, e.g. of `next`; empty without a header
 * @see [RFC 8288, section 3](https://www.rfc-editor.org/rfc/rfc8288#section-3)
 */
function readLinks(header: string): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  for (const [, target = '', parameters = ''] of header.matchAll(/<([^>]*)>((?:[^<"']|"[^"]*"|'[^']*')*)/g)) {
    const [, quoted, single, bare] =
      /(?:^|[;\s])rel\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,"']+))/i.exec(parameters) ?? [];
    for (const relation of (quoted ?? single ?? bare ?? '').toLowerCase().split(/\s+/)) links.set(relation, target);
  }
  return links;
}

/** The query of a link. A relative link has no host, and the host does not matter. */
function queryOf(target: string | undefined): URLSearchParams | undefined {
  return target === undefined ? undefined : new URLSearchParams(target.split('#')[0]?.split('?')[1]);
}

function count(text: string | null): number | undefined {
  return text !== null && /^\d{1,12}$/.test(text.trim()) ? Number(text) : undefined;
}
