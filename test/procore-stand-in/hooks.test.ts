import { describe, expect, it } from 'vitest';
import type { ProcoreStandIn } from '../../lib/procore-stand-in/server.ts';
import { callApi, connect, destination, standIn } from './setup.ts';

const company = '5358233';
const project = '23498237';
const companyHooks = `/rest/v2.0/companies/${company}/webhooks/hooks`;
const projectHooks = `/rest/v2.0/companies/${company}/projects/${project}/webhooks/hooks`;
const patient = { rateLimits: { windows: [{ limit: 100_000, seconds: 3600 }] } };

interface HookData {
  readonly id: string;
  readonly status: string;
  readonly namespace: string;
  readonly destination_headers: { readonly Authorization: string };
  readonly company_id: string | null;
  readonly project_id: string | null;
  readonly trigger_count?: number;
}

type Call = (method: string, path: string, body?: unknown) => Promise<{ status: number; body: { data: never } }>;

async function connected(unknowns: Partial<ProcoreStandIn['unknowns']> = {}) {
  const procore = await standIn({ unknowns: { ...patient, ...unknowns } });
  const { accessToken: token } = await connect(procore);
  const call: Call = async (method, path, body) => {
    const response = await callApi(procore, path, { token, company, method, ...(body !== undefined && { body }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? { data: undefined as never } : JSON.parse(text) };
  };
  return { procore, token, call };
}

const newHook = {
  payload_version: 'v4.0',
  namespace: 'procore-connector',
  destination_url: 'https://webhooks.example.com/webhooks',
  destination_headers: { Authorization: 'Bearer secret-abcde' },
};

describe('hooks', () => {
  it('are created on a company and on a project, with the header masked but for five characters', async () => {
    const { call, procore } = await connected();
    const made = await call('POST', companyHooks, newHook);
    expect(made.status).toBe(201);
    expect(made.body.data).toEqual({
      id: expect.stringMatching(/^\d+$/),
      status: 'active',
      payload_version: 'v4.0',
      namespace: 'procore-connector',
      destination_headers: { Authorization: '*****abcde' },
      destination_url: 'https://webhooks.example.com/webhooks',
      trigger_count: 0,
      company_id: company,
      project_id: null,
      created_at: '2026-11-24T12:00:00Z',
      updated_at: '2026-11-24T12:00:00Z',
      hook_type: 'classic',
    });
    const ofProject: HookData = (await call('POST', projectHooks, newHook)).body.data;
    expect(ofProject).toMatchObject({ company_id: null, project_id: project });
    expect(procore.control.hooks()).toHaveLength(2);
  });

  it.each([
    ['http beyond this machine', { ...newHook, destination_url: 'http://webhooks.example.com/' }],
    ['a URL that is none', { ...newHook, destination_url: 'webhooks' }],
    ['a namespace with capitals', { ...newHook, namespace: 'Procore' }],
    ['a namespace with an underscore', { ...newHook, namespace: 'procore_connector' }],
    ['no namespace', { ...newHook, namespace: undefined }],
    ['no destination', { ...newHook, destination_url: undefined }],
    ['an unknown payload version', { ...newHook, payload_version: 'v9' }],
    ['a header with a line break', { ...newHook, destination_headers: { Authorization: 'a\r\nb' } }],
  ])('are refused for %s', async (_name, body) => {
    const { call, procore } = await connected();
    expect((await call('POST', companyHooks, body)).status).toBe(400);
    expect(procore.control.hooks()).toEqual([]);
  });

  it('are listed by namespace, which a company list must name', async () => {
    const { call } = await connected();
    await call('POST', companyHooks, newHook);
    await call('POST', companyHooks, { ...newHook, namespace: 'other' });
    expect((await call('GET', companyHooks)).status).toBe(400);
    const found: HookData[] = (await call('GET', `${companyHooks}?namespace=procore-connector`)).body.data;
    expect(found.map(({ namespace }) => namespace)).toEqual(['procore-connector']);
    expect(found[0]).not.toHaveProperty('trigger_count');
    const counted: HookData[] = (await call('GET', `${companyHooks}?namespace=other&include_trigger_count=true`)).body
      .data;
    expect(counted[0]?.trigger_count).toBe(0);
  });

  it.each(['all', 'procore'] as const)(
    'of a project are listed without namespace: %s, by seed',
    async (namespaceLeftOut) => {
      const { call } = await connected({ namespaceLeftOut });
      await call('POST', projectHooks, newHook);
      expect((await call('GET', projectHooks)).body.data).toHaveLength(namespaceLeftOut === 'all' ? 1 : 0);
    },
  );

  it('are changed, disabled and deleted; a masked header sent back becomes the header', async () => {
    const { call, procore } = await connected();
    const { id }: HookData = (await call('POST', companyHooks, newHook)).body.data;
    const disabled: HookData = (await call('PATCH', `${companyHooks}/${id}`, { status: 'disabled' })).body.data;
    expect(disabled).toMatchObject({ status: 'disabled', destination_headers: { Authorization: '*****abcde' } });
    await call('PATCH', `${companyHooks}/${id}`, { destination_headers: disabled.destination_headers });
    expect(procore.control.hooks()[0]?.authorization).toBe('*****abcde');
    expect((await call('PATCH', `${companyHooks}/${id}`, { status: 'paused' })).status).toBe(400);
    expect((await call('DELETE', `${companyHooks}/${id}`)).status).toBe(204);
    expect((await call('GET', `${companyHooks}/${id}`)).status).toBe(404);
  });

  it('of a company are not found under a project', async () => {
    const { call } = await connected();
    const { id }: HookData = (await call('POST', companyHooks, newHook)).body.data;
    expect((await call('GET', `${projectHooks}/${id}`)).status).toBe(404);
  });
});

describe('triggers', () => {
  async function withHook(unknowns: Partial<ProcoreStandIn['unknowns']> = {}) {
    const { call, ...rest } = await connected(unknowns);
    const { id }: HookData = (await call('POST', projectHooks, newHook)).body.data;
    return { ...rest, call, id, triggers: `${projectHooks}/${id}/triggers` };
  }

  it('are created, listed and deleted', async () => {
    const { call, triggers, id } = await withHook({ triggerEventType: 'CREATED' });
    const made = await call('POST', triggers, { resource_name: 'RFIs', event_type: 'update' });
    expect(made.status).toBe(201);
    expect(made.body.data).toEqual({
      id: expect.any(String),
      webhook_hook_id: id,
      resource_name: 'RFIs',
      event_type: 'UPDATED',
      company_id: null,
      project_id: project,
    });
    const { id: triggerId } = made.body.data as { id: string };
    expect((await call('GET', triggers)).body.data).toHaveLength(1);
    expect((await call('DELETE', `${triggers}/${triggerId}`)).status).toBe(204);
    expect((await call('DELETE', `${triggers}/${triggerId}`)).status).toBe(404);
  });

  it('spell the event type in one of three ways', async () => {
    for (const [triggerEventType, spelled] of [
      ['create', 'create'],
      ['CREATE', 'CREATE'],
      ['CREATED', 'CREATED'],
    ] as const) {
      const { call, triggers } = await withHook({ triggerEventType });
      const made = await call('POST', triggers, { resource_name: 'RFIs', event_type: 'create' });
      expect(made.body.data).toMatchObject({ event_type: spelled });
    }
  });

  it('keep a name of the other level without a word, and refuse or keep an unknown one', async () => {
    for (const unknownResourceName of ['refused', 'kept'] as const) {
      const { call, triggers } = await withHook({ unknownResourceName });
      const other = await call('POST', triggers, { resource_name: 'Company Users', event_type: 'update' });
      expect(other.status).toBe(201);
      const unknown = await call('POST', triggers, { resource_name: 'rfis', event_type: 'update' });
      if (unknownResourceName === 'kept') expect(unknown.status).toBe(201);
      else expect([400, 422]).toContain(unknown.status);
    }
  });

  it.each([{ event_type: 'update' }, { resource_name: 'RFIs' }, { resource_name: 'RFIs', event_type: 'CREATE' }])(
    'refuse %j',
    async (body) => {
      const { call, triggers } = await withHook();
      expect((await call('POST', triggers, body)).status).toBe(400);
    },
  );

  it('are created in bulk: 201, 207 with what failed, 413 beyond 500', async () => {
    const { call, triggers } = await withHook({ bulkOutcome: 'success-and-failed' });
    const good = { resource_name: 'RFIs', event_type: 'update' };
    expect((await call('POST', `${triggers}/bulk`, [good])).status).toBe(201);
    const mixed = await call('POST', `${triggers}/bulk`, [
      { ...good, event_type: 'delete' },
      { resource_name: 'Bids' },
    ]);
    expect(mixed.status).toBe(207);
    expect(mixed.body).toMatchObject({
      success: [{ resource_name: 'RFIs' }],
      failed: [
        {
          code: '400',
          message: 'Bad Request',
          trigger: { resource_name: 'Bids' },
          errors: { event_type: "Can't be blank" },
        },
      ],
    });
    expect((await call('POST', `${triggers}/bulk`, Array(501).fill(good))).status).toBe(413);
  });

  it('are deleted in bulk by an array of ids', async () => {
    const { call, triggers } = await withHook({ emptySubList: 'empty' });
    const made = await call('POST', triggers, { resource_name: 'RFIs', event_type: 'update' });
    const { id } = made.body.data as { id: string };
    const mixed = await call('DELETE', `${triggers}/bulk`, [id, '1']);
    expect(mixed).toEqual({ status: 207, body: { data: { succeeded: [id], failed: ['1'] } } });
    expect((await call('GET', triggers)).body.data).toEqual([]);
  });
});

describe('the catalogue', () => {
  it('differs between company and project, and needs a payload version', async () => {
    const { call } = await connected();
    const names = async (path: string) =>
      ((await call('GET', `${path}?payload_version=v4.0`)).body.data as { name: string }[]).map(({ name }) => name);
    const ofCompany = await names(`/rest/v2.0/companies/${company}/webhooks/resources`);
    const ofProject = await names(`/rest/v2.0/companies/${company}/projects/${project}/webhooks/resources`);
    expect(ofCompany).toContain('Company Users');
    expect(ofCompany).not.toContain('RFIs');
    expect(ofProject).toContain('RFIs');
    expect(ofProject).toContain('Purchase Order Contract Line Items');
    expect((await call('GET', `/rest/v2.0/companies/${company}/webhooks/resources`)).status).toBe(400);
  });
});

describe('the deliveries list', () => {
  it('has payload, exact ids and attempts, and filters succeeded where the data says delivered', async () => {
    const { procore, call, token } = await connected({ deliveriesOrder: 'oldest-first' });
    const there = await destination();
    const hook = procore.control.createHook({
      payloadVersion: 'v2',
      namespace: 'a',
      destinationUrl: there.url,
      authorization: 'Bearer x',
      companyId: company,
      projectId: project,
      triggers: [{ resourceName: 'RFIs', eventType: 'update' }],
    });
    const event = { resourceName: 'RFIs', eventType: 'update', companyId: company, projectId: project };
    await procore.control.emitEvent({ ...event, resourceId: '9007199254740993' });
    there.answer = 500;
    await procore.control.emitEvent({ ...event, resourceId: '54321' });

    const path = `${projectHooks}/${hook.id}/deliveries`;
    const text = await (await callApi(procore, `${path}?filter[status]=succeeded`, { token, company })).text();
    expect(text).toContain('"status":"delivered"');
    expect(text).toContain('"resource_id":9007199254740993');
    const [{ payload = '' } = {}] = procore.control.deliveries();
    expect(text).toContain(`"payload":${payload}`);
    const retrying = (await call('GET', `${path}?filter[status]=retrying`)).body.data as unknown[];
    expect(retrying).toEqual([
      expect.objectContaining({
        status: 'retrying',
        delivery_attempts: [expect.objectContaining({ success: false, response_status: 500, response_body: 'thanks' })],
      }),
    ]);
    expect((await call('GET', `${path}?filter[status]=delivered`)).status).toBe(400);
    expect((await call('GET', `${path}?filter[resource_name]=Bids`)).body.data).toEqual([]);
    expect((await call('GET', `${path}?filter[start]=2026-11-25`)).body.data).toEqual([]);
    expect((await call('GET', `${path}?filter[end]=2026-11-24`)).body.data).toHaveLength(2);
    expect((await call('GET', `${path}?filter[end]=today`)).status).toBe(400);
  });
});
