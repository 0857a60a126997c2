import { describe, expect, it } from 'vitest';
import { answered, clientWorld, gather, rejection, type Scripted } from './client-world.ts';

const rfis = '/rest/v1.0/projects/1/rfis';
const v2 = '/rest/v2.0/companies/5358233/projects/1/rfis';

const items = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => ({ id: from + index }));
const linkTo = (page: number, host = 'https://sandbox.procore.com') =>
  `<${host}${rfis}?page=${page}&per_page=2>; rel="next"`;
const pageOf = (request: Request) => Number(new URL(request.url).searchParams.get('page') ?? 1);
const ids = (list: readonly unknown[]) => list.map((item) => (item as { id: number }).id);

/** A list of `count` items that a script serves page by page. */
function served(count: number, headers: (page: number, last: number) => Record<string, string>): Scripted[] {
  return Array.from({ length: 20 }, () => (request: Request) => {
    const page = pageOf(request);
    const last = Math.ceil(count / 2);
    return answered(200, items(page * 2 - 1, Math.min(page * 2, count)), headers(page, last));
  });
}

describe('every style of paging in PROCORE.md', () => {
  it('by Link, Total and Per-Page, rebuilding the query of which links keep nothing', async () => {
    const script = served(7, (page, last) => ({
      ...(page < last && { link: `<https://sandbox.procore.com${rfis}?page=1>; rel="first", ${linkTo(page + 1)}` }),
      total: '7',
      'per-page': '2',
    }));
    const { company, seen } = clientWorld(script);
    expect(ids(await gather(company.list(rfis, { perPage: 2, query: { 'filters[status]': 'open' } })))).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
    expect(seen).toHaveLength(4);
    for (const { url } of seen) expect(url).toContain('filters%5Bstatus%5D=open');
  });

  it('by Link alone, where next is left out on the last page', async () => {
    const script = served(
      4,
      (page, last): Record<string, string> =>
        page < last ? { link: linkTo(page + 1) } : { link: `<https://sandbox.procore.com${rfis}?page=1>; rel="first"` },
    );
    const { company, seen } = clientWorld(script);
    expect(ids(await gather(company.list(rfis, { perPage: 2 })))).toEqual([1, 2, 3, 4]);
    // The last page is full, so it is asked whether it is the last.
    expect(seen).toHaveLength(3);
    const short = clientWorld([answered(200, items(1, 1), { link: '<x?page=1>; rel="last"' })]);
    expect(await gather(short.company.list(rfis, { perPage: 2 }))).toHaveLength(1);
    expect(short.seen).toHaveLength(1);
  });

  it('by Total and Per-Page without Link', async () => {
    const { company } = clientWorld(served(5, () => ({ total: '5', 'per-page': '2' })));
    expect(ids(await gather(company.list(rfis, { perPage: 2 })))).toEqual([1, 2, 3, 4, 5]);
  });

  it('in v2’s data envelope', async () => {
    const { company } = clientWorld([
      answered(200, { data: [{ id: '9007199254740993' }] }, { total: '2', 'per-page': '1' }),
      answered(200, { data: [{ id: '9007199254740994' }] }, { total: '2', 'per-page': '1' }),
    ]);
    expect(await gather(company.list(v2))).toEqual([{ id: '9007199254740993' }, { id: '9007199254740994' }]);
  });

  it.each([
    ['beside data', (more: boolean) => ({ has_next_page: more })],
    ['in meta', (more: boolean) => ({ meta: { has_next_page: more } })],
    ['in pagination', (more: boolean) => ({ pagination: { has_next_page: more } })],
  ])('by has_next_page %s', async (_where, told) => {
    const script = [
      answered(200, { data: items(1, 2), ...told(true) }),
      answered(200, { data: items(3, 3), ...told(false) }),
    ];
    expect(ids(await gather(clientWorld(script).company.list(v2)))).toEqual([1, 2, 3]);
  });

  it('by a cursor', async () => {
    const { company, seen } = clientWorld([
      answered(200, { data: items(1, 2), meta: { next_cursor: 'abc' } }),
      answered(200, { data: items(3, 3), meta: { next_cursor: null } }),
    ]);
    const path = '/rest/v2.0/companies/5358233/workflows/instances';
    expect(ids(await gather(company.list(path)))).toEqual([1, 2, 3]);
    expect(seen.map(({ url }) => new URL(url).searchParams.get('cursor'))).toEqual([null, 'abc']);
    expect(new URL(seen[0]?.url ?? '').searchParams.get('page')).toBeNull();
  });

  it('by a cursor that does not come with a full page: its number is asked for, once', async () => {
    const path = '/rest/v2.0/companies/5358233/workflows/instances';
    const full = clientWorld([answered(200, { data: items(1, 2) }), answered(200, { data: items(3, 3) })]);
    expect(ids(await gather(full.company.list(path, { perPage: 2 })))).toEqual([1, 2, 3]);
    expect(full.seen).toHaveLength(2);
    const same = clientWorld([answered(200, { data: items(1, 2) }), answered(200, { data: items(1, 2) })]);
    expect(ids(await gather(same.company.list(path, { perPage: 2 })))).toEqual([1, 2]);
  });

  it('by a cursor in a Link', async () => {
    const link = '</rest/v2.0/companies/5358233/workflows/instances?cursor=xyz>; rel="next"';
    const { company, seen } = clientWorld([
      answered(200, { data: items(1, 2) }, { link }),
      answered(200, { data: items(3, 3) }),
    ]);
    await gather(company.list('/rest/v2.0/companies/5358233/workflows/instances'));
    expect(new URL(seen[1]?.url ?? '').searchParams.get('cursor')).toBe('xyz');
  });

  it('by page_start, the last id of the page before', async () => {
    const path = '/rest/v1.0/webhooks/hooks/12/deliveries';
    const { company, seen } = clientWorld([answered(200, '[{"id":9007199254740993}]'), answered(200, [])]);
    expect(await gather(company.list(path, { perPage: 50 }))).toEqual([{ id: '9007199254740993' }]);
    expect(seen.map(({ url }) => new URL(url).search)).toEqual([
      '?page_size=50',
      '?page_size=50&page_start=9007199254740993',
    ]);
  });

  it('by numbers from 0, as workforce planning counts', async () => {
    const { company, seen } = clientWorld([
      answered(200, { possible_pages: 2, current_page: 0, data: items(1, 2) }),
      answered(200, { possible_pages: 2, current_page: 1, data: items(3, 3) }),
    ]);
    const path = '/rest/v1.0/workforce-planning/v2/companies/5358233/people';
    expect(ids(await gather(company.list(path)))).toEqual([1, 2, 3]);
    expect(seen.map(({ url }) => new URL(url).search)).toEqual(['?page=0', '?page=1']);
  });

  it.each([
    ['notification-profiles', 'starting_after'],
    ['people/7/time-off', 'start_after'],
  ])('by the last id of the page before, in the words of %s', async (list, parameter) => {
    const { company, seen } = clientWorld([
      answered(200, { data: items(1, 2), pagination: { next_starting_after: '2' } }),
      answered(200, { data: items(3, 3), pagination: { next_starting_after: '3' } }),
      answered(200, { data: [], pagination: { next_starting_after: null } }),
    ]);
    const path = `/rest/v1.0/workforce-planning/v2/companies/5358233/${list}` as const;
    expect(ids(await gather(company.list(path, { perPage: 50 })))).toEqual([1, 2, 3]);
    expect(seen.map(({ url }) => new URL(url).search)).toEqual([
      '?limit=50',
      `?limit=50&${parameter}=2`,
      `?limit=50&${parameter}=3`,
    ]);
  });

  it('not at all: an endpoint that knows no pages gives everything at once', async () => {
    const longer = clientWorld([answered(200, items(1, 5))]);
    expect(await gather(longer.company.list(rfis, { perPage: 2 }))).toHaveLength(5);
    const shorter = clientWorld([answered(200, items(1, 1))]);
    expect(await gather(shorter.company.list(rfis, { perPage: 2 }))).toHaveLength(1);
    const same = clientWorld([answered(200, items(1, 2)), answered(200, items(1, 2))]);
    expect(await gather(same.company.list(rfis, { perPage: 2 }))).toHaveLength(2);
  });

  it('without a word about more: full pages are followed until one is not', async () => {
    const { company } = clientWorld(served(5, () => ({})));
    expect(ids(await gather(company.list(rfis, { perPage: 2 })))).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('hard case 38: a list', () => {
  it('that ignores paging is read once: 723 rows on every page', async () => {
    const all = () => answered(200, items(1, 723));
    const { company, seen } = clientWorld([all(), all(), all()]);
    expect(ids(await gather(company.list(rfis)))).toEqual(ids(items(1, 723)));
    expect(seen).toHaveLength(2);
    const known = clientWorld([all(), all()]);
    await gather(known.company.list('/rest/v1.0/companies/5358233/projects'));
    expect(known.seen).toHaveLength(1);
  });

  it('is read on where a page comes again because as many records were inserted as it has, and names a later one', async () => {
    const pages = [items(1, 2), items(1, 2), items(3, 4), items(5, 5)];
    const { company, seen } = clientWorld(
      pages.map((page, index) => answered(200, page, index < 3 ? { link: linkTo(index + 2) } : {})),
    );
    expect(ids(await gather(company.list(rfis, { perPage: 2 })))).toEqual([1, 2, 3, 4, 5]);
    expect(seen.length).toBeLessThanOrEqual(5);
  });

  it('that gives the same page again and again, and names later ones for ever, is given up soon', async () => {
    const again: Scripted = (request) => answered(200, items(1, 2), { link: linkTo(pageOf(request) + 1) });
    const { company, seen } = clientWorld(Array.from({ length: 20 }, () => again));
    expect(ids(await gather(company.list(rfis, { perPage: 2 })))).toEqual([1, 2]);
    expect(seen).toHaveLength(3);
  });

  it('with Total and without Link is read to its Total, in the size that the server gives', async () => {
    const capped = Array.from({ length: 9 }, () => (request: Request) => {
      const page = pageOf(request);
      return answered(200, items(page * 100 - 99, Math.min(page * 100, 723)), { total: '723' });
    });
    const { company, seen } = clientWorld(capped);
    expect(ids(await gather(company.list('/rest/v1.0/vendors')))).toEqual(ids(items(1, 723)));
    expect(seen).toHaveLength(8);
    expect(new URL(seen[0]?.url ?? '').searchParams.get('per_page')).toBe('1000');
  });

  it('whose links lack next, while Total says more, is read to its Total', async () => {
    const { company } = clientWorld(served(7, () => ({ link: linkTo(1).replace('next', 'prev'), total: '7' })));
    expect(ids(await gather(company.list(rfis, { perPage: 2 })))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('with a Total smaller than a page is read as if it had none', async () => {
    const { company } = clientWorld(served(5, () => ({ total: '1' })));
    expect(ids(await gather(company.list(rfis, { perPage: 2 })))).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    ['404', answered(404, { message: 'Not Found' })],
    ['a page out of range', answered(422, { errors: ['page is out of range'] })],
    ['no data', answered(200, { data: null })],
  ])('without a word about more ends where Procore answers %s behind the last page', async (_what, behind) => {
    const { company, seen } = clientWorld([answered(200, items(1, 2)), behind]);
    expect(await gather(company.list(rfis, { perPage: 2 }))).toHaveLength(2);
    expect(seen).toHaveLength(2);
  });

  it('with a page that was promised and is refused, is an error', async () => {
    const { company } = clientWorld([answered(200, items(1, 2), { link: linkTo(2) }), answered(404, {})]);
    expect(await rejection(gather(company.list(rfis, { perPage: 2 })))).toMatchObject({ status: 404 });
  });

  it.each([
    ['insertions bring a record twice: it is given once', [items(1, 2), items(2, 3), []], ['3', '4', '4'], [1, 2, 3]],
    ['a removal hides a record: that is an error', [items(1, 2), items(4, 4)], ['4', '3'], 'list_truncated'],
    ['a whole page is inserted: that is an error', [items(1, 2), items(1, 2)], ['4', '6'], 'list_truncated'],
  ] as const)('that changes while it is read: %s', async (_what, pages, totals, expected) => {
    const script = pages.map((page, index) => answered(200, page, { total: totals[index] ?? '' }));
    const reading = gather(clientWorld(script).company.list(rfis, { perPage: 2 }));
    if (typeof expected === 'string') expect(await rejection(reading)).toMatchObject({ code: expected });
    else expect(ids(await reading)).toEqual(expected);
  });
});

describe('a list that says that there are more', () => {
  it.each([
    ['gives the same page again', () => ({ data: items(1, 2), has_next_page: true })],
    ['does not take the cursor that it gave', () => ({ data: items(1, 2), next_cursor: 'abc' })],
    [
      'says so by a cursor that it had given before',
      (call: number) => ({
        ...{ data: items(call * 2 - 1, call * 2), has_next_page: true },
        next_cursor: call % 2 === 0 ? 'a' : 'b',
      }),
    ],
  ])('and %s is an error, and not a shorter list', async (_what, body) => {
    let calls = 0;
    const { company, seen } = clientWorld(
      Array.from({ length: 20 }, () => () => {
        calls += 1;
        return answered(200, body(calls));
      }),
    );
    const error = await rejection(gather(company.list(rfis, { perPage: 2 })));
    expect(error).toMatchObject({ code: 'list_truncated' });
    expect(error.message).toContain('says that there are more');
    expect(seen.length).toBeLessThanOrEqual(3);
  });

  it('is read on behind an empty page, where a cursor leads on and the answer says so', async () => {
    const { company } = clientWorld([
      answered(200, { data: items(1, 2), next_cursor: 'a', has_more: true }),
      answered(200, { data: [], next_cursor: 'b', has_more: true }),
      answered(200, { data: items(3, 3), next_cursor: null, has_more: false }),
    ]);
    expect(ids(await gather(company.list(rfis)))).toEqual([1, 2, 3]);
  });
});

describe('a list', () => {
  it('whose path has a page in its query is read from its beginning, and each parameter is sent once', async () => {
    const { company, seen } = clientWorld(served(3, () => ({ total: '3' })));
    expect(ids(await gather(company.list(`${rfis}?per_page=9&sort=id&page=3`, { perPage: 2 })))).toEqual([1, 2, 3]);
    expect(seen.map(({ url }) => new URL(url).search)).toEqual([
      '?sort=id&page=1&per_page=2',
      '?sort=id&page=2&per_page=2',
    ]);
  });

  it('with a record twice on a page and rows of null gives each record once, and is whole', async () => {
    const rows = [{ id: 1 }, { id: 1 }, null, { id: 2 }];
    const { company } = clientWorld([
      answered(200, rows, { total: '6' }),
      answered(200, [null, { id: 3 }], { total: '6' }),
    ]);
    expect(ids(await gather(company.list(rfis, { perPage: 4 })))).toEqual([1, 2, 3]);
  });

  it('shorter than Total is an error that says so', async () => {
    const script = [
      answered(200, items(1, 2), { total: '5', 'per-page': '2' }),
      answered(200, items(3, 4)),
      answered(200, []),
    ];
    const error = await rejection(gather(clientWorld(script).company.list(rfis, { perPage: 2 })));
    expect(error).toMatchObject({ code: 'list_truncated' });
    expect(error.message).toContain('4 items of 5');
  });

  it.each(['https://elsewhere.example', 'http://sandbox.procore.com', ''])(
    'whose link leads to the host "%s" is read to its end, and nothing is sent there',
    async (host) => {
      const { company, seen } = clientWorld([
        answered(200, items(1, 2), { link: linkTo(2, host) }),
        answered(200, items(3, 3), { link: '<x>; rel="prev"' }),
      ]);
      expect(await gather(company.list(rfis, { perPage: 2 }))).toEqual(items(1, 3));
      expect(new Set(seen.map(({ url }) => new URL(url).origin)).size).toBe(1);
      expect(seen).toHaveLength(2);
    },
  );

  it('asks for pages ahead, gives them in order, and holds no more than told', async () => {
    const waiting: { page: number; answer: () => void }[] = [];
    const slow: typeof fetch = (input) =>
      new Promise((resolve) => {
        const page = pageOf(new Request(input));
        const answer = () => resolve(answered(200, items(page * 2 - 1, page * 2), { total: '20', 'per-page': '2' }));
        if (page === 1) answer();
        else waiting.push({ page, answer });
      });
    const { company } = clientWorld([], { fetch: slow });
    const list = company.list(rfis, { perPage: 2, readAhead: 3 });
    await list.next();
    await list.next();
    const third = list.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(waiting.map(({ page }) => page)).toEqual([2, 3, 4]);
    for (const { answer } of waiting.splice(0).reverse()) answer();
    expect((await third).value).toEqual({ id: 3 });
    expect((await list.next()).value).toEqual({ id: 4 });
    await list.return();
  });

  it('takes the page size that the endpoint allows, when its version’s is refused', async () => {
    const { company, seen } = clientWorld([
      answered(400, { errors: ['Invalid per_page of 1000, exceeding max per_page of 100'] }),
      answered(200, items(1, 3), { total: '3', 'per-page': '100' }),
    ]);
    expect(await gather(company.list('/rest/v1.0/vendors'))).toHaveLength(3);
    expect(seen.map(({ url }) => new URL(url).searchParams.get('per_page'))).toEqual(['1000', '100']);
  });

  it.each([
    ['link by link', (page: number) => ({ link: linkTo(page + 1) })],
    ['by a Total that is never reached', () => ({ total: '1000000', 'per-page': '2' })],
  ])('that never ends, %s, is an error and not a shorter list', async (_how, headers) => {
    const { company, seen } = clientWorld(served(1000, headers));
    const error = await rejection(gather(company.list(rfis, { perPage: 2, readAhead: 1, mostPages: 5 })));
    expect(error).toMatchObject({ code: 'list_endless' });
    expect(error.message).toContain('more than 5 pages');
    expect(seen).toHaveLength(5);
  });

  it('that is none says so', async () => {
    const { company } = clientWorld([answered(200, { id: 1 })]);
    const error = await rejection(gather(company.list(`${rfis}?search=secret`)));
    expect(error).toMatchObject({ code: 'not_a_list' });
    expect(error.message).not.toContain('secret');
  });

  it('of what changed is asked for by a range of times', async () => {
    const { company, seen } = clientWorld([answered(200, [])]);
    await gather(company.listChanged(rfis, 1474648200, 1474650000));
    expect(new URL(seen[0]?.url ?? '').searchParams.get('filters[updated_at]')).toBe(
      '2016-09-23T16:30:00Z...2016-09-23T17:00:00Z',
    );
  });
});
