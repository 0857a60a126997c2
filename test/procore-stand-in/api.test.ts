import { describe, expect, it } from 'vitest';
import { sampleLists } from '../../lib/procore-stand-in/list-unknowns.ts';
import { callApi, callToken, connect, standIn } from './setup.ts';

const company = '5358233';
const project = '23498237';
const patient = { rateLimits: { windows: [{ limit: 100_000, seconds: 3600 }] } };

describe('access', () => {
  it('refuses no token, an unknown one and an expired one with 401 in drawn shapes', async () => {
    const shapes = new Set<string>();
    const procore = await standIn({ unknowns: patient });
    const { accessToken } = await connect(procore);
    await procore.control.advance(5400);
    for (const token of [undefined, 'unknown', accessToken]) {
      for (let call = 0; call < 10; call++) {
        const response = await callApi(procore, '/rest/v1.0/me', token === undefined ? {} : { token });
        expect(response.status).toBe(401);
        shapes.add(await response.text());
      }
    }
    expect(shapes.size).toBeGreaterThan(3);
  });

  it("refuses another environment's token", async () => {
    const production = await standIn({ environment: 'production' });
    const { accessToken } = await connect(await standIn({ environment: 'sandbox' }));
    expect((await callApi(production, '/rest/v1.0/me', { token: accessToken })).status).toBe(401);
  });

  it('needs no company header for me and companies, but a service account does', async () => {
    const procore = await standIn();
    const { accessToken } = await connect(procore);
    const { body } = await callToken(procore, { grant_type: 'client_credentials' });
    const service = body.access_token ?? '';
    for (const path of ['/rest/v1.0/me', '/rest/v1.0/companies']) {
      expect((await callApi(procore, path, { token: accessToken })).status).toBe(200);
      expect((await callApi(procore, path, { token: service })).status).toBeGreaterThanOrEqual(400);
      expect((await callApi(procore, path, { token: service, company })).status).toBe(200);
    }
  });

  it('answers a missing company header in many ways, an empty list among them', async () => {
    const seen = new Set<number>();
    const procore = await standIn({ unknowns: patient });
    const { accessToken: token } = await connect(procore);
    for (let call = 0; call < 40; call++) {
      const response = await callApi(procore, `/rest/v1.0/projects?company_id=${company}`, { token });
      seen.add(response.status);
      if (response.status === 200) expect(await response.json()).toEqual([]);
    }
    expect([...seen].sort()).toEqual([200, 400, 403, 422]);
  });

  it("hides a company that is not the header's with 404", async () => {
    const procore = await standIn();
    const { accessToken: token } = await connect(procore);
    const path = `/rest/v1.0/projects/${project}/rfis`;
    expect((await callApi(procore, path, { token, company: '562949953421312345' })).status).toBe(404);
    expect((await callApi(procore, '/rest/v1.0/projects/1/rfis', { token, company })).status).toBe(404);
  });

  it('says literally that the app is not connected', async () => {
    const procore = await standIn();
    const { accessToken: token } = await connect(procore);
    procore.control.setConnected(company, false);
    const response = await callApi(procore, `/rest/v1.0/projects?company_id=${company}`, { token, company });
    expect(response.status).toBe(403);
    expect(await response.text()).toBe('{"errors":["App is not connected to this company."]}');
    expect((await callApi(procore, '/rest/v1.0/me', { token })).status).toBe(200);
    procore.control.setConnected(company, true);
    expect((await callApi(procore, `/rest/v1.0/projects?company_id=${company}`, { token, company })).status).toBe(200);
  });

  it.each(['insufficient-permissions', 'tool-disabled', 'outside-scope'] as const)(
    'refuses %s with 403',
    async (kind) => {
      const procore = await standIn();
      const { accessToken: token } = await connect(procore);
      procore.control.setForbidden(project, kind);
      const rfis = await callApi(procore, `/rest/v1.0/projects/${project}/rfis`, { token, company });
      expect(rfis.status).toBe(403);
      const itself = await callApi(procore, `/rest/v1.0/projects/${project}?company_id=${company}`, { token, company });
      expect(itself.status).toBe(kind === 'outside-scope' ? 403 : 200);
      procore.control.setForbidden(project, undefined);
      expect((await callApi(procore, `/rest/v1.0/projects/${project}/rfis`, { token, company })).status).toBe(200);
    },
  );

  it('denies a new app the deprecated v1.0 webhook endpoints', async () => {
    const procore = await standIn();
    const { accessToken: token } = await connect(procore);
    const response = await callApi(procore, `/rest/v1.0/webhooks/hooks?company_id=${company}`, { token, company });
    expect([403, 404, 410]).toContain(response.status);
  });
});

describe('lists', () => {
  it('writes ids beyond 2^53 exactly: numbers in v1, strings in v2', async () => {
    const procore = await standIn();
    const { accessToken: token } = await connect(procore);
    const v1 = await callApi(procore, `/rest/v1.0/projects/${project}/rfis?per_page=2`, { token, company });
    expect(await v1.text()).toMatch(/^\[\{"id":9007199254740993,.*\{"id":9007199254740994,/);
    const v2Path = `/rest/v2.0/companies/${company}/projects/${project}/rfis?per_page=2`;
    const v2 = await callApi(procore, v2Path, { token, company });
    expect(await v2.text()).toMatch(/^\{"data":\[\{"id":"9007199254740993",/);
    const companies = await callApi(procore, '/rest/v1.0/companies', { token });
    expect(await companies.text()).toContain('{"id":562949953421312345,');
    const one = await callApi(procore, `/rest/v1.0/projects/${project}/rfis/9007199254740993`, { token, company });
    expect(await one.text()).toContain('{"id":9007199254740993,');
  });

  it('pages with Link, Total and Per-Page, and leaves next out on the last page', async () => {
    const procore = await standIn({ unknowns: { linkKeepsFilters: false }, lists: sampleLists });
    const { accessToken: token } = await connect(procore);
    const at = (page: number) =>
      callApi(procore, `/rest/v1.0/projects/${project}/rfis?page=${page}&per_page=50`, { token, company });
    const [first, second, last, beyond] = [await at(1), await at(2), await at(3), await at(4)];
    const rels = (response: Response) =>
      [...(response.headers.get('link') ?? '').matchAll(/rel="(\w+)"/g)].map(([, rel]) => rel).sort();
    expect(rels(first)).toEqual(['first', 'last', 'next']);
    expect(rels(second)).toEqual(['first', 'last', 'next', 'prev']);
    expect(rels(last)).toEqual(['first', 'last', 'prev']);
    expect(second.headers.get('total')).toBe('137');
    expect(second.headers.get('per-page')).toBe('50');
    expect(second.headers.get('link')).toContain(
      `<${procore.apiOrigin}/rest/v1.0/projects/${project}/rfis?page=3&per_page=50>; rel="next"`,
    );
    expect(await last.json()).toHaveLength(37);
    expect(await beyond.json()).toEqual([]);
  });

  it.each([true, false])('keeps filters in Link or drops them, by seed (keeps: %s)', async (linkKeepsFilters) => {
    const procore = await standIn({ unknowns: { linkKeepsFilters, singlePageHasLink: true }, lists: sampleLists });
    const { accessToken: token } = await connect(procore);
    const response = await callApi(procore, `/rest/v1.0/projects?company_id=${company}`, { token, company });
    expect(response.headers.get('link')?.includes('company_id')).toBe(linkKeepsFilters);
  });

  it('has 10 and at most 100 items a page in v2, and names the limit', async () => {
    const procore = await standIn({ lists: sampleLists });
    const { accessToken: token } = await connect(procore);
    const path = `/rest/v2.0/companies/${company}/projects/${project}/rfis`;
    const byDefault = await callApi(procore, path, { token, company });
    expect(((await byDefault.json()) as { data: unknown[] }).data).toHaveLength(10);
    const refused = await callApi(procore, `${path}?per_page=1000`, { token, company });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('Invalid per_page of 1000, exceeding max per_page of 100');
    expect((await callApi(procore, `${path}?page=0`, { token, company })).status).toBe(400);
  });

  it('filters by updated_at, which must be a range', async () => {
    const procore = await standIn({ unknowns: patient });
    const { accessToken: token } = await connect(procore);
    const list = (range: string) =>
      callApi(procore, `/rest/v1.0/projects/${project}/rfis?filters[updated_at]=${encodeURIComponent(range)}`, {
        token,
        company,
      });
    const found = await list('2026-11-24T11:55:00Z...2026-11-24T12:00:00Z');
    expect(await found.json()).toHaveLength(5);
    const refused = await list('2026-11-24T11:55:00Z');
    expect([400, 422]).toContain(refused.status);
    expect(await refused.text()).toContain('must be a range');
  });
});
