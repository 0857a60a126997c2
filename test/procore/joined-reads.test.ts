import { describe, expect, it } from 'vitest';
import { answered, gather, rejection } from './client-world.ts';
import { promised, readsWorld, rest } from './reads-world.ts';

const path = '/rest/v1.0/projects/1/rfis/5';

describe('identical GETs under way', () => {
  it('are one call, and each caller has an answer of its own', async () => {
    const world = readsWorld();
    world.answer = async () => answered(200, '{"id":9223372036854775783,"status":{"name":"open"}}', { etag: '"1"' });
    const answers = await Promise.all([1, 2, 3].map(() => world.company().get(path)));
    expect(world.asked).toHaveLength(1);
    const [first] = answers;
    Object.assign((first?.body as { status?: object } | undefined)?.status ?? {}, { name: 'changed' });
    first?.headers.delete('etag');
    for (const other of answers.slice(1)) {
      expect(Object.keys(other)).toEqual(['status', 'headers', 'body']);
      expect(other.body).toEqual({ id: '9223372036854775783', status: { name: 'open' } });
      expect(other.headers.get('etag')).toBe('"1"');
    }
  });

  it('are one call for every page of a list', async () => {
    const world = readsWorld();
    world.answer = async () => answered(200, [{ id: 1 }], { total: '1' });
    const lists = await Promise.all([1, 2].map(() => gather(world.company().list('/rest/v1.0/projects/1/rfis'))));
    expect(lists).toEqual([[{ id: 1 }], [{ id: 1 }]]);
    expect(world.asked).toHaveLength(1);
  });

  it('are calls of their own for another environment, connection, company, path or query', async () => {
    const world = readsWorld();
    const company = world.company();
    await Promise.all([
      company.get(path),
      company.get(path, { query: { view: 'extended' } }),
      company.get(`${path}/replies`),
      world.company({ companyId: '7' }).get(path),
      world.company({ connectionId: 'other' }).get(path),
      world.company({ environment: 'production' }).get(path),
      world.client().get('/rest/v1.0/me'),
    ]);
    expect(world.asked).toHaveLength(7);
  });

  it('are over with the answer: the next one is a new call', async () => {
    const world = readsWorld();
    expect((await world.company().get(path)).body).toEqual({ id: 1 });
    expect((await world.company().get(path)).body).toEqual({ id: 2 });
  });

  it('have one error for all when Procore’s answer is final, however much time a caller has', async () => {
    const world = readsWorld();
    world.answer = async () => answered(404, { errors: 'not found' });
    const calls = [1000, 900_000].map((left) => rejection(world.company({ remaining: () => left }).get(path)));
    expect((await Promise.all(calls)).map((error) => error)).toMatchObject([{ status: 404 }, { status: 404 }]);
    expect(world.asked).toHaveLength(1);
    expect(world.counts.apiCallFailed).toBe(1);
  });

  it('are one call for the background and the foreground only where nobody waits for a budget that comes after its own', async () => {
    const world = readsWorld();
    const [first, second, third, fourth] = (['background', 'foreground', 'background', 'foreground'] as const).map(
      (budgetClass) => world.company({ budgetClass }).get(path),
    );
    // The background's own call, then the foreground's, which everybody after it may join.
    expect((await first)?.body).toEqual({ id: 1 });
    for (const other of [second, third, fourth]) expect((await other)?.body).toEqual({ id: 2 });
    expect(world.asked).toHaveLength(2);
  });

  it('have one error for all when every try has failed', async () => {
    const world = readsWorld();
    world.answer = async () => answered(503, '');
    const calls = [1000, 900_000].map((left) => rejection(world.company({ remaining: () => left }).get(path)));
    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(['overloaded', 'overloaded']);
    expect(world.asked).toHaveLength(5);
  });
});

describe('the time of a caller who joins a call', () => {
  it('is not exceeded, while the other one waits on', async () => {
    const world = readsWorld();
    const { promise, keep } = promised<Response>();
    world.answer = () => promise;
    const patient = world.company().get(path);
    const hurried = world.company({ remaining: () => 30 }).get(path);
    expect(await rejection(hurried)).toMatchObject({ exchange: { failure: 'timed_out', tries: 0 } });
    keep(answered(200, { id: 1 }));
    expect((await patient).body).toEqual({ id: 1 });
    expect(world.asked).toHaveLength(1);
    expect(world.counts.apiCallFailed).toBe(1);
  });

  it('is used to its end: an error that came from the other’s shorter time is not its own', async () => {
    const world = readsWorld();
    const answers = [answered(429, '', { 'retry-after': '10' }), answered(200, { id: 1 })];
    world.answer = async () => answers.shift() ?? answered(500, '');
    const hurried = rejection(world.company({ remaining: () => 5000 }).get(path));
    const patient = [1, 2].map(() => world.company({ remaining: () => 60_000 }).get(path));
    expect(await hurried).toMatchObject({ code: 'rate_limited', retryAfterSeconds: 10 });
    expect((await Promise.all(patient)).map(({ body }) => body)).toEqual([{ id: 1 }, { id: 1 }]);
    expect(world.asked).toHaveLength(2);
  });

  it('that is no longer than the other’s makes its error their common one', async () => {
    const world = readsWorld();
    world.answer = async () => answered(429, '', { 'retry-after': '10' });
    const calls = [5000, 5000, 4000].map((left) => rejection(world.company({ remaining: () => left }).get(path)));
    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(Array(3).fill('rate_limited'));
    expect(world.asked).toHaveLength(1);
  });

  it('for one try, when it is longer, does not inherit the other’s time-out', async () => {
    const world = readsWorld();
    world.answer = ({ signal }) =>
      world.asked.length > 5
        ? Promise.resolve(answered(200, { id: 1 }))
        : new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const hurried = rejection(world.company().get(path, { timeoutMs: 5 }));
    // It joins: the world's clock stands still.
    const patient = world.company().get(path, { timeoutMs: 10_000 });
    expect(await hurried).toMatchObject({ exchange: { failure: 'timed_out', tries: 5 } });
    expect((await patient).body).toEqual({ id: 1 });
    expect(world.asked).toHaveLength(6);
  });

  it('for one try, when it is shorter, makes a call of its own', async () => {
    const world = readsWorld();
    const { promise, keep } = promised<Response>();
    world.answer = async () => (world.asked.length === 1 ? promise : answered(200, { id: 2 }));
    const patient = world.company().get(path);
    expect((await world.company().get(path, { timeoutMs: 1000 })).body).toEqual({ id: 2 });
    keep(answered(200, { id: 1 }));
    expect((await patient).body).toEqual({ id: 1 });
  });
});

describe('a call that began before', () => {
  it.each([
    ['a write of the company', (world: ReturnType<typeof readsWorld>) => world.company().patch('/rest/v1.0/x/1', {})],
    [
      'an event of the company',
      (world: ReturnType<typeof readsWorld>) =>
        world.reads.resourceChanged('sandbox', world.company().companyId, [['else']]),
    ],
    [
      'a change of the connection',
      (world: ReturnType<typeof readsWorld>) => world.reads.connectionChanged('sandbox', 'acme'),
    ],
    [
      'its process stood still',
      (world: ReturnType<typeof readsWorld>) => {
        world.now += 30;
      },
    ],
    [
      'the clock was put back',
      (world: ReturnType<typeof readsWorld>) => {
        world.now -= 1;
      },
    ],
  ])('%s is not joined: it can bring the old state', async (_, happen) => {
    const world = readsWorld();
    const { promise, keep } = promised<Response>();
    world.answer = async () => (world.asked.length === 1 ? promise : answered(200, { state: 'new' }));
    const before = world.company().get(path, { cacheSeconds: 600 });
    await rest();
    await happen(world);
    expect((await world.company().get(path)).body).toEqual({ state: 'new' });
    keep(answered(200, { state: 'old' }));
    expect((await before).body).toEqual({ state: 'old' });
  });

  it('leaves the one that began after the change to be joined when it ends', async () => {
    const world = readsWorld();
    const [old, fresh] = [promised<Response>(), promised<Response>()];
    world.answer = ({ method }) =>
      method !== 'GET' ? Promise.resolve(answered(200, {})) : world.asked.length === 1 ? old.promise : fresh.promise;
    const before = world.company().get(path);
    await rest();
    await world.company().patch(path, {});
    const after = world.company().get(path);
    await rest();
    old.keep(answered(200, { state: 'old' }));
    await before;
    const later = world.company().get(path);
    fresh.keep(answered(200, { state: 'new' }));
    expect([(await after).body, (await later).body]).toEqual([{ state: 'new' }, { state: 'new' }]);
    expect(world.asked.map(({ method }) => method)).toEqual(['GET', 'PATCH', 'GET']);
  });

  it('a write of another company or environment is joined', async () => {
    const world = readsWorld();
    const { promise, keep } = promised<Response>();
    world.answer = async ({ method }) => (method === 'GET' ? promise : answered(200, {}));
    const before = world.company().get(path);
    await rest();
    await world.company({ companyId: '7' }).patch(path, {});
    await world.company({ environment: 'production' }).patch(path, {});
    const after = world.company().get(path);
    keep(answered(200, { state: 'old' }));
    expect([(await before).body, (await after).body]).toEqual([{ state: 'old' }, { state: 'old' }]);
  });
});
