import { describe, expect, it } from 'vitest';
import type { ExactJson } from '../../functions/procore/exact-json.ts';
import { withQuery } from '../../functions/procore/listing.ts';
import {
  allowedPerPage,
  type PagingStyle,
  pagingStyleOf,
  perPageOf,
  readLinks,
  readPage,
} from '../../functions/procore/paging.ts';

const path = '/rest/v1.0/projects';

function read(headers: Record<string, string>, body: ExactJson, style: PagingStyle = 'page', page = 1) {
  return readPage({ headers: new Headers(headers), body }, { path, style, page });
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
  ])('are its list, in an envelope or not: %j', (body) => {
    expect(read({}, body).items).toEqual([1]);
  });

  it.each<[ExactJson]>([[null], ['x'], [{}], [{ id: 1 }], [{ a: [1], b: [2] }]])('are not in %j', (body) => {
    expect(() => read({}, body)).toThrow(`${path} answered with something other than a list.`);
  });

  it('are counted by the headers, where those are numbers', () => {
    expect(read({ total: ' 7 ', 'per-page': '2' }, [1])).toStrictEqual({
      items: [1],
      total: 7,
      perPage: 2,
      next: { page: 2 },
    });
    for (const total of ['', 'many', '7.5', '7 of 9', '-1', '1234567890123']) {
      expect(read({ total, 'per-page': '2' }, [1])).toStrictEqual({ items: [1], perPage: 2, next: 'unknown' });
    }
  });
});

describe('behind a page there is', () => {
  it.each([
    ['the one that the link names, if it is a later one', () => next(link('page=3'), [1]), { page: 3 }],
    [
      'what the rest says, if the link leads back',
      () => next({ ...link('page=1'), total: '9', 'per-page': '3' }, [1], 'page', 2),
      { page: 3 },
    ],
    [
      'the next one, if it says that there is more',
      () => next({}, { data: [1], has_next_page: true }, 'page', 4),
      { page: 5 },
    ],
    ['nothing, if it says that there is no more', () => next({}, { data: [1], has_next_page: false }), 'none'],
    ['nothing, if its links have no next', () => next(link('page=1', 'first'), [1]), 'none'],
    ['nothing, if its links have only a previous', () => next(link('page=1', 'prev'), [1]), 'none'],
    ['nothing, if its links have only a last', () => next(link('page=1', 'LAST'), [1]), 'none'],
    [
      'another one, if the total is not reached',
      () => next({ total: '7', 'per-page': '3' }, [1], 'page', 2),
      { page: 3 },
    ],
    ['nothing, if the total is reached', () => next({ total: '6', 'per-page': '3' }, [1], 'page', 2), 'none'],
    ['perhaps more, if nothing is said', () => next({}, [1]), 'unknown'],
    ['perhaps more, if only the total is said', () => next({ total: '6' }, [1]), 'unknown'],
    ['perhaps more, if only the size is said', () => next({ 'per-page': '3' }, [1]), 'unknown'],
    ['nothing, if it is empty', () => next({}, []), 'none'],
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
    ['nothing without a cursor', () => next({}, { data: [1], cursor: '', name: 'x', count: 5 }, 'cursor'), 'none'],
  ])('by cursor: %s', (_, read, expected) => {
    expect(read()).toEqual(expected);
  });

  it('by its last id: what follows that one', () => {
    expect(next({}, [{ id: 1 }, { id: 2 }], 'page_start')).toEqual({ cursor: '2' });
    expect([next({}, [], 'page_start'), next({}, [{ name: 'x' }], 'page_start'), next({}, [5], 'page_start')]).toEqual([
      'none',
      'none',
      'none',
    ]);
  });
});

describe('links', () => {
  it('are read by relation, whatever their order, case and quotes', () => {
    const headers = new Headers({ link: '<a?x=1>; title="b"; REL=next, <c>;rel="Prev"; <d>' });
    expect([...readLinks(headers)]).toEqual([
      ['next', 'a?x=1'],
      ['prev', 'c'],
    ]);
    expect(readLinks(new Headers()).size).toBe(0);
  });
});

describe('a path', () => {
  it('tells the style of paging', () => {
    expect(pagingStyleOf('/rest/v1.0/webhooks/hooks/12/deliveries')).toBe('page_start');
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
  });

  it('tells how many items a page may have', () => {
    expect([perPageOf(path), perPageOf('/rest/v1.10/cost_codes-2')]).toEqual([1000, 1000]);
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
    expect(withQuery(path, { a: 1, b: true, c: ['x', 2], d: 'é &' })).toBe(`${path}?a=1&b=true&c=x&c=2&d=%C3%A9+%26`);
    expect(withQuery(`${path}?z=1`, { a: 1 })).toBe(`${path}?z=1&a=1`);
  });
});

describe('a refusal of a page size', () => {
  it.each([
    [['Invalid per_page of 1000, exceeding max per_page of 100'], 100],
    [['nothing', 'the maximum per_page is 50'], 50],
    [['Max per_page 20'], 20],
    [['max per_page of 0', 'max per_page of 7'], 7],
    [['per_page of 1000 is wrong'], undefined],
    [['no max per_page at all'], undefined],
    [[], undefined],
  ])('says how many are allowed: %j', (texts, allowed) => {
    expect(allowedPerPage(texts)).toBe(allowed);
  });
});
