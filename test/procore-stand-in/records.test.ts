import { describe, expect, it } from 'vitest';
import { resourceKinds } from '../../lib/procore-stand-in/resource-kinds.ts';
import { callApi, connect, destination, standIn } from './setup.ts';

const company = '5358233';
const project = '23498237';
const patient = { rateLimits: { windows: [{ limit: 100_000, seconds: 3600 }] } };

async function connected(options: Parameters<typeof standIn>[0] = {}) {
  const procore = await standIn({ ...options, unknowns: { ...patient, ...options.unknowns } });
  const { accessToken: token } = await connect(procore);
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await callApi(procore, path, { token, company, method, body });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const list = async (path: string): Promise<Record<string, unknown>[]> => JSON.parse((await call('GET', path)).text);
  return { procore, call, list, ...procore.control };
}

/** The first list of a kind that can be written to, and the path of one of its records. */
function endpointsOf({ endpoints, level }: (typeof resourceKinds)[number]) {
  const fill = (path: string) => path.replace('{company}', company).replace('{project}', project);
  const of = (method: string, item: boolean) =>
    endpoints
      .find((one) => one.split(' ').includes(method) && one.endsWith('{id}') === item)
      ?.split(' ')
      .at(-1) ?? '';
  const owner = level === 'company' ? { company_id: company } : { project_id: project };
  const query = `?${new URLSearchParams(owner)}&per_page=100`;
  return {
    owner,
    list: `${fill(of('POST', false))}${query}`,
    item: (method: string, id: string) => `${fill(of(method, true)).replace('{id}', id)}${query}`,
    deletes: of('DELETE', true) !== '',
  };
}

describe.each(resourceKinds.map((kind) => [kind.name, kind] as const))('%s', (_name, kind) => {
  it('are created, read, changed and deleted by the API, which tells the hooks each time', async () => {
    const { procore, call, createHook, advance, deliveries } = await connected({
      lists: { pages: true, headers: 'none' },
    });
    const { url } = await destination();
    const ofProject = kind.level === 'project' ? { projectId: project } : {};
    const triggers = ['create', 'update', 'delete'].map((eventType) => ({ resourceName: kind.name, eventType }));
    createHook({
      companyId: company,
      ...ofProject,
      payloadVersion: 'v4.0',
      namespace: 'us',
      destinationUrl: url,
      triggers,
    });
    procore.control.setRfiCount(project, 0);
    const endpoints = endpointsOf(kind);
    const fields = { [kind.needs ?? 'title']: 'The one' };
    const body = (given: object) => ({
      ...endpoints.owner,
      ...(kind.body === undefined ? given : { [kind.body]: given }),
    });

    const created = await call('POST', endpoints.list, body(fields));
    expect(created.status).toBe(201);
    const id = /"id":"?(\d+)/.exec(created.text)?.[1] ?? '';
    expect((await call('GET', endpoints.list)).text).toContain('The one');
    expect((await call('PATCH', endpoints.item('PATCH', id), body({ note: 'Changed' }))).status).toBe(200);
    expect((await call('GET', endpoints.item('GET', id))).text).toContain('Changed');
    if (endpoints.deletes) {
      expect((await call('DELETE', endpoints.item('DELETE', id))).status).toBe(204);
      expect((await call('GET', endpoints.item('GET', id))).status).toBe(404);
    }
    await advance(0);
    const told = deliveries().map(({ payload }) => JSON.parse(payload) as { reason: string; resource_id: string });
    expect(told.every(({ resource_id }) => resource_id === id)).toBe(true);
    expect(told.map(({ reason }) => reason)).toEqual(['create', 'update', ...(endpoints.deletes ? ['delete'] : [])]);
  });

  it('are created, changed and deleted by people as well', async () => {
    const { createRecord, changeRecord, deleteRecord, call } = await connected();
    const owner = kind.level === 'company' ? company : project;
    const id = await createRecord(kind.name, owner, { title: 'By hand' });
    const path = endpointsOf(kind).item('GET', id);
    expect((await call('GET', path)).text).toContain('By hand');
    await changeRecord(kind.name, owner, id, { title: 'Anew' });
    expect((await call('GET', path)).text).toContain('Anew');
    await deleteRecord(kind.name, owner, id);
    expect((await call('GET', path)).status).toBe(404);
    await expect(changeRecord(kind.name, owner, id)).rejects.toThrow(`no record ${id}`);
    await expect(createRecord('Nothings', owner)).rejects.toThrow('keeps no Nothings');
  });
});

describe('writing', () => {
  it('is refused without what the record needs, without a body, and without a project', async () => {
    const { call } = await connected();
    const rfis = `/rest/v1.0/projects/${project}/rfis`;
    expect((await call('POST', rfis, { rfi: { subject: '' } })).status).toBe(422);
    expect([400, 422]).toContain((await call('POST', rfis, { subject: 'Elsewhere' })).status);
    expect([400, 422]).toContain(
      (await call('POST', '/rest/v1.0/punch_items', { punch_item: { name: 'One' } })).status,
    );
    const found = await call('POST', '/rest/v1.0/punch_items', { project_id: 23498237, punch_item: { name: 'One' } });
    expect(found.status).toBe(201);
  });

  it('is refused with the text of a lock', async () => {
    const { call, lockRecord } = await connected();
    const path = `/rest/v1.0/projects/${project}/rfis/9007199254740993`;
    lockRecord('9007199254740993', 'Status cannot be changed because it is set via workflow');
    const refused = await call('PATCH', path, { rfi: { status: 'closed' } });
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('set via workflow');
    lockRecord('9007199254740993', undefined);
    expect((await call('PATCH', path, { rfi: { status: 'closed' } })).status).toBe(200);
  });
});

describe('direct costs', () => {
  it('tell the hooks when they are created and changed, by a sync action as well', async () => {
    const { call, createHook, advance, deliveries } = await connected();
    const { url } = await destination();
    const triggers = ['create', 'update'].map((eventType) => ({ resourceName: 'Direct Costs', eventType }));
    const hook = { payloadVersion: 'v4.0', namespace: 'us', destinationUrl: url } as const;
    createHook({ companyId: company, projectId: project, ...hook, triggers });
    const path = `/rest/v1.0/projects/${project}/direct_costs`;
    await call('POST', path, { direct_cost: { origin_id: 'A' } });
    await call('PATCH', `${path}/sync`, { updates: [{ origin_id: 'A', description: 'Sand' }, { origin_id: 'B' }] });
    await advance(0);
    const told = deliveries().map(({ payload }) => (JSON.parse(payload) as { reason: string }).reason);
    expect(told).toEqual(['create', 'update', 'create']);
  });
});

describe('lists', () => {
  it('filter by several values in brackets, and by the last one without', async () => {
    const { list, createRecord } = await connected();
    for (const status of ['open', 'closed', 'draft']) await createRecord('Punch Items', project, { status });
    const of = async (query: string) =>
      (await list(`/rest/v1.0/punch_items?project_id=${project}&${query}`)).map(({ status }) => status);
    expect(await of('filters[status][]=open&filters[status][]=draft')).toEqual(['open', 'draft']);
    expect(await of('filters[status]=open&filters[status]=draft')).toEqual(['draft']);
  });

  it('ignore filters[updated_at] where the list does not know it', async () => {
    const { list, createRecord } = await connected();
    await createRecord('Task Items', project, { title: 'Old' });
    await createRecord('Punch Items', project, { name: 'Old' });
    const range = `project_id=${project}&filters[updated_at]=2030-01-01T00:00:00Z...2030-01-02T00:00:00Z`;
    expect(await list(`/rest/v1.0/task_items?${range}`)).toHaveLength(1);
    expect(await list(`/rest/v1.0/punch_items?${range}`)).toHaveLength(0);
  });

  it("of daily logs have today's approved ones, unless both ends of a time are given", async () => {
    const { list, call, createRecord } = await connected();
    for (const date of ['2026-11-23', '2026-11-24']) await createRecord('Manpower Logs', project, { date });
    await createRecord('Manpower Logs', project, { status: 'pending' });
    const path = `/rest/v1.0/projects/${project}/manpower_logs`;
    const days = async (query: string) => (await list(`${path}?${query}`)).map(({ date }) => date);
    expect(await days('')).toEqual(['2026-11-24']);
    expect(await days('log_date=2026-11-23')).toEqual(['2026-11-23']);
    expect(await days('start_date=2026-11-01&end_date=2026-11-24')).toEqual(['2026-11-23', '2026-11-24']);
    expect((await call('GET', `${path}?start_date=2026-11-01`)).text).toContain('parameters are required');
    expect((await call('GET', `${path}?start_date=2026-11-01&end_date=2026-12-24`)).text).toContain('cannot exceed');
  });

  it('of prime contracts are 200 and empty without permission, where others are refused', async () => {
    const { call, createRecord, setForbidden } = await connected();
    await createRecord('Prime Contracts', project, { number: '1' });
    setForbidden(project, 'insufficient-permissions');
    const seen = await call('GET', `/rest/v1.0/prime_contracts?project_id=${project}`);
    expect([seen.status, seen.text]).toEqual([200, '[]']);
    expect((await call('GET', `/rest/v1.0/punch_items?project_id=${project}`)).status).toBe(403);
  });
});

describe('projects', () => {
  it('are listed while they are active, and all of them on each page of the company’s list', async () => {
    const { list, setActive } = await connected();
    setActive(project, false);
    const names = async (path: string) => (await list(path)).map(({ name }) => name);
    const active = `/rest/v1.0/projects?company_id=${company}`;
    expect(await names(active)).toEqual(['Town Hall']);
    expect(await names(`${active}&filters[by_status]=Inactive`)).toEqual(['Harbour Bridge']);
    expect(await names(`${active}&filters[by_status]=All`)).toEqual(['Harbour Bridge', 'Town Hall']);
    for (const page of [1, 2, 9]) {
      const all = `/rest/v1.0/companies/${company}/projects?page=${page}&per_page=1`;
      expect(await names(all)).toEqual(['Harbour Bridge', 'Town Hall']);
    }
  });

  it.each([true, false])('may want company_id in their own path (wants it: %s)', async (projectNeedsCompanyId) => {
    const { call } = await connected({ unknowns: { projectNeedsCompanyId } });
    const path = `/rest/v1.0/projects/${project}`;
    const bare = await call('GET', path);
    if (projectNeedsCompanyId) expect(bare.text).toContain('company_id is required');
    else expect(bare.status).toBe(200);
    expect((await call('GET', `${path}?company_id=${company}`)).status).toBe(200);
  });

  it('are created and changed by the API, which tells the hooks of the company', async () => {
    const { call, createHook, advance, deliveries } = await connected();
    const { url } = await destination();
    const triggers = ['create', 'update'].map((eventType) => ({ resourceName: 'Projects', eventType }));
    createHook({ companyId: company, payloadVersion: 'v4.0', namespace: 'us', destinationUrl: url, triggers });
    const created = await call('POST', '/rest/v1.0/projects', { company_id: company, project: { name: 'Pier' } });
    expect(created.status).toBe(201);
    const { id } = JSON.parse(created.text) as { id: number };
    const path = `/rest/v1.0/projects/${id}?company_id=${company}`;
    expect((await call('PATCH', path, { project: { active: false } })).text).toContain('"active":false');
    const rfi = await call('POST', `/rest/v1.0/projects/${id}/rfis`, { rfi: { subject: 'The first' } });
    expect(rfi.status).toBe(201);
    await advance(0);
    expect(deliveries().map(({ payload }) => (JSON.parse(payload) as { reason: string }).reason)).toEqual([
      'create',
      'update',
    ]);
  });
});

describe('what is nowhere', () => {
  it('is an HTML page for a wrong path, and JSON for a hidden record', async () => {
    const { call } = await connected();
    const wrong = await call('GET', `/rest/v1.0/projects/${project}/nothing`);
    expect([wrong.status, wrong.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    const hidden = await call('GET', `/rest/v1.0/projects/${project}/rfis/1`);
    expect([hidden.status, hidden.headers.get('content-type')]).toEqual([404, 'application/json']);
  });
});

describe('zones', () => {
  it('are told for the company of the header', async () => {
    const { call } = await connected({ unknowns: { zones: ['uk01'] } });
    const { status, text } = await call('GET', '/rest/v1.0/company_base_url');
    expect([status, JSON.parse(text)]).toEqual([200, { zone: 'uk01', web_base_url: 'https://uk01.procore.com' }]);
  });
});

describe('entity tags', () => {
  it.each(['strong', 'weak'] as const)('that are %s spare who has the answer already its body', async (etag) => {
    const { procore } = await connected({ unknowns: { etag } });
    const { accessToken: token } = await connect(procore);
    const ask = (tag?: string) =>
      fetch(`${procore.apiOrigin}/rest/v1.0/me`, {
        headers: { authorization: `Bearer ${token}`, ...(tag !== undefined && { 'if-none-match': tag }) },
      });
    const tag = (await ask()).headers.get('etag') ?? '';
    expect(tag).toMatch(etag === 'weak' ? /^W\/"\w+"$/ : /^"\w+"$/);
    const unchanged = await ask(tag);
    expect([unchanged.status, await unchanged.text(), unchanged.headers.get('etag')]).toEqual([304, '', tag]);
    expect((await ask('"another"')).status).toBe(200);
  });

  it('may be absent', async () => {
    const { call } = await connected({ unknowns: { etag: 'none' } });
    expect((await call('GET', '/rest/v1.0/me')).headers.get('etag')).toBeNull();
  });
});

describe('what a hook has none of yet', () => {
  it.each([
    ['empty', 200, { data: [] }],
    ['null', 200, { data: null }],
    ['not-found', 404, undefined],
  ] as const)('may be %s', async (emptySubList, status, body) => {
    const { call, createHook, createRecord } = await connected({
      unknowns: { emptySubList },
      lists: { hasNextPage: 'absent' },
    });
    const { url: destinationUrl } = await destination();
    const fields = { payloadVersion: 'v4.0', namespace: 'us', destinationUrl } as const;
    const bare = createHook({ companyId: company, projectId: project, ...fields, triggers: [] });
    const hooks = `/rest/v2.0/companies/${company}/projects/${project}/webhooks/hooks`;
    for (const list of ['deliveries', 'triggers']) {
      const answer = await call('GET', `${hooks}/${bare.id}/${list}`);
      expect(answer.status).toBe(status);
      if (body) expect(JSON.parse(answer.text)).toEqual(body);
    }
    const trigger = { resourceName: 'RFIs', eventType: 'create' };
    const told = createHook({ companyId: company, projectId: project, ...fields, triggers: [trigger] });
    await createRecord('RFIs', project, { subject: 'New' });
    for (const list of ['deliveries', 'triggers']) {
      expect((await call('GET', `${hooks}/${told.id}/${list}`)).text).toContain('RFIs');
    }
  });
});
