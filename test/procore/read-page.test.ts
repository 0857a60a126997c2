import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExactJson } from '../../functions/procore/exact-json.ts';
import { withQuery } from '../../functions/procore/listing.ts';
import { perPageOf, smallerPerPage } from '../../functions/procore/page-size.ts';
import { type PagingStyle, pagingStyleOf, readPage } from '../../functions/procore/paging.ts';

const path = '/rest/v1.0/projects';

function read(headers: Record<string, string>, body: ExactJson, style: PagingStyle = 'page', page = 1) {
  return readPage({ headers: new Headers(headers), body }, { path, style, asked: { page } });
}
const next = (...parameters: Parameters<typeof read>) => read(...parameters).next;
const link = (query: string, relation = 'next') => ({ link: `<https://x.example/a?${query}>; rel="${relation}"` });

describe('the items of a page', () => {
  it.each<[ExactJson]>([
    [[1]],
    [{ data: [1] }],
    [{ data: [1], other: [2] }],
    [{ rfis: [1] }],
    [{ rfis: [1], total: 1 }],
    [{ rfis: [1], errors: [], error: null, warnings: ['slow'] }],
    [{ data: { rfis: [1] } }],
    [[{ possible_pages: 1, current_page: 0, data: [1] }]],
  ])('are its list, in an envelope or not: %j', (body) => {
    expect(read({}, body).items).toEqual([1]);
  });

  it('are none where data is null, as a list is written that was never filled', () => {
    expect(read({}, { data: null }).items).toEqual([]);
  });

  it.each<[ExactJson]>([
    [null],
    ['x'],
    [{}],
    [{ id: 1 }],
    [{ a: [1], b: [2] }],
    [{ id: 1, a: [1] }],
    [{ data: { id: 1, a: [1] } }],
  ])('are not in %j', (body) => {
    expect(() => read({}, body)).toThrow(`${path} answered with something other than a list.`);
  });

  it('are none where there is no content', () => {
    expect(
      readPage({ status: 204, headers: new Headers(), body: null }, { path, style: 'page', asked: { page: 1 } }),
    ).toEqual({ items: [], next: 'unknown' });
  });

  it.each<[ExactJson]>([
    [{ errors: ['Invalid date'] }],
    [{ errors: { base: ['Invalid date'] }, data: [] }],
    [{ error: 'Invalid date', data: [1] }],
    [{ error: { code: 'BAD_REQUEST' }, data: null }],
  ])('are not those of a success that says what failed: %j', (body) => {
    expect(() => read({}, body)).toThrow(`${path} answered with success, and with errors in place of a whole list.`);
  });

  it('are counted by the headers, where those are numbers', () => {
    expect(read({ total: ' 7 ', 'per-page': '2' }, [1])).toStrictEqual({
      items: [1],
      total: 7,
      perPage: 2,
      next: 'unknown',
    });
    for (const total of ['', 'many', '7.5', '7 of 9', '-1', '1234567890123']) {
      expect(read({ total, 'per-page': '2' }, [1])).toStrictEqual({ items: [1], perPage: 2, next: 'unknown' });
    }
  });
});

describe('behind a page there is', () => {
  it.each([
    ['the one that the link names, if it is a later one', () => next(link('page=3'), [1]), { page: 3 }],
    ['more, if the link leads to itself', () => next(link('page=2'), [1], 'page', 2), 'more'],
    ['more, if the link leads back', () => next(link('page=1'), [1], 'page', 2), 'more'],
    ['more, if the link names no page', () => next(link('sort=id'), [1]), 'more'],
    ['what the link has in its place', () => next(link('offset=20'), [1]), { cursor: '20', parameter: 'offset' }],
    ['the one that a link in the body names', () => next({}, { data: [1], links: { next: '/a?page=2' } }), { page: 2 }],
    ['the one of its href', () => next({}, { data: [1], _links: { next: { href: '/a?page=2' } } }), { page: 2 }],
    ['the one whose number is in the body', () => next({}, { data: [1], meta: { next_page: 3 } }), { page: 3 }],
    ['nothing, if that is null', () => next({}, { data: [1], meta: { next_page: null } }), 'none'],
    ['nothing, if the link in the body is null', () => next({}, { data: [1], links: { next: null } }), 'none'],
    ['nothing, if the cursor is null', () => next({}, { data: [1], next_cursor: null }), 'none'],
    ['more, if there are more pages', () => next({}, { data: [1], meta: { total_pages: 3 } }, 'page', 2), 'more'],
    ['nothing, if this is the last of so many', () => next({}, { data: [1], total_pages: 3 }, 'page', 3), 'none'],
    [
      'the one behind it, of pages that are numbered from 0',
      () => next(link('page=1'), [1], 'page_from_0'),
      { page: 2 },
    ],
    ['the one of a single quote', () => next({ link: "<a?page=2>; rel='next'" }, [1]), { page: 2 }],
    ['the one of two relations', () => next({ link: '<a?page=2>; rel="last next"' }, [1]), { page: 2 }],
    ['the one behind a comma', () => next({ link: '<a?page=2>; title="a, b"; rel="next"' }, [1]), { page: 2 }],
    ['the one behind a space', () => next({ link: '<a?page=2> ; rel = next' }, [1]), { page: 2 }],
    ['nothing that another parameter names', () => next({ link: '<a?page=2>; not-rel="next"' }, [1]), 'unknown'],
    ['the one that a relative link names', () => next({ link: '</a?page=2>; rel=next' }, [1]), { page: 2 }],
    ['the one of the cursor that a link names', () => next(link('cursor=abc'), [1]), { cursor: 'abc' }],
    ['more, if it says so', () => next({}, { data: [1], has_next_page: true }, 'page', 4), 'more'],
    ['nothing, if it says that there is no more', () => next({}, { data: [1], has_next_page: false }), 'none'],
    ['perhaps more, if its links have only a first', () => next(link('page=1', 'first'), [1]), 'unknown'],
    ['nothing, if its links have only a previous', () => next(link('page=1', 'prev'), [1]), 'none'],
    ['nothing, if its last page is this one', () => next(link('page=1', 'LAST'), [1]), 'none'],
    ['more, if its last page is a later one', () => next(link('page=2', 'last'), [1]), 'more'],
    [
      'nothing, if its links have an odd order, case and quotes',
      () => next({ link: '<c>;title="b"; REL=Prev, <d>' }, [1]),
      'none',
    ],
    ['perhaps more, if its links are about something else', () => next(link('page=1', 'self'), [1]), 'unknown'],
    ['perhaps more, if nothing is said', () => next({}, [1]), 'unknown'],
    ['perhaps more, if only the total is said', () => next({ total: '6' }, [1]), 'unknown'],
    ['perhaps more, if only the size is said', () => next({ 'per-page': '3' }, [1]), 'unknown'],
    [
      'what the records cannot say: only what is beside them counts',
      () => next({}, { data: [{ has_next_page: true }] }),
      'unknown',
    ],
    ['what no text says', () => next({}, { data: [1], has_next_page: 'true' }), 'unknown'],
  ])('%s', (_, read, expected) => {
    expect(read()).toEqual(expected);
  });

  it.each([
    [
      'the cursor of the link',
      () => next(link('cursor=a#b'), { data: [1], next_cursor: 'c' }, 'cursor'),
      { cursor: 'a' },
    ],
    [
      'the cursor of the envelope',
      () => next({}, { data: [1], meta: { next_cursor: 'c' } }, 'cursor'),
      { cursor: 'c' },
    ],
    ['the cursor by another name', () => next({}, { data: [1], nextCursor: 'c' }, 'cursor'), { cursor: 'c' }],
    [
      'the end’s cursor',
      () => next({}, { data: [1], page_info: { end_cursor: 'c', has_next_page: true } }, 'cursor'),
      { cursor: 'c' },
    ],
    [
      'nothing, if it says so in spite of a cursor',
      () => next({}, { data: [1], cursor: 'c', has_next_page: false }, 'cursor'),
      'none',
    ],
    [
      'the cursor under the name that the answer tells',
      () => next({}, { data: [1], nextPageToken: 'c' }),
      { cursor: 'c', parameter: 'pageToken' },
    ],
    [
      'the cursor under the name that the path tells',
      () => next({}, { data: [1], pagination: { next_starting_after: 'c' } }, 'start_after'),
      { cursor: 'c' },
    ],
    ['a cursor that is a number', () => next({}, { data: [1], next_cursor: 20 }), { cursor: '20' }],
    [
      'the cursor of what is next, and not of what is before',
      () => next({}, { data: [1], page: { previous: { cursor: 'a' }, next: { cursor: 'c' } } }),
      { cursor: 'c' },
    ],
    [
      'the cursor behind this page, and not the one before or that of the page',
      () => next({}, { data: [1], cursor: 'b', cursors: { before: 'a', after: 'c' } }, 'cursor'),
      { cursor: 'c' },
    ],
    ['what nobody says', () => next({}, { data: [1], cursor: '', name: 'x', count: 5 }, 'cursor'), 'unknown'],
  ])('by cursor: %s', (_, read, expected) => {
    expect(read()).toEqual(expected);
  });
});

describe('a path', () => {
  it('tells the style of paging', () => {
    expect(pagingStyleOf('/rest/v1.0/webhooks/hooks/12/deliveries')).toBe('page_start');
    expect(pagingStyleOf('/rest/v1.0/webhooks/hooks/12/deliveries?company_id=5')).toBe('page_start');
    expect(pagingStyleOf('/rest/v2.0/companies/1/workflows/instances')).toBe('cursor');
    for (const other of [
      path,
      '/x/rest/v1.0/webhooks/hooks/12/deliveries',
      '/rest/v1.0/webhooks/hooks/12/deliveries/3',
      '/rest/v1.0/webhooks/hooks/1/2/deliveries',
      '/rest/v2.0/workflows/instances/3',
    ]) {
      expect(pagingStyleOf(other)).toBe('page');
    }
    expect(pagingStyleOf('/rest/v1.0/companies/5358233/projects')).toBe('none');
    expect(pagingStyleOf('/rest/v2.0/companies/5358233/projects')).toBe('page');
    const planning = '/rest/v1.0/workforce-planning/v2/companies/5358233';
    expect(pagingStyleOf(`${planning}/people`)).toBe('page_from_0');
    expect(pagingStyleOf(`${planning}/notification-profiles`)).toBe('starting_after');
    expect(pagingStyleOf(`${planning}/people/7/time-off`)).toBe('start_after');
  });

  it('tells how many items a page may have', () => {
    expect([perPageOf(path), perPageOf('/rest/v1.10/cost_codes-2')]).toEqual([1000, 1000]);
    expect(perPageOf(`${path}?company_id=5`)).toBe(1000);
    for (const other of [
      '/rest/v1.0/projects/',
      '/rest/v1.0/projects/1/rfis',
      '/rest/v2.0/projects',
      '/x/rest/v1.0/projects',
      '/rest/v1.0/',
    ]) {
      expect(perPageOf(other)).toBe(100);
    }
  });

  it('gets its query', () => {
    expect(withQuery(path)).toBe(path);
    expect(withQuery(path, { a: undefined })).toBe(path);
    expect(withQuery(path, { a: 1, b: true, d: 'é &' })).toBe(`${path}?a=1&b=true&d=%C3%A9+%26`);
    expect(withQuery(`${path}?z=1`, { a: 1 })).toBe(`${path}?z=1&a=1`);
  });
});

describe('hard case 39: array filters', () => {
  const written = (query: Parameters<typeof withQuery>[1]) => decodeURIComponent(withQuery(path, query));
  it('are written with brackets, once for each value', () => {
    expect(written({ 'filters[status]': [0, '1'] })).toBe(`${path}?filters[status][]=0&filters[status][]=1`);
    expect(written({ 'filters[id][]': ['7'] })).toBe(`${path}?filters[id][]=7`);
    expect(written({ 'filters[id]': '7', ids: [], view: 'extended' })).toBe(`${path}?filters[id]=7&view=extended`);
  });

  it('come to a server as they were given, whatever their names and values are', () => {
    const name = fc
      .tuple(fc.stringMatching(/^[a-z_]{1,8}$/), fc.constantFrom('', '[status]', '[a][b]'))
      .map((parts) => parts.join(''));
    const value = fc.oneof(fc.string(), fc.integer());
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(value, fc.array(value))), (query) => {
        const read = new URL(withQuery(path, query), 'https://any.invalid').searchParams;
        const given = Object.entries(query).flatMap(([key, one]) =>
          Array.isArray(one) ? one.map((each) => [`${key}[]`, String(each)]) : [[key, String(one)]],
        );
        expect([...read]).toEqual(given.map(([key = '', text = '']) => [key, text.toWellFormed()]));
      }),
    );
  });
});

describe('a refusal of a page size', () => {
  it.each([
    ['{"errors":["Invalid per_page of 1000, exceeding max per_page of 100"]}', 100],
    ['{"errors":{"per_page":["must be less than or equal to 250"]}}', 250],
    ['{"message":"per_page must be between 1 and 500"}', 500],
    ['{"error":{"code":"BAD_REQUEST","details":[{"message":"page size too large, the most is 20"}]}}', 20],
    ['The largest allowed value is 50 for PER PAGE', 50],
    ['pageSize of 1,000 exceeds 300', 300],
    ['per_page is too large', 100],
    ['{"errors":["Invalid per_page of 1000"]}', 100],
    ['max per_page of 0', 100],
    ['page is missing', undefined],
    ['', undefined],
  ])('tells a smaller one, in whatever words: %s', (text, smaller) => {
    expect(smallerPerPage({ status: 400, text }, 1000)).toBe(smaller);
    expect(smallerPerPage({ status: 422, text }, 1000)).toBe(smaller);
  });

  it('gets smaller with each refusal that names no number, and ends', () => {
    const sizes = [1000];
    for (let size: number | undefined = 1000; size !== undefined; ) {
      size = smallerPerPage({ status: 400, text: 'per_page is too large' }, size);
      if (size !== undefined) sizes.push(size);
    }
    expect(sizes).toEqual([1000, 100, 25, 6, 1]);
  });

  it('needs no words with 413, and is no refusal of a size with a status that has another cause', () => {
    expect(smallerPerPage({ status: 413, text: '' }, 1000)).toBe(100);
    for (const status of [200, 401, 403, 404, 408, 429, 500]) {
      expect(smallerPerPage({ status, text: 'GET /projects?per_page=1000' }, 1000)).toBeUndefined();
    }
  });
});
