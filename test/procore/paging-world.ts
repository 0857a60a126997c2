import fc from 'fast-check';

/** What a server's answers tell about paging, and how. */
export interface PagingWorld {
  /** Ids at the beginning. */
  readonly size: number;
  /** What the reader asks for. */
  readonly perPage: number;
  /** The most that the server gives; it refuses more or gives fewer without a word. */
  readonly cap: number;
  readonly refusal: string | undefined;
  /** Every page is the whole list. */
  readonly ignoresPaging: boolean;
  readonly link: 'none' | 'right' | 'without next' | 'next for ever' | 'first only' | 'prev only';
  readonly host: string;
  readonly total: boolean;
  /** Pages are told by a cursor, and numbers are not understood. */
  readonly cursor: 'none' | 'in links' | 'in the body';
  /** The member of the body that has the cursor, and the parameter that takes it. */
  readonly cursorName: readonly [member: string, parameter: string];
  /** What the last page has in place of a cursor. */
  readonly lastCursor: 'null' | 'nothing' | 'the same again';
  /** Pages are numbered from 0, have the server's size, and say how many they are. */
  readonly fromZero: boolean;
  readonly perPageHeader: 'none' | 'real' | 'asked';
  readonly hasNextPage: 'none' | 'top' | 'meta';
  readonly envelope: boolean;
  /** What stands among the records of a page; it is not counted and takes no room. Not where pages are numbered from 0. */
  readonly among: 'nothing' | 'nulls' | 'the first again';
  readonly ids: 'numbers' | 'texts';
  /** What a page behind the last one is answered with. */
  readonly behind: 'empty' | 'null' | '404' | '400';
  readonly readAhead: number;
}

/** What happens to the list between two calls; insertions or removals, not both at once. */
export interface Change {
  readonly kind: 'insert' | 'remove';
  /** Where, as a share of the list. */
  readonly at: number;
  readonly many: number;
}

const refusals = [
  'Invalid per_page of ASKED, exceeding max per_page of CAP',
  'per_page must be less than or equal to CAP',
  'The parameter per_page has to be between 1 and CAP',
  'per_page is too large',
  'Page size not allowed',
];

/** Draws a server. What no document promises is drawn. */
export const pagingWorlds: fc.Arbitrary<PagingWorld> = fc.record({
  size: fc.integer({ min: 0, max: 60 }),
  perPage: fc.integer({ min: 1, max: 20 }),
  cap: fc.integer({ min: 1, max: 25 }),
  refusal: fc.option(fc.constantFrom(...refusals), { nil: undefined }),
  ignoresPaging: fc.boolean(),
  link: fc.constantFrom('none', 'right', 'without next', 'next for ever', 'first only', 'prev only'),
  host: fc.constantFrom('https://elsewhere.example', 'http://sandbox.procore.com', '', '//x.example'),
  total: fc.boolean(),
  cursor: fc.constantFrom('none', 'none', 'none', 'in links', 'in the body'),
  cursorName: fc.constantFrom(
    ['next_cursor', 'cursor'],
    ['endCursor', 'cursor'],
    ['next_starting_after', 'starting_after'],
    ['nextPageToken', 'pageToken'],
    ['next_page_token', 'page_token'],
  ),
  lastCursor: fc.constantFrom('null', 'nothing', 'the same again'),
  fromZero: fc.boolean(),
  perPageHeader: fc.constantFrom('none', 'real', 'asked'),
  hasNextPage: fc.constantFrom('none', 'top', 'meta'),
  envelope: fc.boolean(),
  among: fc.constantFrom('nothing', 'nothing', 'nulls', 'the first again'),
  ids: fc.constantFrom('numbers', 'texts'),
  behind: fc.constantFrom('empty', 'null', '404', '400'),
  readAhead: fc.integer({ min: 1, max: 8 }),
});

/** Draws what happens between calls. */
export const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('insert', 'remove'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    many: fc.integer({ min: 0, max: 3 }),
  }),
  { maxLength: 12 },
);

/** A server of one list, and what was asked of it. */
export function pagingServer(world: PagingWorld, toCome: readonly Change[] = []) {
  let list = Array.from({ length: world.size }, (_, index) => index + 1);
  const throughout = new Set(list);
  let newest = world.size;
  const record = { throughout, calls: 0, refused: 0, behind: 0, size: 0 };
  const coming = [...toCome];
  const first = isFromZero(world) ? 0 : 1;

  function change(): void {
    const next = coming.shift();
    if (next === undefined) return;
    const place = Math.floor(next.at * list.length);
    if (next.kind === 'insert') {
      const fresh = Array.from({ length: next.many }, () => ++newest);
      list = [...list.slice(0, place), ...fresh, ...list.slice(place)];
    } else {
      for (const id of list.slice(place, place + next.many)) throughout.delete(id);
      list = [...list.slice(0, place), ...list.slice(place + next.many)];
    }
  }

  async function get(pathAndQuery: string): Promise<{ status: number; headers: Headers; body: string }> {
    if (record.calls > record.refused) change();
    record.calls += 1;
    const query = new URL(pathAndQuery, 'https://sandbox.procore.com').searchParams;
    const asked = isFromZero(world) ? world.cap : Number(query.get('per_page'));
    const [, parameter] = world.cursorName;
    const page =
      world.cursor === 'none' ? Number(query.get('page') ?? first) - first + 1 : Number(query.get(parameter) ?? 1);
    if (world.refusal !== undefined && asked > world.cap) {
      record.refused += 1;
      const text = world.refusal.replace('ASKED', String(asked)).replace('CAP', String(world.cap));
      return { status: 400, headers: new Headers(), body: JSON.stringify({ errors: [text] }) };
    }
    const size = world.ignoresPaging ? Math.max(1, list.length) : Math.min(asked, world.cap);
    record.size = size;
    const from = world.ignoresPaging ? 0 : (page - 1) * size;
    const ids = list.slice(from, from + size);
    const last = world.ignoresPaging ? 1 : Math.max(1, Math.ceil(list.length / size));
    if (page > last) record.behind += 1;
    if (page > last && !world.ignoresPaging && world.behind.startsWith('4')) {
      const body = world.behind === '404' ? '{"message":"Not Found"}' : '{"errors":["page is out of range"]}';
      return { status: Number(world.behind), headers: new Headers(), body };
    }
    return { status: 200, headers: headersOf(page, last, asked, size), body: bodyOf(ids, page, last) };
  }

  function headersOf(page: number, last: number, asked: number, size: number): Headers {
    if (world.cursor !== 'none') {
      const next = `<${world.host}/list?${world.cursorName[1]}=${page + 1}>; rel="next"`;
      return new Headers({
        ...(world.cursor === 'in links' && page < last && { link: next }),
        ...(world.total && { total: String(list.length) }),
      });
    }
    const to = (target: number, relation: string) =>
      `<${world.host}/list?page=${target - 1 + first}&per_page=${asked}>; rel="${relation}"`;
    const hasNext = world.link === 'next for ever' || (world.link === 'right' && page < last);
    const isTold = world.link === 'right' || world.link === 'without next' || world.link === 'next for ever';
    const links = [
      ...(isTold || world.link === 'first only' ? [to(1, 'first')] : []),
      ...(world.link === 'prev only' && page > 1 ? [to(page - 1, 'prev')] : []),
      ...(isTold ? [to(last, 'last')] : []),
      ...(hasNext ? [to(page + 1, 'next')] : []),
    ];
    return new Headers({
      ...(links.length > 0 && { link: links.join(', ') }),
      ...(world.total && { total: String(list.length) }),
      ...(world.perPageHeader !== 'none' && { 'per-page': String(world.perPageHeader === 'real' ? size : asked) }),
    });
  }

  function bodyOf(ids: readonly number[], page: number, last: number): string {
    const records = ids.map((id) => ({ id: world.ids === 'texts' ? String(id) : id }));
    const more = isFromZero(world)
      ? []
      : world.among === 'nulls'
        ? [null]
        : world.among === 'nothing'
          ? []
          : records.slice(0, 1);
    const items = ids.length === 0 ? [] : [...records, ...more];
    if (!world.envelope && world.cursor !== 'in the body' && !isFromZero(world)) return JSON.stringify(items);
    const data = ids.length === 0 && world.behind === 'null' ? null : items;
    const told = { has_next_page: page < last };
    return JSON.stringify({
      data,
      ...(world.cursor === 'in the body' && { meta: cursorOf(page, last) }),
      ...(isFromZero(world) && { current_page: page - 1, possible_pages: last }),
      ...(world.hasNextPage === 'top' && told),
      ...(world.hasNextPage === 'meta' && world.cursor === 'none' && { meta: told }),
    });
  }

  function cursorOf(page: number, last: number): Readonly<Record<string, string | null>> {
    const [member] = world.cursorName;
    if (page < last) return { [member]: String(page + 1) };
    if (world.lastCursor === 'nothing') return {};
    if (world.lastCursor === 'null' || last === 1) return { [member]: null };
    return { [member]: String(page) };
  }

  return Object.assign(record, { get, list: () => list });
}

/** Cursors have no numbers. */
export function isFromZero({ fromZero, cursor }: PagingWorld): boolean {
  return fromZero && cursor === 'none';
}
