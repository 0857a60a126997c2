import { describe, expect, it } from 'vitest';
import { ProcoreApiError } from '../../functions/procore/api-error.ts';
import type { ApiPath, CompanyClient } from '../../functions/procore/client.ts';
import { companyPauses } from '../../functions/procore/company-pauses.ts';
import type { Exchange } from '../../functions/procore/exchange.ts';
import { sharedRateBudget } from '../../functions/procore/rate-budget.ts';
import { virtualTime } from '../connection/virtual-time.ts';
import { memoryCompanyPauses, memoryRateBudget } from '../memory/rate-budget.ts';
import {
  answered,
  clientWorld,
  companyId,
  connectionLost,
  gather,
  notSent,
  recordingObserver,
  rejection,
  type Scripted,
  startTime,
} from './client-world.ts';

type Company = CompanyClient<'sandbox'>;

const path = '/rest/v1.0/projects/1/rfis';
const costs = '/rest/v1.0/projects/1/direct_costs';

describe('a write of which nobody knows the limit yet', () => {
  const { clock, sleep } = virtualTime(startTime);
  const limits = {
    'x-rate-limit-limit': '100',
    'x-rate-limit-remaining': '99',
    'x-rate-limit-reset': String(startTime + 60),
  };
  const firstWrite = (...script: Scripted[]) => {
    const { observer } = recordingObserver();
    const budget = sharedRateBudget({
      ...{ clock, sleep, observer, randomFraction: () => 0, store: memoryRateBudget(clock) },
    });
    return clientWorld(script, { budget, clock, sleep });
  };

  it.each([
    ['allowed', 200, limits],
    ['refused', 403, limits],
    ['refused without a limit', 403, {}],
  ])('is made after a read has told it, though that read is %s', async (_, status, headers) => {
    const { company, seen } = firstWrite(answered(status, { id: 1 }, headers), answered(201, { id: 5 }, headers));
    expect(await company.post(path, { subject: 'x' })).toMatchObject({ status: 201, body: { id: 5 } });
    expect(seen.map(({ method, url }) => [method, new URL(url).pathname])).toEqual([
      ['GET', '/rest/v1.0/me'],
      ['POST', path],
    ]);
  });
});

describe('what a call carries', () => {
  it('goes to the environment’s host with the company, the token and no more', async () => {
    const { company, seen } = clientWorld([answered(200, [])]);
    await company.get(path, { query: { 'filters[status]': 'open', view: ['a', 'b'] } });
    const [call] = seen;
    expect(call?.url).toBe(`https://sandbox.procore.com${path}?filters%5Bstatus%5D=open&view%5B%5D=a&view%5B%5D=b`);
    expect(call?.headers.get('procore-company-id')).toBe(companyId);
    expect(call?.headers.get('authorization')).toBe('Bearer token-1');
    expect(call?.headers.get('content-type')).toBeNull();
  });

  it('needs no company for me and companies', async () => {
    const { client, seen } = clientWorld([answered(200, { id: 1 })]);
    await client.get('/rest/v1.0/me');
    expect(seen[0]?.headers.get('procore-company-id')).toBeNull();
  });

  it('sends JSON with its content type and ids digit by digit', async () => {
    const { company, seen } = clientWorld([answered(201, '{"id":9223372036854775783,"name":"x"}')]);
    const { body } = await company.post(path, {
      rfi: { assignee_id: 9007199254740993n, vendor_id: '9007199254740995' },
    });
    expect(seen[0]?.headers.get('content-type')).toBe('application/json');
    expect(seen[0]?.body).toBe('{"rfi":{"assignee_id":9007199254740993,"vendor_id":"9007199254740995"}}');
    expect(body).toEqual({ id: '9223372036854775783', name: 'x' });
  });

  it.each([
    ['POST', (company: Company, body: object) => company.post(path, body as never, { query: { a: 1 } })],
    ['PATCH', (company: Company, body: object) => company.patch(path, body as never, { query: { a: 1 } })],
    ['PUT', (company: Company, body: object) => company.put(path, body as never, { query: { a: 1 } })],
    ['DELETE', (company: Company) => company.delete(path, { query: { a: 1 } })],
  ] as const)('is what its method says: %s', async (method, call) => {
    const { company, seen } = clientWorld([answered(200, {})]);
    await call(company, { name: 'x' });
    const isDelete = method === 'DELETE';
    expect(seen).toMatchObject([
      { method, url: `https://sandbox.procore.com${path}?a=1`, body: isDelete ? '' : '{"name":"x"}' },
    ]);
    const { headers } = seen[0] ?? {};
    expect(Object.fromEntries(headers ?? [])).toEqual({
      accept: 'application/json',
      authorization: 'Bearer token-1',
      'procore-company-id': companyId,
      ...(!isDelete && { 'content-type': 'application/json' }),
    });
  });

  it('is made with whatever time is left, in whole milliseconds or not', async () => {
    for (const left of [0.5, 1234.5678, Number.POSITIVE_INFINITY]) {
      const { company, seen } = clientWorld([answered(200, [])], { remaining: () => left });
      await company.get(path, { timeoutMs: left === Number.POSITIVE_INFINITY ? left : 30_000.25 });
      expect(seen).toHaveLength(1);
    }
  });

  it.each([
    ['/rest/v1.0/projects', '/rest/v1.0/projects?company_id=5358233'],
    ['/rest/v1.0/projects/23498237', '/rest/v1.0/projects/23498237?company_id=5358233'],
    ['/rest/v1.0/projects?page=2', '/rest/v1.0/projects?page=2&company_id=5358233'],
    ['/rest/v1.0/projects?company_id=7', '/rest/v1.0/projects?company_id=7'],
    ['/rest/v1.0/projects?company%5Fid=7', '/rest/v1.0/projects?company%5Fid=7'],
    ['/rest/v1.0/projects/23498237/rfis', '/rest/v1.0/projects/23498237/rfis'],
    ['/rest/v1.0/projects/sync', '/rest/v1.0/projects/sync'],
    ['/rest/v1.1/projects', '/rest/v1.1/projects?company_id=5358233'],
    ['/rest/v1.0/vendors/7', '/rest/v1.0/vendors/7?company_id=5358233'],
    ['/rest/v1.3/users', '/rest/v1.3/users?company_id=5358233'],
    ['/rest/v1.0/change_types', '/rest/v1.0/change_types?company_id=5358233'],
    ['/rest/v1.0/change_types/7', '/rest/v1.0/change_types/7'],
    ['/rest/v1.0/vendors/7/insurances', '/rest/v1.0/vendors/7/insurances'],
    ['/rest/v1.0/custom_field_metadata', '/rest/v1.0/custom_field_metadata'],
    ['/rest/v1.0/line_item_types', '/rest/v1.0/line_item_types?company_id=5358233'],
    ['/rest/v1.0/line_item_types?project_id=7', '/rest/v1.0/line_item_types?project_id=7'],
    ['/rest/v1.0/departments?project_id=7', '/rest/v1.0/departments?project_id=7&company_id=5358233'],
    ['/rest/v1.0/webhooks/hooks?project_id=7', '/rest/v1.0/webhooks/hooks?project_id=7'],
    ['/rest/v2.0/companies/5358233/projects', '/rest/v2.0/companies/5358233/projects'],
    ['/rest/v1.0/companies/5358233/projects', '/rest/v1.0/companies/5358233/projects'],
  ] as const)('has company_id in its query where Procore documents it, once: GET %s', async (asked, sent) => {
    const { company, seen } = clientWorld([answered(200, [])]);
    await company.get(asked);
    expect(seen.map(({ url }) => url)).toEqual([`https://sandbox.procore.com${sent}`]);
  });

  it('sends all of a path with a hash in it, which would end a URL', async () => {
    const { company, seen } = clientWorld([answered(200, [])]);
    await company.get('/rest/v1.0/projects/1/rfis?search=RFI #12', { query: { page: 2 } });
    expect(new URL(seen[0]?.url ?? '').searchParams.get('search')).toBe('RFI #12');
    expect(new URL(seen[0]?.url ?? '').searchParams.get('page')).toBe('2');
  });

  it('has the caller’s company_id instead of its own', async () => {
    const { company, seen } = clientWorld([answered(200, []), answered(200, [])]);
    await company.get('/rest/v1.0/projects', { query: { company_id: '7' } });
    await company.get('/rest/v1.0/projects', { query: { company_id: undefined, page: 2 } });
    expect(seen.map(({ url }) => new URL(url).search)).toEqual(['?company_id=7', '?page=2&company_id=5358233']);
  });

  it('has company_id on every page of such a list', async () => {
    const pages = [1, 2].map((id) => answered(200, [{ id }], { total: '2', 'per-page': '1' }));
    const { company, seen } = clientWorld(pages);
    expect(await gather(company.list('/rest/v1.0/projects'))).toEqual([{ id: 1 }, { id: 2 }]);
    const sent = seen.map(({ url }) => new URL(url).searchParams);
    expect(sent.map((query) => [query.getAll('company_id'), query.get('page')])).toEqual([
      [['5358233'], '1'],
      [['5358233'], '2'],
    ]);
  });

  it('has no company_id added to a write', async () => {
    const { company, seen } = clientWorld([answered(200, {})]);
    await company.patch('/rest/v1.0/projects/1', {});
    expect(new URL(seen[0]?.url ?? '').search).toBe('');
  });

  it('says whose it is', () => {
    const { client, company } = clientWorld([]);
    expect([client.environment, company.environment, company.companyId]).toEqual(['sandbox', 'sandbox', companyId]);
  });

  it('is not repeated for a DELETE that may have worked', async () => {
    const { company, seen } = clientWorld([answered(503, '')]);
    expect(await rejection(company.delete(path))).toMatchObject({ code: 'overloaded' });
    expect(seen).toHaveLength(1);
  });

  it('refuses a company id that is not a text of digits', () => {
    const { client } = clientWorld([]);
    for (const id of ['', 'acme', '12 ', '-1']) expect(() => client.company(id)).toThrow(/must be a text of digits/);
  });

  it('never sends a token to another host than the environment’s', async () => {
    const { company, seen } = clientWorld([], {
      origins: { apiOrigin: 'https://elsewhere.example' },
    });
    expect(await rejection(company.get(path))).toMatchObject({ code: 'foreign_token' });
    expect(seen).toHaveLength(0);
  });

  it.each([
    '.elsewhere.example/rest/v1.0/projects',
    '@elsewhere.example/rest/v1.0/projects',
    ':8443/rest/v1.0/projects',
  ])('refuses a path that would make another host of it: %s', async (elsewhere) => {
    const { company, seen } = clientWorld([]);
    for (const call of [() => company.get(elsewhere as ApiPath), () => company.post(elsewhere as ApiPath, {})]) {
      expect(await rejection(call())).toMatchObject({ code: 'invalid_api_path' });
    }
    expect(await rejection(gather(company.list(elsewhere as ApiPath)))).toMatchObject({ code: 'invalid_api_path' });
    expect(seen).toHaveLength(0);
  });

  it('follows no redirect, which would take the token along', async () => {
    const { company, seen } = clientWorld([answered(302, '', { location: 'https://elsewhere.example/' })]);
    await expect(company.get(path)).rejects.toBeInstanceOf(ProcoreApiError);
    expect(seen.map(({ redirect }) => redirect)).toEqual(['manual']);
  });
});

describe('a token that is just being replaced', () => {
  it('is waited for, as long as access-token says', async () => {
    const world = clientWorld([answered(200, [])]);
    world.pendingUntil = startTime + 8;
    await world.time.run(world.company.get(path));
    expect(world.vendings).toHaveLength(3);
    expect(world.time.clock()).toBe(startTime + 10);
  });

  it('is waited for after a 401, too', async () => {
    const world = clientWorld([
      () => {
        world.pendingUntil = startTime + 3;
        return answered(401, { errors: 'Unauthorized' });
      },
      answered(200, []),
    ]);
    await world.time.run(world.company.get(path));
    expect(world.vendings.map(({ rejectedGeneration }) => rejectedGeneration)).toEqual([undefined, 1, 1]);
    expect(world.seen.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('is not waited for beyond the time that is left', async () => {
    const world = clientWorld([]);
    world.pendingUntil = startTime + 60;
    world.deadline = startTime + 12;
    expect(await world.time.run(rejection(world.company.get(path)))).toMatchObject({
      code: 'rotation_pending',
      retryAfterSeconds: 5,
    });
    expect(world.time.clock()).toBe(startTime + 10);
    expect(world.seen).toHaveLength(0);
  });
});

describe('a 401', () => {
  it('has the token replaced once, by generation, and the call repeated', async () => {
    const { company, seen, vendings } = clientWorld([
      answered(401, { errors: 'Unauthorized' }),
      answered(200, { id: 1 }),
    ]);
    expect((await company.post(path, { rfi: {} })).status).toBe(200);
    expect(vendings).toEqual([{ connectionId: 'acme' }, { connectionId: 'acme', rejectedGeneration: 1 }]);
    expect(seen.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('is final the second time', async () => {
    const { company, seen, vendings } = clientWorld([answered(401, {}), answered(401, {})]);
    expect(await rejection(company.get(path))).toMatchObject({ code: 'access_token_invalid', status: 401 });
    expect([seen.length, vendings.length]).toEqual([2, 2]);
  });

  it('is final when vending has no newer set: the 401 is then not about the token’s age', async () => {
    const world = clientWorld([answered(401, {})]);
    world.generation = 1;
    const { company, seen } = clientWorld([answered(401, {})], {
      tokens: {
        environment: 'sandbox',
        connectionId: 'acme',
        current: () => world.tokens.current(),
        rejected: () => world.tokens.current(),
      },
    });
    expect(await rejection(company.get(path))).toMatchObject({ code: 'access_token_invalid' });
    expect(seen).toHaveLength(1);
  });

  it.each([403, 404, 422, 400, 409])('is the only status that has a token replaced, not %i', async (status) => {
    const { company, seen, vendings } = clientWorld([answered(status, { errors: 'No' })]);
    await expect(company.get(path)).rejects.toMatchObject({ status });
    expect([seen.length, vendings.length]).toEqual([1, 1]);
  });

  it('that says "App is not connected" is no reason for a new token', async () => {
    const { company, vendings } = clientWorld([answered(401, { errors: ['App is not connected to this company.'] })]);
    expect(await rejection(company.get(path))).toMatchObject({ code: 'app_not_connected' });
    expect(vendings).toHaveLength(1);
  });
});

describe('waiting', () => {
  it('honours Retry-After before X-Rate-Limit-Reset', async () => {
    const headers = { 'retry-after': '7', 'x-rate-limit-reset': String(startTime + 40) };
    const { company, time } = clientWorld([answered(429, 'Too many', headers), answered(200, [])]);
    await time.run(company.post(path, { rfi: {} }));
    expect(time.clock() - startTime).toBeCloseTo(7.5);
  });

  it('honours X-Rate-Limit-Reset without Retry-After', async () => {
    const { company, time, counts } = clientWorld([
      answered(429, {}, { 'x-rate-limit-reset': String(startTime + 9) }),
      answered(200, []),
    ]);
    await time.run(company.get(path));
    expect(time.clock() - startTime).toBeCloseTo(9.5);
    expect(counts.apiThrottled).toBe(1);
  });

  it('does not take the hour’s reset, which every answer tells, for what a 503 asks for', async () => {
    const hourly = { 'x-rate-limit-limit': '600', 'x-rate-limit-remaining': '590' };
    const headers = { ...hourly, 'x-rate-limit-reset': String(startTime + 3000) };
    const { company, time } = clientWorld([answered(503, '', headers), answered(200, [])]);
    await time.run(company.get(path));
    expect(time.clock() - startTime).toBeLessThan(1);
  });

  it('backs off by itself when nothing is asked for', async () => {
    const script = [answered(502, '<html></html>'), answered(500, ''), answered(200, [])];
    const { company, time } = clientWorld(script);
    await time.run(company.get(path));
    expect(time.clock() - startTime).toBeCloseTo(0.25 + 0.5);
  });

  it('does not wait beyond the caller’s time, and says when to come again', async () => {
    const { company, time } = clientWorld([answered(429, {}, { 'retry-after': '2400' })]);
    const error = await time.run(rejection(company.get(path)));
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterSeconds: 2400 });
    expect(time.clock()).toBe(startTime);
  });

  it('outlives the token: the next try asks for one that is still valid', async () => {
    const world = clientWorld([answered(429, {}, { 'retry-after': '3000' }), answered(200, [])]);
    world.lifetime = 1800;
    world.deadline = startTime + 7200;
    await world.time.run(world.company.get(path));
    expect(world.vendings).toHaveLength(2);
  });

  it('gives up after five tries', async () => {
    const { company, time, seen } = clientWorld(Array.from({ length: 6 }, () => answered(503, '')));
    expect(await time.run(rejection(company.get(path)))).toMatchObject({ code: 'overloaded' });
    expect(seen).toHaveLength(5);
  });

  it('gives up a try that gets no answer in time', async () => {
    const never: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
    const { company } = clientWorld([], { fetch: never, remaining: () => 20 });
    const began = performance.now();
    expect(await rejection(company.get(path))).toMatchObject({ code: 'no_answer' });
    // By its own time-out it would wait for a minute.
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe('repeating a write', () => {
  const lost = [connectionLost, () => answered(500, ''), () => answered(504, '<html>Gateway Timeout</html>')];

  it.each(lost.map((make) => [make]))('is not done when the first try may have taken effect', async (make) => {
    const { company, time, seen } = clientWorld([make()]);
    await expect(time.run(company.post(path, { rfi: { subject: 'x' } }))).rejects.toBeInstanceOf(ProcoreApiError);
    expect(seen).toHaveLength(1);
  });

  it('is done when nothing was sent', async () => {
    const { company, time, seen } = clientWorld([notSent(), answered(201, { id: 1 })]);
    await time.run(company.post(path, { rfi: {} }));
    expect(seen).toHaveLength(2);
  });

  it('is done with an idempotency token, which is sent each time', async () => {
    const { company, time, seen } = clientWorld([connectionLost(), answered(201, { id: 1 })]);
    await time.run(company.post(path, { rfi: {} }, { idempotencyToken: 'my-mark' }));
    expect(seen.map(({ headers }) => headers.get('idempotency-token'))).toEqual(['my-mark', 'my-mark']);
  });

  it.each([
    ['lost its connection', () => connectionLost()],
    ['got no answer in time', () => Object.assign(new Error('late'), { name: 'TimeoutError' })],
    ['was answered with 500', () => answered(500, '')],
    ['cannot be read', () => answered(201, '<html>')],
  ])('is done with an origin_id, and the record of the try that %s is the result', async (_, lostTry) => {
    const { company, time, seen } = clientWorld([
      lostTry(),
      answered(422, { errors: { origin_id: ['has already been taken'] } }),
      answered(200, '[{"id":9007199254740993,"origin_id":"erp-7"}]', { total: '1', 'per-page': '100' }),
    ]);
    const { body } = await time.run(company.post(costs, { direct_cost: { origin_id: 'erp-7' } }));
    expect(body).toEqual({ id: '9007199254740993', origin_id: 'erp-7' });
    expect(seen[2]?.url).toContain('filters%5Borigin_id%5D=erp-7');
  });

  it('believes no record of another origin_id', async () => {
    const { company, time } = clientWorld([
      connectionLost(),
      answered(422, { errors: { origin_id: ['has already been taken'] } }),
      answered(200, [{ id: 1, origin_id: 'erp-8' }], { total: '1', 'per-page': '100' }),
    ]);
    const work = company.post(costs, { direct_cost: { origin_id: 'erp-7' } });
    expect(await time.run(rejection(work))).toMatchObject({ code: 'duplicate_origin_id' });
  });

  it.each([
    ['is refused', answered(404, { errors: 'Not Found' }), 'duplicate_origin_id'],
    ['is none', answered(200, { id: 1 }), 'duplicate_origin_id'],
    // Later the record can be found.
    ['does not come now', answered(503, '', { 'retry-after': '3000' }), 'overloaded'],
  ])('says of a duplicate whose list %s what waiting can change', async (_what, list, code) => {
    const { company, time } = clientWorld([
      connectionLost(),
      answered(422, { errors: { origin_id: ['has already been taken'] } }),
      list,
    ]);
    const work = company.post(costs, { direct_cost: { origin_id: 'erp-7' } });
    expect(await time.run(rejection(work))).toMatchObject({ code });
  });

  it('takes a duplicate at the first try for what it is: somebody else’s record', async () => {
    const { company, seen } = clientWorld([answered(422, { errors: ['origin_id has already been taken'] })]);
    const error = await rejection(company.post(costs, { direct_cost: { origin_id: 'erp-7' } }));
    expect(error).toMatchObject({ code: 'duplicate_origin_id' });
    expect(seen).toHaveLength(1);
  });
});

describe('an answer', () => {
  it('of success that is not JSON is an error that says so, and a read is tried again', async () => {
    const { company, time, seen } = clientWorld([answered(200, '<html>login</html>'), answered(200, { id: 1 })]);
    expect((await time.run(company.get(path))).body).toEqual({ id: 1 });
    expect(seen).toHaveLength(2);
    const other = clientWorld([answered(200, '{"id":')]);
    expect(await rejection(other.company.post(path, {}))).toMatchObject({ code: 'unreadable_answer' });
  });

  it('without a body is null', async () => {
    const { company } = clientWorld([answered(204, '')]);
    expect(await company.delete('/rest/v1.0/projects/1/rfis/2')).toMatchObject({ status: 204, body: null });
  });
});

describe('an error', () => {
  it('says what was wrong and what to do, and has Procore’s request id', async () => {
    const { company } = clientWorld([
      answered(403, { errors: ['App is not connected to this company.'] }, { 'x-request-id': 'r-1' }),
    ]);
    const error = await rejection(company.get(path, { query: { search: 'private words' } }));
    expect(error.message).toBe(
      `GET ${path}: status 403. The app is not installed in this company, or the company's administrator has ` +
        'disconnected it. Ask the company administrator to connect the app again (Company Admin > App Management). ' +
        'Calls pause until then, and go on by themselves.',
    );
    expect(error).toMatchObject({ requestId: 'r-1', status: 403 });
  });

  it('and the log hold neither token nor query nor body', async () => {
    const { company, notes, counts } = clientWorld([answered(422, { errors: 'token-1 was wrong' })]);
    const error = await rejection(company.get(path, { query: { search: 'private words' } }));
    const said = [String(error), JSON.stringify(error), JSON.stringify(notes), JSON.stringify({ ...error })].join(' ');
    for (const secret of ['token-1', 'private', 'Bearer']) expect(said).not.toContain(secret);
    expect(notes.at(-1)).toEqual([
      'api.call_failed',
      {
        code: 'unprocessable',
        companyId,
        method: 'GET',
        path,
        status: 422,
        referenceId: expect.stringMatching(/^[0-9a-f]{12}$/),
        durationMs: 0,
        count: 1,
      },
    ]);
    expect(counts).toEqual({ apiCallFailed: 1 });
  });

  it('has the whole exchange for a report, bodies cut and secrets left out', async () => {
    const kept: Exchange[] = [];
    const failures = { keep: async (exchange: Exchange) => void kept.push(exchange) };
    const body = { password: 'hunter2', note: 'x'.repeat(30_000) };
    const { company } = clientWorld([answered(422, { token: 'hunter2', errors: 'y'.repeat(30_000) })], { failures });
    const error = await rejection(company.post(`${path}?code=hunter2`, body, { idempotencyToken: 'once' }));
    expect(kept).toHaveLength(1);
    expect(error).toMatchObject({ exchange: kept[0] });
    expect(kept[0]).toMatchObject({
      environment: 'sandbox',
      purpose: 'api',
      method: 'POST',
      url: `https://sandbox.procore.com${path}?code=(left out)`,
      requestHeaders: { 'idempotency-token': 'once', 'procore-company-id': companyId },
      status: 422,
      startedAt: startTime,
      durationMs: 0,
      tries: 1,
    });
    expect(kept[0]?.requestBody).toHaveLength(20_000);
    expect(kept[0]?.responseBody).toHaveLength(20_000);
    expect(JSON.stringify(kept)).not.toContain('hunter2');
    expect(kept[0]?.requestHeaders).not.toHaveProperty('authorization');
  });

  it('tells how long the last try took', async () => {
    const { company, time } = clientWorld([
      () => {
        time.pass(1.2344);
        return answered(422, {});
      },
    ]);
    expect(await rejection(company.get(path))).toMatchObject({ exchange: { durationMs: 1234, startedAt: startTime } });
  });

  it('reaches the caller, too, when it cannot be kept for a report', async () => {
    const failures = { keep: () => Promise.reject(new Error('throttled')) };
    const { company, notes } = clientWorld([answered(422, {})], { failures });
    expect(await rejection(company.get(path))).toMatchObject({ code: 'unprocessable' });
    expect(notes.at(-1)).toEqual(['api.failure_not_kept', { errorName: 'Error' }]);
  });
});

describe('a company that disconnected the app', () => {
  const refused = () => answered(403, { errors: ['App is not connected to this company.'] });

  it('is left alone for a minute, then two, and heals by itself', async () => {
    const { company, time, seen, script, counts, notes } = clientWorld([refused()]);
    await rejection(company.get(path));
    for (let call = 0; call < 10; call++) {
      expect(await rejection(company.get(path))).toMatchObject({ code: 'app_not_connected', retryAfterSeconds: 60 });
    }
    expect(seen).toHaveLength(1);
    expect(counts.appDisconnected).toBe(1);
    expect(notes).toContainEqual([
      'app.disconnected',
      { companyId, count: 1, notBefore: Math.ceil(time.clock() + 60) },
    ]);
    time.pass(61);
    script.push(refused());
    await rejection(company.get(path));
    expect(await rejection(company.get(path))).toMatchObject({ retryAfterSeconds: 120 });
    time.pass(121);
    script.push(answered(200, []), answered(200, []));
    await company.get(path);
    await company.get(path);
    expect(seen).toHaveLength(4);
    expect(notes.map(([event]) => event)).toContain('app.reconnected');
  });

  it('is left alone for a minute, also when calls that were under way are refused one after the other', async () => {
    const { time, observer } = clientWorld([]);
    const randomFraction = () => 0;
    const pauses = companyPauses({
      store: memoryCompanyPauses(time.clock),
      clock: time.clock,
      randomFraction,
      observer,
    });
    for (let call = 0; call < 10; call++) {
      await pauses.disconnected(companyId);
      time.pass(1);
    }
    expect(await pauses.pausedFor(companyId)).toBe(50);
  });

  it('is kept with the time of the first refusal, for people to see, until a call works', async () => {
    const { time, observer } = clientWorld([]);
    const store = memoryCompanyPauses(time.clock);
    const pauses = companyPauses({ store, clock: time.clock, randomFraction: () => 0, observer });
    const first = Math.floor(time.clock());
    await pauses.disconnected(companyId);
    time.pass(61);
    await pauses.disconnected(companyId);
    expect(await store.read(companyId)).toEqual({ since: first, refusals: 2, until: first + 61 + 120 });
    await pauses.worked(companyId);
    expect(await store.read(companyId)).toBeUndefined();
  });

  it('is asked about once in 15 seconds, and heals in silence where nothing was wrong', async () => {
    const { time, observer, notes } = clientWorld([]);
    const store = memoryCompanyPauses(time.clock);
    let reads = 0;
    const counting = {
      ...store,
      read: (id: string) => {
        reads += 1;
        return store.read(id);
      },
    };
    const pauses = companyPauses({ store: counting, clock: time.clock, randomFraction: () => 0, observer });
    await pauses.worked(companyId);
    time.pass(14.9);
    expect(await pauses.pausedFor(companyId)).toBe(0);
    expect([reads, notes]).toEqual([1, []]);
    time.pass(0.1);
    await pauses.pausedFor(companyId);
    expect(reads).toBe(2);
  });

  it('is left alone up to a quarter less by chance, and never longer than an hour', async () => {
    const { time, observer } = clientWorld([]);
    const store = memoryCompanyPauses(time.clock);
    const pauses = companyPauses({ store, clock: time.clock, randomFraction: () => 1, observer });
    await pauses.disconnected(companyId);
    expect(await pauses.pausedFor(companyId)).toBe(45);
    await store.write('7', { until: 0, refusals: 50, since: 0 });
    await pauses.disconnected('7');
    expect(await pauses.pausedFor('7')).toBe(2700);
  });

  it('may be called in the second in which its pause is over', async () => {
    const { time, observer } = clientWorld([]);
    const pauses = companyPauses({
      store: memoryCompanyPauses(time.clock),
      clock: time.clock,
      randomFraction: () => 0,
      observer,
    });
    await pauses.disconnected(companyId);
    time.pass(60);
    expect(await pauses.pausedFor(companyId)).toBe(0);
    time.pass(5);
    expect(await pauses.pausedFor(companyId)).toBe(0);
  });

  it('is called all the same when its pause can be neither read nor written', async () => {
    const out = () => Promise.reject(new Error('throttled'));
    const recorded = recordingObserver();
    const store = { read: out, write: out, remove: out };
    const pauses = companyPauses({
      store,
      clock: () => startTime,
      randomFraction: () => 0,
      observer: recorded.observer,
    });
    expect(await pauses.pausedFor(companyId)).toBe(0);
    await pauses.disconnected(companyId);
    expect(recorded.notes.filter(([event]) => event !== 'app.disconnected')).toEqual([
      ['pauses.unavailable', { errorName: 'Error' }],
      ['pauses.unavailable', { errorName: 'Error' }],
    ]);
  });

  it('is not meant by an answer to a call that names no company', async () => {
    const { client, counts } = clientWorld([refused()]);
    expect(await rejection(client.get('/rest/v1.0/me'))).toMatchObject({ code: 'app_not_connected' });
    expect(counts).toEqual({ apiCallFailed: 1 });
  });

  it('does not stop calls of other companies', async () => {
    const { client, company } = clientWorld([refused(), answered(200, [])]);
    await rejection(company.get(path));
    expect((await client.company('7').get(path)).status).toBe(200);
  });
});
