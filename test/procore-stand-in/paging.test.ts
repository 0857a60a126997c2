import { describe, expect, it } from 'vitest';
import { drawLists, sampleLists } from '../../lib/procore-stand-in/list-unknowns.ts';
import { cutPage, type PagingRules } from '../../lib/procore-stand-in/paging.ts';
import { callApi, connect, seeds, standIn } from './setup.ts';

const list = Array.from({ length: 25 }, (_unused, index) => index);
const sample: PagingRules = {
  ...sampleLists,
  linkKeepsFilters: false,
  singlePageHasLink: true,
  defaultPerPage: 10,
  maxPerPage: 20,
};

function page(query: string, rules: Partial<PagingRules> = {}) {
  return cutPage(list, new URL(`http://localhost:4405/rest/v1.0/things?${query}`), { ...sample, ...rules });
}

const headersOf = (rules: Partial<PagingRules>, query = 'page=1') => {
  const cut = page(query, rules);
  return 'refused' in cut ? {} : cut.headers;
};

describe('a page', () => {
  it.each([
    ['link-and-total', ['link', 'per-page', 'total']],
    ['link', ['link', 'per-page']],
    ['total', ['per-page', 'total']],
    ['none', []],
  ] as const)('has the headers of its style: %s', (headers, names) => {
    expect(Object.keys(headersOf({ headers })).sort()).toEqual(names);
  });

  it.each([
    ['asked', '<http://localhost:4405/rest/v1.0/things?page=2&per_page=10>; rel="next"'],
    ['other-scheme', '<https://localhost:4405/rest/v1.0/things?page=2&per_page=10>; rel="next"'],
    ['other-host', '<http://api-gateway.internal:8080/rest/v1.0/things?page=2&per_page=10>; rel="next"'],
    ['relative', '</rest/v1.0/things?page=2&per_page=10>; rel="next"'],
  ] as const)('links to where its style leads: %s', (linkOrigin, next) => {
    expect(headersOf({ linkOrigin }).link?.split(', ').at(-1)).toBe(next);
  });

  it('is the whole list on every page where the list does not page', () => {
    for (const query of ['', 'page=2&per_page=5', 'page=1000']) {
      expect(page(query, { pages: false })).toEqual({ items: list, headers: { total: '25' }, hasNext: false });
    }
  });

  it('has at most the greatest per_page, or is refused with the text of its style', () => {
    expect(page('per_page=1000', { greaterPerPage: 'capped' })).toMatchObject({
      items: list.slice(0, 20),
      headers: { 'per-page': '20', total: '25' },
      hasNext: true,
    });
    expect(page('per_page=1000')).toEqual({
      property: 'per_page',
      refused: 'Invalid per_page of 1000, exceeding max per_page of 20',
    });
    expect(page('per_page=1000', { refusal: 'per_page is invalid' })).toMatchObject({ refused: 'per_page is invalid' });
  });

  it('says that nothing follows on the last one, and is empty beyond it', () => {
    expect(page('page=3')).toMatchObject({ items: [20, 21, 22, 23, 24], hasNext: false });
    expect(page('page=4')).toMatchObject({ items: [], hasNext: false });
    expect(headersOf({}, 'page=3').link).not.toContain('next');
  });
});

describe('the lists of a stand-in', () => {
  it('draw a style each, and keep to it', () => {
    const styles = seeds.map((seed) => drawLists(seed));
    expect(styles.some((draw) => draw('RFIs v1').headers !== draw('hooks v2').headers)).toBe(true);
    for (const seed of seeds) expect(drawLists(seed)('RFIs v1')).toEqual(drawLists(seed)('RFIs v1'));
  });

  it.each([
    ['absent', {}],
    ['beside-data', { has_next_page: true }],
    ['in-pagination', { pagination: { has_next_page: true } }],
  ] as const)('may say in a body of v2 whether a page follows: %s', async (hasNextPage, told) => {
    const procore = await standIn({ lists: { hasNextPage, pages: true } });
    const { accessToken: token } = await connect(procore);
    const path = '/rest/v2.0/companies/5358233/projects/23498237/rfis';
    const { data, ...rest } = (await (await callApi(procore, path, { token, company: '5358233' })).json()) as {
      readonly data: unknown[];
    };
    expect(data).toHaveLength(10);
    expect(rest).toEqual(told);
  });
});
