import { describe, expect, it } from 'vitest';
import type { ApiPath, CompanyClient } from '../../functions/procore/client.ts';
import { nameInEvent } from '../../functions/procore/resource-names.ts';
import { answered, companyId, gather, rejection } from './client-world.ts';
import { promised, readsWorld, rest } from './reads-world.ts';

const codes = '/rest/v1.0/companies/5358233/cost_codes';
const rfi = '/rest/v1.0/projects/1/rfis/5';
const rfis = '/rest/v1.0/projects/1/rfis';
const minute = { cacheSeconds: 60 };

describe('an answer', () => {
  it('is not kept unless a caller asks for it', async () => {
    const world = readsWorld();
    world.answer = async () => answered(200, [{ id: 1 }], { total: '1' });
    await world.company().get(codes);
    await world.company().get(codes, { cacheSeconds: 0 });
    await gather(world.company().list(rfis));
    expect(world.reads.bytes()).toBe(0);
    await world.company().get(codes, minute);
    expect(world.asked).toHaveLength(4);
  });

  it('is kept for less than the seconds that each caller says, counted from its asking', async () => {
    const world = readsWorld();
    const company = world.company();
    const { promise, keep } = promised<Response>();
    world.answer = async () => (world.asked.length === 1 ? promise : answered(200, { id: 2 }));
    const first = company.get(codes, minute);
    await rest();
    world.now += 20;
    keep(answered(200, { id: 1 }));
    await first;
    world.now += 39.9;
    expect((await company.get(codes, minute)).body).toEqual({ id: 1 });
    expect((await company.get(codes, { cacheSeconds: 59 })).body).toEqual({ id: 2 });
    world.now += 59;
    expect((await company.get(codes, minute)).body).toEqual({ id: 2 });
    world.now += 1;
    await company.get(codes, minute);
    expect(world.asked).toHaveLength(3);
  });

  it('is each caller’s own, with its headers and exact ids', async () => {
    const world = readsWorld();
    world.answer = async () => answered(200, '[{"id":9223372036854775783,"rate":0.1}]', { 'x-request-id': 'abc' });
    const read = () => world.company().get(codes, minute);
    for (const at of [1, 2, 3]) {
      const { status, headers, body } = await read();
      expect([status, headers.get('x-request-id')], `read ${at}`).toEqual([200, 'abc']);
      expect(body).toEqual([{ id: '9223372036854775783', rate: 0.1 }]);
      (body as unknown[]).length = 0;
      headers.set('x-request-id', 'changed');
    }
    expect(world.asked).toHaveLength(1);
  });

  it('is kept for its environment, connection and company alone: permissions differ', async () => {
    const world = readsWorld();
    const others = [{}, { connectionId: 'other' }, { companyId: '7' }, { environment: 'production' } as const];
    for (const whose of [...others, ...others]) await world.company(whose).get(codes, minute);
    await world.client().get('/rest/v1.0/me', minute);
    expect(world.asked).toHaveLength(5);
    expect(new Set(world.asked.map((call) => [call.environment, call.connectionId, call.companyId].join())).size).toBe(
      5,
    );
  });

  it('is kept of a success alone', async () => {
    const world = readsWorld();
    const answers = [answered(404, {}), answered(503, ''), answered(204, ''), answered(200, { id: 1 })];
    world.answer = async () => answers.shift() ?? answered(500, '');
    expect(await rejection(world.company().get(codes, minute))).toMatchObject({ status: 404 });
    await world.company().get(codes, minute);
    expect((await world.company().get(codes, minute)).body).toEqual({ id: 1 });
  });

  it('is not of a known age when the clock was put back', async () => {
    const world = readsWorld();
    await world.company().get(codes, minute);
    world.now -= 3600;
    expect((await world.company().get(codes, minute)).body).toEqual({ id: 2 });
    expect((await world.company().get(codes, minute)).body).toEqual({ id: 2 });
  });

  it('is kept when one of those who wait for it asks for it', async () => {
    const world = readsWorld();
    await Promise.all([world.company().get(codes), world.company().get(codes, minute)]);
    await world.company().get(codes, minute);
    expect(world.asked).toHaveLength(1);
  });
});

describe('what is kept is ended', () => {
  const writes: [string, (company: CompanyClient, path: ApiPath) => Promise<unknown>][] = [
    ['post', (company, path) => company.post(path, {})],
    ['patch', (company, path) => company.patch(path, {})],
    ['put', (company, path) => company.put(path, {})],
    ['delete', (company, path) => company.delete(path)],
    ['sync', (company, path) => company.sync(`${path}/sync`, [{ id: '1' }])],
  ];

  it.each(writes)(
    'by an own %s of the resource, through whatever connection, and of nothing else',
    async (_, write) => {
      const world = readsWorld();
      const [company, other] = [world.company(), world.company({ companyId: '7' })];
      const read = () => [
        ...[rfi, codes, '/rest/v1.0/projects/2/rfis?page=2', '/rest/v1.0/rfis'].map((path) =>
          company.get(path as ApiPath, minute),
        ),
        other.get(rfi, minute),
        world.company({ environment: 'production' }).get(rfi, minute),
      ];
      await Promise.all(read());
      await write(world.company({ connectionId: 'other' }), rfis);
      world.asked.length = 0;
      await Promise.all(read());
      expect(world.asked.map(({ path }) => path)).toEqual([
        rfi,
        '/rest/v1.0/projects/2/rfis?page=2',
        '/rest/v1.0/rfis',
      ]);
    },
  );

  it('by an own write that failed: it may have taken effect', async () => {
    const world = readsWorld();
    await world.company().get(rfi, minute);
    world.answer = async ({ method }) => (method === 'GET' ? answered(200, { id: 'new' }) : answered(502, ''));
    await rejection(world.company().post(rfis, {}));
    expect((await world.company().get(rfi, minute)).body).toEqual({ id: 'new' });
  });

  it('while it is being read: what began before a write ended is not kept', async () => {
    const world = readsWorld();
    const { promise, keep } = promised<Response>();
    world.answer = async ({ method }) =>
      method !== 'GET' ? answered(200, {}) : world.asked.length === 1 ? promise : answered(200, { state: 'new' });
    const before = world.company().get(rfi, minute);
    await rest();
    await world.company().patch(rfi, {});
    keep(answered(200, { state: 'old' }));
    await before;
    expect((await world.company().get(rfi, minute)).body).toEqual({ state: 'new' });
  });

  it('by an event of the resource, and of nothing else', async () => {
    const world = readsWorld();
    const read = () => Promise.all([codes, rfi].map((path) => world.company().get(path as ApiPath, minute)));
    await read();
    world.reads.resourceChanged('sandbox', companyId, [nameInEvent('RFIs')]);
    await read();
    expect(world.asked.map(({ path }) => path)).toEqual([codes, rfi, rfi]);
  });

  it('by a change of its connection: another account may see something else', async () => {
    const world = readsWorld();
    const read = () =>
      Promise.all(['acme', 'other'].map((connectionId) => world.company({ connectionId }).get(codes, minute)));
    await read();
    world.reads.connectionChanged('sandbox', 'acme');
    await read();
    expect(world.asked.map(({ connectionId }) => connectionId)).toEqual(['acme', 'other', 'acme']);
  });

  it('without a company by a change in any company', async () => {
    const world = readsWorld();
    await world.client().get('/rest/v1.0/companies', minute);
    await world.company().patch('/rest/v1.0/companies/5358233', {});
    await world.client().get('/rest/v1.0/companies', minute);
    expect(world.asked.map(({ method }) => method)).toEqual(['GET', 'PATCH', 'GET']);
  });

  it('even if more changes came than are remembered, while it was being read', async () => {
    const world = readsWorld();
    const { promise, keep } = promised<Response>();
    world.answer = async () => (world.asked.length === 1 ? promise : answered(200, { state: 'new' }));
    const before = world.company().get(rfi, minute);
    await rest();
    world.reads.resourceChanged('sandbox', companyId, [nameInEvent('RFIs')]);
    for (let more = 0; more < 1000; more++) world.reads.resourceChanged('sandbox', '7', [nameInEvent('RFIs')]);
    keep(answered(200, { state: 'old' }));
    await before;
    expect((await world.company().get(rfi, minute)).body).toEqual({ state: 'new' });
  });
});

describe('a list', () => {
  const paged = (world: ReturnType<typeof readsWorld>, total = 3) => {
    world.answer = async ({ path }) => {
      const page = Number(new URLSearchParams(path.split('?')[1]).get('page') ?? 1);
      return answered(200, `[{"id":900719925474099${page},"asked":${world.asked.length}}]`, {
        total: `${total}`,
        'per-page': '1',
      });
    };
  };

  it('is kept as a whole, each caller’s items its own', async () => {
    const world = readsWorld();
    paged(world);
    const lists = [];
    for (let reading = 0; reading < 3; reading++) {
      const list = [];
      for await (const item of world.company().list(rfis, minute)) {
        list.push({ ...(item as object) });
        (item as { id: string }).id = 'changed';
      }
      lists.push(list);
    }
    expect(world.asked).toHaveLength(3);
    expect(lists[0]?.map(({ id }: { id?: unknown }) => id)).toEqual([
      9007199254740991,
      '9007199254740992',
      '9007199254740993',
    ]);
    expect(lists.slice(1)).toEqual([lists[0], lists[0]]);
  });

  it('is not kept when its reader stops, and is read anew', async () => {
    const world = readsWorld();
    paged(world);
    for await (const _ of world.company().list(rfis, minute)) break;
    expect(world.reads.bytes()).toBe(0);
    world.asked.length = 0;
    expect(await gather(world.company().list(rfis, minute))).toHaveLength(3);
    expect(world.asked).toHaveLength(3);
  });

  it('is not kept when pages are missing', async () => {
    const world = readsWorld();
    world.answer = async ({ path }) =>
      answered(200, path.includes('page=1&') ? [{ id: 1 }] : [], { total: '2', 'per-page': '1' });
    expect(await rejection(gather(world.company().list(rfis, minute)))).toMatchObject({ code: 'list_truncated' });
    expect(world.reads.bytes()).toBe(0);
  });

  it('is not kept when it has changed while it was read', async () => {
    const world = readsWorld();
    paged(world);
    for await (const _ of world.company().list(rfis, minute)) await world.company().patch(rfi, {});
    expect(world.reads.bytes()).toBe(0);
  });

  it('is judged when it is read, not when it is asked for', async () => {
    const world = readsWorld();
    paged(world);
    await gather(world.company().list(rfis, minute));
    const later = world.company().list(rfis, minute);
    world.now += 60;
    await gather(later);
    expect(world.asked).toHaveLength(6);
  });

  it('is another one than the answer of its path', async () => {
    const world = readsWorld();
    world.answer = async () => answered(200, [{ id: 1 }], { total: '1' });
    await world.company().get(rfis, minute);
    await gather(world.company().list(rfis, minute));
    expect(world.asked).toHaveLength(2);
    expect((await world.company().get(rfis, minute)).body).toEqual(await gather(world.company().list(rfis, minute)));
    expect(world.asked).toHaveLength(2);
  });

  it('that is larger than a quarter of all is read each time, in memory that stays the same', async () => {
    const world = readsWorld(40_000);
    world.answer = async () =>
      answered(
        200,
        Array.from({ length: 60 }, (_, id) => ({ id, text: 'x'.repeat(100) })),
        { total: '60' },
      );
    for (const _ of [1, 2]) expect(await gather(world.company().list(rfis, minute))).toHaveLength(60);
    expect(world.asked).toHaveLength(2);
    expect(world.reads.bytes()).toBe(0);
  });
});

describe('memory', () => {
  it('is bounded in bytes: what was not used for the longest time goes first', async () => {
    const most = 20_000;
    const world = readsWorld(most);
    world.answer = async () => answered(200, `"${'x'.repeat(1000)}"`);
    const read = (number: number) => world.company().get(`/rest/v1.0/x/${number}`, minute);
    for (let number = 0; number < 50; number++) {
      await read(number);
      await read(0);
      expect(world.reads.bytes()).toBeLessThanOrEqual(most);
    }
    expect(world.reads.bytes()).toBeGreaterThan(most * 0.8);
    expect(world.asked).toHaveLength(50);
    await read(49);
    expect(world.asked).toHaveLength(50);
    await read(30);
    expect(world.asked).toHaveLength(51);
  });

  it('keeps no answer that takes more than a quarter', async () => {
    const world = readsWorld(20_000);
    world.answer = async () => answered(200, `"${'x'.repeat(2500)}"`);
    await world.company().get(codes, minute);
    expect(world.reads.bytes()).toBe(0);
  });

  it('is 8 MiB, and counts two bytes for each character', async () => {
    const world = readsWorld();
    world.answer = async () => answered(200, `"${'x'.repeat(1_000_000)}"`);
    for (let number = 0; number < 6; number++) await world.company().get(`/rest/v1.0/x/${number}`, minute);
    expect(world.reads.bytes()).toBeGreaterThan(3 * 2_000_000);
    expect(world.reads.bytes()).toBeLessThan(8 * 1024 * 1024);
  });
});

describe('an ETag', () => {
  it.each(['"33a64df5"', 'W/"33a64df5"'])(
    '%s is sent for an answer that is too old; a 304 makes it new again',
    async (etag) => {
      const world = readsWorld();
      const answers = [
        answered(200, { id: 1 }, { etag, 'x-request-id': 'first' }),
        new Response(null, { status: 304, headers: { etag, 'x-request-id': 'second' } }),
      ];
      world.answer = async () => answers.shift() ?? answered(500, '');
      await world.company().get(codes, minute);
      world.now += 60;
      const { status, headers, body } = await world.company().get(codes, minute);
      expect({ status, body }).toEqual({ status: 200, body: { id: 1 } });
      expect([headers.get('etag'), headers.get('x-request-id')]).toEqual([etag, 'second']);
      world.now += 59;
      expect((await world.company().get(codes, minute)).body).toEqual({ id: 1 });
      expect(world.asked.map(({ ifNoneMatch }) => ifNoneMatch)).toEqual([null, etag]);
    },
  );

  it('of an answer that has changed brings the new one', async () => {
    const world = readsWorld();
    world.answer = async () => answered(200, { id: world.asked.length }, { etag: `"${world.asked.length}"` });
    for (const id of [1, 2, 3]) {
      expect((await world.company().get(codes, minute)).body).toEqual({ id });
      world.now += 60;
    }
    expect(world.asked.map(({ ifNoneMatch }) => ifNoneMatch)).toEqual([null, '"1"', '"2"']);
  });

  it('is not sent where nothing is kept: for a caller who keeps nothing, and after a write', async () => {
    const world = readsWorld();
    world.answer = async () => answered(200, {}, { etag: '"1"' });
    await world.company().get(codes, minute);
    world.now += 60;
    await world.company().get(codes);
    await world.company().patch(`${codes}/1`, {});
    await world.company().get(codes, minute);
    expect(world.asked.map(({ ifNoneMatch }) => ifNoneMatch)).toEqual([null, null, null, null]);
  });

  it('has callers who join the call get the whole answer', async () => {
    const world = readsWorld();
    world.answer = async ({ ifNoneMatch }) =>
      ifNoneMatch === null ? answered(200, { id: 1 }, { etag: '"1"' }) : new Response(null, { status: 304 });
    await world.company().get(codes, minute);
    world.now += 60;
    const both = await Promise.all([world.company().get(codes, minute), world.company().get(codes)]);
    expect(both.map(({ body }) => body)).toEqual([{ id: 1 }, { id: 1 }]);
    expect(world.asked).toHaveLength(2);
  });

  it('has a 304 that nobody asked for be an error still', async () => {
    const world = readsWorld();
    world.answer = async () => new Response(null, { status: 304 });
    expect(await rejection(world.company().get(codes, minute))).toMatchObject({ status: 304 });
  });
});
