import { describe, expect, it } from 'vitest';
import { hooksApi } from '../../functions/webhook/hooks-api.ts';
import { clientWorld, gather, answered as procoreAnswers } from '../procore/client-world.ts';
import { answered, bridge, connectedStandIn } from './stand-in-api.ts';

/** The endpoints of a Procore that gives one answer; `asked` is what it was asked. */
function answering(status: number, body: unknown) {
  const list = Array.isArray(body) ? body : (body as { data?: unknown }).data;
  const { company, seen } = clientWorld([
    procoreAnswers(status, body, Array.isArray(list) ? { total: String(list.length) } : {}),
  ]);
  const asked = () =>
    seen.map(({ method, url, body: sent }) => {
      const { pathname, searchParams } = new URL(url);
      return { method, path: pathname, query: Object.fromEntries(searchParams), body: sent && JSON.parse(sent) };
    });
  return { api: hooksApi(company), asked };
}
const ofCompany = '/rest/v2.0/companies/5358233/webhooks';
const ofProject = `/rest/v2.0/companies/5358233/projects/${bridge}/webhooks`;

describe('a list of the webhook endpoints', () => {
  it('that never ends is refused, and not passed off as complete', async () => {
    const { clientThrough } = await connectedStandIn('endless');
    let pages = 0;
    const endless = clientThrough(async ({ path }) => {
      pages += 1;
      const link = `<${path}?page=${pages + 1}>; rel="next"`;
      return new Response(`[{"id":${pages}}]`, { headers: { link } });
    });
    await expect(hooksApi(endless).listProjects()).rejects.toMatchObject({ code: 'list_endless' });
    expect(pages).toBe(1000);
  });

  it('is read page by page to its end, a hundred at a time', async () => {
    const { client, procore, requests } = await connectedStandIn('many hooks');
    const fields = { companyId: client.companyId, payloadVersion: 'v4.0', triggers: [] } as const;
    for (let number = 1; number <= 250; number++) {
      procore.control.createHook({ ...fields, namespace: 'many', destinationUrl: `https://${number}.example/` });
    }
    const before = requests.length;
    expect(await hooksApi(client).listHooks(null, 'many')).toHaveLength(250);
    expect(requests.slice(before).map(({ query }) => [query.page, query.per_page])).toEqual([
      ['1', '100'],
      ['2', '100'],
      ['3', '100'],
    ]);
  });

  it('with an entry that has no id is refused', async () => {
    const { clientThrough } = await connectedStandIn('no id');
    const api = hooksApi(clientThrough(async () => answered(200, { data: [{ namespace: 'procore-connector' }] })));
    await expect(api.listHooks(bridge, 'procore-connector')).rejects.toMatchObject({ code: 'hooks_answer_invalid' });
  });

  it('of a project that the connection cannot see says so', async () => {
    const { client } = await connectedStandIn('hidden');
    await expect(hooksApi(client).listHooks('2468013579', 'procore-connector')).rejects.toMatchObject({ status: 404 });
  });
});

describe('a hook', () => {
  it('that is gone already can be deleted', async () => {
    const { client, requests } = await connectedStandIn('gone');
    await hooksApi(client).deleteHook(null, '2468013579');
    await hooksApi(client).deleteTriggers(null, '2468013579', ['1']);
    expect(requests.filter(({ method }) => method === 'DELETE')).toHaveLength(2);
  });

  it('that Procore refuses to delete is an error', async () => {
    const { clientThrough } = await connectedStandIn('refused');
    const api = hooksApi(clientThrough(async () => answered(403)));
    await expect(api.deleteHook(null, '1')).rejects.toMatchObject({ status: 403 });
  });

  const fields = {
    payloadVersion: 'v4.0',
    namespace: 'n',
    destinationUrl: 'https://a.example',
    authorization: 'Bearer x',
  } as const;
  const hook = {
    id: '77',
    status: 'active',
    payloadVersion: '',
    namespace: '',
    destinationUrl: '',
    authorization: null,
    triggerCount: undefined,
    projectId: null,
  };

  it('is made with our URL and header, at the company or at a project', async () => {
    const body = {
      payload_version: 'v4.0',
      namespace: 'n',
      destination_url: 'https://a.example',
      destination_headers: { Authorization: 'Bearer x' },
    };
    for (const [projectId, path] of [
      [null, `${ofCompany}/hooks`],
      [bridge, `${ofProject}/hooks`],
    ] as const) {
      const { api, asked } = answering(201, { data: { id: 77 } });
      expect(await api.createHook(projectId, fields)).toEqual(hook);
      expect(asked()).toEqual([{ method: 'POST', path, query: {}, body }]);
    }
  });

  it.each([
    [{ status: 'active' }, { status: 'active' }],
    [
      { status: 'disabled', namespace: 'm' },
      { status: 'disabled', namespace: 'm' },
    ],
    [{ payloadVersion: 'v2.0' }, { payload_version: 'v2.0' }],
    [{ destinationUrl: 'https://b.example' }, { destination_url: 'https://b.example' }],
    [{ authorization: 'Bearer y' }, { destination_headers: { Authorization: 'Bearer y' } }],
  ] as const)('is changed in what was asked and in nothing else: %j', async (change, body) => {
    const { api, asked } = answering(200, {});
    await api.changeHook(bridge, '77', change);
    expect(asked()).toEqual([{ method: 'PATCH', path: `${ofProject}/hooks/77`, query: {}, body }]);
  });

  it('is read with all its fields', async () => {
    const data = {
      id: 9007199254740991,
      status: 'disabled',
      payload_version: 'v4.0',
      namespace: 'n',
      destination_url: 'https://a.example',
      destination_headers: { Authorization: '****12345' },
      trigger_count: 3,
      project_id: 23498237,
    };
    expect(await answering(200, { data: [data] }).api.listHooks(null, 'n')).toEqual([
      {
        id: '9007199254740991',
        status: 'disabled',
        payloadVersion: 'v4.0',
        namespace: 'n',
        destinationUrl: 'https://a.example',
        authorization: '****12345',
        triggerCount: 3,
        projectId: '23498237',
      },
    ]);
  });

  it.each([
    { id: '77' },
    { id: '77', status: 'unheard of', trigger_count: '3' },
    { id: '77', namespace: 7, destination_headers: null },
    { id: '77', destination_headers: { Authorization: '' } },
    { id: '77', destination_headers: ['Authorization'] },
  ])('counts as active, and has nothing that Procore does not say: %j', async (data) => {
    expect(await answering(200, { data: [data] }).api.listHooks(null, 'n')).toEqual([hook]);
  });

  it.each([{ data: {} }, { data: null }, { id: 77 }, []])(
    'that Procore answers without an id was not created: %j',
    async (body) => {
      await expect(answering(201, body).api.createHook(null, fields)).rejects.toMatchObject({
        code: 'hooks_answer_invalid',
        message: `POST ${ofCompany}/hooks: the answer is not what the v2.0 reference of the webhook endpoints documents.`,
      });
    },
  );
});

describe('a trigger', () => {
  it.each([
    ['create', 'create'],
    ['CREATED', 'create'],
    ['Update', 'update'],
    ['updated', 'update'],
    ['DELETE', 'delete'],
    ['deleted', 'delete'],
    ['Recreated', 'recreated'],
    ['createx', 'createx'],
  ])('is read in each of Procore’s spellings: %s', async (event_type, action) => {
    const { api, asked } = answering(200, { data: [{ id: 1, event_type, resource_name: 'RFIs' }] });
    expect(await api.listTriggers(bridge, '77')).toEqual([{ id: '1', action, resourceName: 'RFIs' }]);
    expect(asked()).toMatchObject([{ method: 'GET', path: `${ofProject}/hooks/77/triggers` }]);
  });

  it.each([
    { event_type: 'create', resource_name: 'RFIs' },
    { id: 1, resource_name: 'RFIs' },
    { id: 1, event_type: 'create' },
    { id: 1, event_type: 'create', resource_name: '' },
    'text',
  ])('that cannot be read is an error, and is not passed over: %j', async (trigger) => {
    await expect(answering(200, { data: [trigger] }).api.listTriggers(null, '77')).rejects.toMatchObject({
      code: 'hooks_answer_invalid',
      message: expect.stringContaining(`GET ${ofCompany}/hooks/77/triggers: `),
    });
  });

  it('is made with others in one call, 500 at most', async () => {
    const triggers = Array.from({ length: 501 }, (_, index) => ({
      resourceName: `R${index}`,
      action: 'create' as const,
    }));
    const { company, seen } = clientWorld([procoreAnswers(201, {}), procoreAnswers(201, {})]);
    await hooksApi(company).createTriggers(null, '77', triggers);
    expect(seen.map(({ method, url }) => [method, new URL(url).pathname])).toEqual(
      Array(2).fill(['POST', `${ofCompany}/hooks/77/triggers/bulk`]),
    );
    const bodies = seen.map(({ body }) => JSON.parse(body));
    expect(bodies.map(({ length }) => length)).toEqual([500, 1]);
    expect(bodies.flat().at(-1)).toEqual({ resource_name: 'R500', event_type: 'create' });
  });
});

describe('the catalogue', () => {
  it('has each resource with its actions, those that we do not know as well', async () => {
    const data = [
      { name: 'RFIs', actions: ['create', 'UPDATED', 'archive'] },
      { name: 'Bids', actions: null },
    ];
    const { api, asked } = answering(200, { data });
    expect(await api.catalogue(null, 'v4.0')).toEqual([
      { name: 'RFIs', actions: ['create', 'update', 'archive'] },
      { name: 'Bids', actions: [] },
    ]);
    expect(asked()).toMatchObject([{ path: `${ofCompany}/resources`, query: { payload_version: 'v4.0' } }]);
  });

  it('with a resource that has no name is refused', async () => {
    const { api } = answering(200, { data: [{ actions: ['create'] }] });
    await expect(api.catalogue(null, 'v4.0')).rejects.toMatchObject({ code: 'hooks_answer_invalid' });
  });
});

describe('the deliveries of a hook', () => {
  it.each([
    [
      { status: 'discarded', startDay: '2025-02-06' },
      { 'filter[status]': 'discarded', 'filter[start]': '2025-02-06' },
    ],
    [{ startDay: '2025-02-06' }, { 'filter[start]': '2025-02-06' }],
  ] as const)('are asked for by status and day: %j', async (filter, query) => {
    const { api, asked } = answering(200, { data: [{ id: 5, payload: { id: 1 }, status: 'Discarded' }, { id: '6' }] });
    expect(await gather(api.deliveries(bridge, '77', filter))).toEqual([
      { id: '5', payload: { id: 1 }, status: 'discarded' },
      { id: '6', payload: null, status: '' },
    ]);
    expect(asked()).toEqual([
      {
        method: 'GET',
        path: `${ofProject}/hooks/77/deliveries`,
        query: { ...query, page: '1', per_page: '100' },
        body: '',
      },
    ]);
  });

  describe('hard case 41: before the first one', () => {
    const ask = {
      deliveries: (api: ReturnType<typeof hooksApi>) => gather(api.deliveries(null, '77', { startDay: '2025-02-06' })),
      triggers: (api: ReturnType<typeof hooksApi>) => api.listTriggers(bridge, '77'),
    };
    it.each([
      ['deliveries', 404, { message: 'Not Found' }],
      ['deliveries', 404, ''],
      ['deliveries', 200, { data: null }],
      ['triggers', 404, { errors: 'Not Found' }],
      ['triggers', 200, { data: null }],
    ] as const)('the %s of a hook are an empty list, although Procore answers %d %j', async (what, status, body) => {
      expect(await ask[what](answering(status, body).api)).toEqual([]);
    });

    it.each([
      ['deliveries', 404, '<!DOCTYPE html><title>Not found</title>'],
      ['triggers', 403, { message: 'no' }],
      ['deliveries', 200, { data: 'x' }],
    ] as const)('the %s are an error when Procore answers %d %j', async (what, status, body) => {
      await expect(ask[what](answering(status, body).api)).rejects.toThrow();
    });

    it('a 404 of the hook itself, or of the list of hooks, stays an error', async () => {
      await expect(answering(404, {}).api.changeHook(null, '77', {})).rejects.toMatchObject({ status: 404 });
      await expect(answering(404, {}).api.listHooks(null, 'n')).rejects.toMatchObject({ status: 404 });
    });

    it('a 404 behind deliveries that came is an error', async () => {
      const { company } = clientWorld([
        procoreAnswers(200, { data: [{ id: '1', payload: {} }], has_next_page: true }),
        procoreAnswers(404, {}),
      ]);
      const seen: unknown[] = [];
      const read = async () => {
        for await (const one of hooksApi(company).deliveries(null, '77', { startDay: '2025-02-06' })) seen.push(one);
      };
      await expect(read()).rejects.toMatchObject({ status: 404 });
      expect(seen).toHaveLength(1);
    });
  });

  it('with one that has no id are refused', async () => {
    const { api } = answering(200, { data: [{ payload: {} }] });
    await expect(gather(api.deliveries(null, '77', { startDay: '2025-02-06' }))).rejects.toMatchObject({
      code: 'hooks_answer_invalid',
    });
  });
});

it('the projects of a company are listed by their ids', async () => {
  const { api, asked } = answering(200, [{ id: 1 }, { id: '2' }]);
  expect(await api.listProjects()).toEqual(['1', '2']);
  expect(asked()).toMatchObject([{ path: '/rest/v1.0/projects', query: { company_id: '5358233' } }]);
});
