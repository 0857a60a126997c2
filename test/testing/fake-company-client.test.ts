import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ProcoreApiError } from '../../functions/procore/api-error.ts';
import type { CompanyClient } from '../../functions/procore/client.ts';
import type { ExactJson } from '../../functions/procore/exact-json.ts';
import { fakeCompanyClient } from '../../lib/testing/fake-company-client.ts';
import { inTurn, noAnswer, refusal, UnplannedCallError } from '../../lib/testing/planned-answers.ts';
import { gather, rejection } from '../procore/client-world.ts';

const rfis = '/rest/v1.0/projects/1/rfis';

describe('a fake client of a company', () => {
  it('answers what is planned, and has the call', async () => {
    const procore = fakeCompanyClient({ [`GET ${rfis}/42`]: { id: 42, subject: 'Where?' } });
    const client: CompanyClient = procore;
    expect((await client.get(`${rfis}/42`)).body).toEqual({ id: 42, subject: 'Where?' });
    expect(procore.calls).toEqual([{ method: 'GET', path: `${rfis}/42`, query: {}, companyId: '5358233' }]);
  });

  it('gives ids beyond 2^53 as the real client does, and takes schemas', async () => {
    const procore = fakeCompanyClient({ [`GET ${rfis}/1`]: { id: 9007199254740993n } });
    expect((await procore.get(`${rfis}/1`)).body).toEqual({ id: '9007199254740993' });
    const { body } = await procore.get(`${rfis}/1`, { schema: z.object({ id: z.string() }) });
    expect(body.id).toBe('9007199254740993');
  });

  it('gives a list out page by page', async () => {
    const records = Array.from({ length: 250 }, (_, index) => ({ id: index + 1 }));
    const procore = fakeCompanyClient({ [`GET ${rfis}`]: records });
    expect(await gather(procore.list(rfis, { perPage: 100 }))).toEqual(records);
    expect(procore.calls.map(({ query }) => [query.page, query.per_page])).toEqual([
      ['1', '100'],
      ['2', '100'],
      ['3', '100'],
    ]);
  });

  it.each(['/rest/v2.0/companies/5358233/projects/1/rfis', '/rest/v1.0/companies/5358233/projects'] as const)(
    'gives the list %s in its own style',
    async (path) => {
      const records = Array.from({ length: 150 }, (_, index) => ({ id: String(index + 1) }));
      expect(await gather(fakeCompanyClient({ [`GET ${path}`]: records }).list(path))).toEqual(records);
    },
  );

  it('chooses by the query, the one that asks for most first', async () => {
    const procore = fakeCompanyClient({
      [`GET ${rfis}`]: [{ id: 1 }],
      [`GET ${rfis}?filters[status][]=open`]: [{ id: 2 }],
      [`GET ${rfis}?filters[status][]=open&filters[status][]=draft`]: [{ id: 3 }],
    });
    const ids = async (...status: string[]) =>
      await gather(procore.list(rfis, { query: { 'filters[status]': status } }));
    expect([await ids(), await ids('open'), await ids('draft', 'open')]).toEqual([
      [{ id: 1 }],
      [{ id: 2 }],
      [{ id: 3 }],
    ]);
  });

  it('answers a write by what was sent', async () => {
    const procore = fakeCompanyClient({
      [`POST ${rfis}`]: ({ body }) => ({ id: 7, got: JSON.stringify(body) }),
      [`DELETE ${rfis}/7`]: null,
    });
    const { status, body } = await procore.post(rfis, { rfi: { subject: 'Where?' } });
    expect({ status, body }).toEqual({ status: 201, body: { id: 7, got: '{"rfi":{"subject":"Where?"}}' } });
    expect(await procore.delete(`${rfis}/7`)).toMatchObject({ status: 204, body: null });
    expect(procore.calls[0]?.body).toEqual({ rfi: { subject: 'Where?' } });
  });

  it('makes of a refusal the error that Procore’s would be', async () => {
    const procore = fakeCompanyClient({ [`GET ${rfis}/9`]: refusal(404, { errors: 'Not found' }) });
    const error = await rejection(procore.get(`${rfis}/9`));
    expect(error).toBeInstanceOf(ProcoreApiError);
    expect(error).toMatchObject({ status: 404, code: 'not_visible' });
    expect(procore.calls).toHaveLength(1);
  });

  it('repeats what the real client repeats, without waiting', async () => {
    const procore = fakeCompanyClient({ [`GET ${rfis}/9`]: inTurn(refusal(503), noAnswer('timed_out'), { id: 9 }) });
    expect((await procore.get(`${rfis}/9`)).body).toEqual({ id: 9 });
    expect(procore.calls).toHaveLength(3);
  });

  it('gives up as the real client does', async () => {
    const procore = fakeCompanyClient({
      [`GET ${rfis}/1`]: refusal(429, '', { 'retry-after': '120' }),
      [`GET ${rfis}/2`]: noAnswer('connection_lost'),
      [`POST ${rfis}`]: noAnswer('timed_out'),
    });
    expect(await rejection(procore.get(`${rfis}/1`))).toMatchObject({ code: 'rate_limited', retryAfterSeconds: 120 });
    expect(await rejection(procore.get(`${rfis}/2`))).toMatchObject({
      exchange: { failure: 'connection_lost', tries: 5 },
    });
    expect(await rejection(procore.post(rfis, {}))).toMatchObject({ exchange: { failure: 'timed_out', tries: 1 } });
  });

  it('names a call that is not planned, what is, and what was perhaps meant', async () => {
    const procore = fakeCompanyClient({ [`GET ${rfis}/42`]: {}, 'GET /rest/v1.0/companies': [] });
    const error = await rejection(procore.get('/rest/v1.0/projects/1/rfi/42', { query: { view: 'short' } }));
    expect(error).toBeInstanceOf(UnplannedCallError);
    expect(error.message).toContain('No answer is planned for "GET /rest/v1.0/projects/1/rfi/42?view=short".');
    expect(error.message).toContain('Planned: GET /rest/v1.0/projects/1/rfis/42, GET /rest/v1.0/companies.');
    const near = await rejection(procore.get('/rest/v1.0/projects/1/rfi/42'));
    expect(near.message).toContain('Did you mean "GET /rest/v1.0/projects/1/rfis/42"?');
  });

  it('says of an answer that is undefined that it is, not that the call is unknown', async () => {
    const fixtures: Record<`GET ${string}`, ExactJson> = JSON.parse('{}');
    const procore = fakeCompanyClient({ [`GET ${rfis}`]: fixtures['GET /rfis'] as ExactJson });
    const { message } = await rejection(procore.get(rfis));
    expect(message).toBe(
      `The answer that is planned for "GET ${rfis}" is undefined. For one without a body plan null.`,
    );
  });

  it.each<[string, (client: CompanyClient) => Promise<unknown>]>([
    ['list', (client) => gather(client.list(rfis))],
    ['listChanged', (client) => gather(client.listChanged(rfis, 0, 1))],
    ['post', (client) => client.post(rfis, { origin_id: 'erp-1' })],
    ['patch', (client) => client.patch(rfis, {})],
    ['put', (client) => client.put(rfis, {})],
    ['delete', (client) => client.delete(rfis)],
    ['sync', (client) => client.sync(`${rfis}/sync`, [{ id: '1' }])],
  ])('names one of %s, and repeats nothing', async (_, call) => {
    const procore = fakeCompanyClient();
    const error = await rejection(call(procore));
    expect(error).toBeInstanceOf(UnplannedCallError);
    expect(error.message).toContain('Nothing is planned');
    expect(procore.calls).toHaveLength(1);
  });

  it('lets an error of the plan’s own function out', async () => {
    const procore = fakeCompanyClient({
      [`GET ${rfis}`]: () => {
        throw new TypeError('a fault of the test');
      },
    });
    await expect(procore.get(rfis)).rejects.toThrow(TypeError);
  });

  it('does not compile with a plan for something that is no call', () => {
    // @ts-expect-error A path begins with /rest/v.
    fakeCompanyClient({ 'GET /projects': [] });
    // @ts-expect-error There is no such method.
    fakeCompanyClient({ 'FETCH /rest/v1.0/projects': [] });
  });
});
