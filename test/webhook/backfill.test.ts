import { describe, expect, it } from 'vitest';
import { type BackfillProgress, backfillStatus } from '../../functions/webhook/backfill-request.ts';
import { backfillWorld, companyId, type FakeList, records, rfisOf, rfisPath } from './backfill-world.ts';

const listsOf = (...lists: readonly FakeList[]) => new Map(lists.map((list, index) => [rfisOf(index + 1), list]));
const refusal = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

describe('a backfill', () => {
  it('sends every record of every project as an event, and says how far it has come', async () => {
    const world = await backfillWorld({
      lists: listsOf({ records: records(250) }, { records: records(3, 1001) }, { records: [] }),
    });
    const done = await world.untilDone();
    expect(done).toMatchObject({ state: 'done', progress: { listsDone: 3, listsInAll: 3, sent: 253, unproven: 0 } });
    expect(world.events).toHaveLength(253);
    expect(world.events[0]).toMatchObject({
      ...{ resourceName: 'RFIs', resourceId: '1', companyId, projectId: '1', eventType: 'update' },
      timestamp: '2026-01-05T08:00:00Z',
    });
    expect(new Set(world.events.map(({ id }) => id)).size).toBe(253);
    expect(world.notes).toContainEqual(['backfill.done', { companyId, resourceName: 'RFIs', count: 253 }]);
    // The list of projects, three pages twice, a single page, and an empty one.
    expect(world.calls).toHaveLength(1 + 3 * 2 + 1 + 1);
  });

  it('sends them with the origin and the budget class of a backfill', async () => {
    const world = await backfillWorld({ lists: listsOf({ records: records(1) }), drain: 0 });
    await world.untilDone();
    expect(world.waiting).toMatchObject([{ origin: 'backfilled', class: 'background' }]);
  });

  it('sends nothing again that it has sent in the last 30 days, and what has changed since', async () => {
    const list = { records: records(5) };
    const world = await backfillWorld({ lists: listsOf(list) });
    await world.untilDone();
    list.records = [...list.records.slice(0, 4), { id: '5', updated_at: '2027-01-01T08:00:00Z' }];
    await world.again();
    expect(await world.untilDone()).toMatchObject({ state: 'done', progress: { sent: 1, known: 4 } });
    expect(world.events.at(-1)).toMatchObject({ resourceId: '5', timestamp: '2027-01-01T08:00:00Z' });
  });

  it('leaves out what did not change since a time, also where the list ignores the filter', async () => {
    const list = { records: [...records(3), { id: '4', updated_at: '2026-03-01T00:00:00Z' }] };
    const since = Date.parse('2026-02-01T00:00:00Z') / 1000;
    const world = await backfillWorld({
      lists: listsOf(list),
      request: { level: 'project', path: rfisPath, since },
    });
    await world.untilDone();
    expect(world.events.map(({ resourceId }) => resourceId)).toEqual(['4']);
    expect(decodeURIComponent(world.calls[1] ?? '')).toContain('filters[updated_at]=2026-02-01T00:00:00Z...20');
  });

  it('gives a record that does not say when it changed the time of its own beginning', async () => {
    const world = await backfillWorld({
      lists: listsOf({ records: [{ id: '1' }, { id: '2', updated_at: '2026-01-05' }] }),
    });
    const { createdAt } = await world.read();
    await world.untilDone();
    expect(world.events.map(({ occurredAt }) => occurredAt)).toEqual([createdAt, createdAt]);
  });

  it.each([
    { request: { level: 'company', path: '/rest/v1.0/vendors?company_id={company_id}' } as const, projectId: null },
    { request: { level: 'project', path: rfisPath, projectId: '7' } as const, projectId: '7' },
  ])('reads one list when one is meant: $request.path, project $projectId', async ({ request, projectId }) => {
    const lists = new Map([
      [rfisOf(7), { records: records(2) }],
      [rfisOf(8), { records: records(5, 100) }],
      ['/rest/v1.0/vendors', { records: records(2) }],
    ]);
    const world = await backfillWorld({ lists, request });
    expect(await world.untilDone()).toMatchObject({ state: 'done', progress: { sent: 2, listsInAll: 1 } });
    expect(world.events[0]?.projectId).toBe(projectId);
    expect(world.calls).toHaveLength(1);
  });

  it('reads the projects that the subscription names, where it does not want all', async () => {
    const world = await backfillWorld({
      lists: listsOf({ records: records(2) }, { records: records(3, 10) }),
      subscription: { projects: ['2'] },
    });
    expect(await world.untilDone()).toMatchObject({ progress: { sent: 3, listsInAll: 1 } });
  });
});

describe('live events come first', () => {
  it('never more than 200 messages wait for its sake', async () => {
    const world = await backfillWorld({ lists: listsOf({ records: records(2000) }), drain: 30 });
    expect(await world.untilDone()).toMatchObject({ state: 'done' });
    for (let rest = 0; rest < 10; rest++) world.pass(1);
    expect(world.events).toHaveLength(2000);
    expect(world.most.waiting).toBeLessThanOrEqual(200);
    expect(world.most.waiting).toBeGreaterThan(100);
  });

  it('waits without a call while nobody works them off, and leaves its turn to others', async () => {
    const world = await backfillWorld({ lists: listsOf({ records: records(500) }), drain: 0 });
    await world.slice();
    const calls = world.calls.length;
    const before = world.time.now;
    expect(world.waiting.length).toBeLessThanOrEqual(200);
    const { nextAt = 0 } = await world.read();
    expect(nextAt).toBeGreaterThan(before + 20);
    world.pass(nextAt - before);
    await world.slice();
    expect(world.calls.length).toBeLessThanOrEqual(calls + 1);
    expect((await world.read()).state).toBe('active');
  });
});

describe('a list', () => {
  it.each([
    { tells: 'count', calls: 6 },
    { tells: 'links', calls: 6 },
    { tells: 'nothing', calls: 8 },
  ] as const)('that tells $tells is read twice to its end', async ({ tells, calls }) => {
    const world = await backfillWorld({ lists: listsOf({ records: records(250), tells }) });
    expect(await world.untilDone()).toMatchObject({ progress: { sent: 250, unproven: 0 } });
    expect(world.calls).toHaveLength(1 + calls);
  });

  it('whose pages are smaller than was asked for is read to its end', async () => {
    const world = await backfillWorld({ lists: listsOf({ records: records(250), ownPerPage: 20 }) });
    expect(await world.untilDone()).toMatchObject({ progress: { sent: 250, unproven: 0 } });
  });

  it('that takes fewer records a page is asked for as many as it takes', async () => {
    const world = await backfillWorld({
      lists: listsOf({ records: records(90) }),
      beforeCall: ({ searchParams }) =>
        Number(searchParams.get('per_page') ?? 0) > 50
          ? refusal(422, { errors: 'Invalid per_page of 100, exceeding max per_page of 50' })
          : undefined,
    });
    expect(await world.untilDone()).toMatchObject({ state: 'done', progress: { sent: 90, unproven: 0 } });
  });

  it('that does not page is read as one page', async () => {
    const list = { records: records(723), tells: 'nothing' } as const;
    const whole = new Response(JSON.stringify(list.records), { headers: { 'content-type': 'application/json' } });
    const world = await backfillWorld({
      lists: listsOf(list),
      beforeCall: ({ pathname }) => (pathname.endsWith('/rfis') ? whole.clone() : undefined),
    });
    expect(await world.untilDone()).toMatchObject({ progress: { sent: 723, unproven: 0 } });
    expect(world.most.waiting).toBeLessThanOrEqual(200);
  });

  it('that does not page, and gives its records in another order each time, is read as one page', async () => {
    const list = { records: records(60) };
    const world = await backfillWorld({
      lists: listsOf({ ...list, tells: 'nothing' }),
      beforeCall({ pathname }) {
        if (!pathname.endsWith('/rfis')) return undefined;
        list.records = [...list.records.slice(1), ...list.records.slice(0, 1)];
        return new Response(JSON.stringify(list.records), { headers: { 'content-type': 'application/json' } });
      },
    });
    expect(await world.untilDone(5)).toMatchObject({ state: 'done', progress: { sent: 60, unproven: 0 } });
    expect(world.calls.length).toBeLessThan(10);
  });

  it('whose pages go round in a circle ends it, and says so', async () => {
    const world = await backfillWorld({
      lists: listsOf({ records: [] }),
      beforeCall({ pathname, searchParams }) {
        if (!pathname.endsWith('/rfis')) return undefined;
        const page = JSON.stringify(records(2, Number(searchParams.get('page')) % 3));
        return new Response(page, { headers: { 'content-type': 'application/json' } });
      },
    });
    await world.slice();
    const { checkpoint, nextAt = 0 } = await world.read();
    const { walk, ...progress } = checkpoint as BackfillProgress;
    const lease = { jobId: world.id, owner: 'test', until: nextAt + 1 };
    world.pass(Math.max(0, nextAt - world.time.now));
    await world.store.claim(lease, world.time.now);
    await world.store.finish(lease, {
      ...{ state: 'active', nextAt, failures: 0 },
      checkpoint: { ...progress, walk: { ...walk, position: { page: 100_001 }, number: 100_001 } },
    });
    expect(await world.untilDone(1)).toMatchObject({
      state: 'failed',
      lastError: { text: expect.stringContaining('has more than 100000 pages') },
    });
  });

  it('that loses a record while it is read is read until nothing can be missing', async () => {
    const list = { records: records(250) };
    const gone = { done: false };
    const world = await backfillWorld({
      lists: listsOf(list),
      beforeCall({ searchParams }) {
        if (searchParams.get('page') === '2' && !gone.done) {
          // Now record 101 is on the first page, which was read.
          gone.done = true;
          list.records = list.records.slice(1);
        }
        return undefined;
      },
    });
    expect(await world.untilDone()).toMatchObject({ progress: { sent: 250, unproven: 0 } });
    expect(world.events.map(({ resourceId }) => resourceId)).toContain('101');
  });

  it('that never comes to rest is told as unproven', async () => {
    const list = { records: records(250) };
    let next = 1000;
    const world = await backfillWorld({
      lists: listsOf(list),
      beforeCall() {
        list.records = [{ id: String(next++), updated_at: '2026-06-01T00:00:00Z' }, ...list.records.slice(0, -1)];
        return undefined;
      },
    });
    expect(await world.untilDone()).toMatchObject({ state: 'done', progress: { unproven: 1 } });
  });

  it('with more ids than a job may remember is read twice all the same, and told as unproven', async () => {
    // Ids that are far apart take more room.
    const far = records(12_000).map(({ id, ...rest }) => ({ ...rest, id: String(BigInt(id) * 10n ** 12n) }));
    const world = await backfillWorld({ lists: listsOf({ records: far }) });
    const done = await world.untilDone();
    expect(done).toMatchObject({ state: 'done', progress: { sent: 12_000, unproven: 1 } });
    expect(world.calls).toHaveLength(1 + 240);
  });
});

describe('what keeps a backfill from going on', () => {
  it('without a subscription it ends, and says so', async () => {
    const world = await backfillWorld({ lists: listsOf({ records: records(5) }), subscription: 'none' });
    expect(await world.untilDone()).toMatchObject({
      state: 'failed',
      lastError: { text: expect.stringContaining('has no subscription any more') },
    });
    expect(world.calls).toHaveLength(0);
  });

  it('a path that Procore does not have ends it', async () => {
    const world = await backfillWorld({
      lists: listsOf({ records: records(5) }),
      beforeCall: ({ pathname }) =>
        pathname.endsWith('/rfis')
          ? new Response('<html>', { status: 404, headers: { 'content-type': 'text/html' } })
          : undefined,
    });
    expect(await world.untilDone()).toMatchObject({
      state: 'failed',
      lastError: { text: expect.stringContaining('no such path') },
    });
  });

  it('a company that has disconnected the app lets it wait, with the reason, until it is connected again', async () => {
    const app = { isConnected: false };
    const world = await backfillWorld({
      lists: listsOf({ records: records(5) }),
      beforeCall: () =>
        app.isConnected ? undefined : refusal(403, { message: 'App is not connected to this company' }),
    });
    await world.slice();
    expect(await world.read()).toMatchObject({
      state: 'active',
      failures: 1,
      lastError: { text: expect.stringContaining('disconnected') },
    });
    app.isConnected = true;
    expect(await world.untilDone()).toMatchObject({ state: 'done', progress: { sent: 5 } });
  });

  it('a project that it may not see is passed over and told; if it may see none, it has failed', async () => {
    const lists = listsOf({ records: records(5) }, { records: records(5, 10) });
    const forbidden = { all: false };
    const world = await backfillWorld({
      lists,
      beforeCall: ({ pathname }) =>
        pathname === rfisOf(1) || (forbidden.all && pathname === rfisOf(2))
          ? refusal(403, { message: 'Forbidden' })
          : undefined,
    });
    expect(await world.untilDone()).toMatchObject({
      state: 'done',
      progress: { sent: 5, listsDone: 2, hidden: { projects: 1, text: expect.stringContaining('refuses access') } },
    });
    forbidden.all = true;
    await world.again();
    expect(await world.untilDone()).toMatchObject({
      state: 'failed',
      lastError: { text: expect.stringContaining('refuses access') },
    });
  });

  it('a person can pause it, let it go on where it was, and end it', async () => {
    const world = await backfillWorld({ lists: listsOf({ records: records(500) }), drain: 0 });
    await world.slice();
    expect(await world.store.change(world.id, 'pause', Math.floor(world.time.now))).toBe('changed');
    world.pass(3600);
    expect(await world.slice()).toBe('refused');
    const calls = world.calls.length;
    world.waiting.splice(0);
    expect(await world.store.change(world.id, 'resume', Math.floor(world.time.now))).toBe('changed');
    await world.slice();
    expect(world.calls[calls]).toMatch(/page=[23]&/);
    expect(await world.store.change(world.id, 'cancel', Math.floor(world.time.now))).toBe('changed');
    world.pass(3600);
    expect(await world.slice()).toBe('refused');
  });
});

describe('the status of a backfill', () => {
  it('tells rate and end from what is done, and the project under way', async () => {
    const world = await backfillWorld({ lists: listsOf({ records: records(5) }) });
    const job = { ...(await world.read()), state: 'active' as const };
    expect(backfillStatus(job, 0)).toMatchObject({ resourceName: 'RFIs', listsDone: 0, listsInAll: 0, sent: 0 });
    const progress = {
      ...{ listsDone: 10, listsInAll: 40, sent: 1800, known: 0, unusable: 0, unproven: 0 },
      workedSeconds: 600,
    };
    const status = backfillStatus({ ...job, checkpoint: { ...progress, lists: 'BQE=' } }, 1000);
    expect(status).toEqual({ ...progress, resourceName: 'RFIs', projectId: '5', sentAnHour: 10_800, endsAt: 2800 });
    expect(backfillStatus({ ...job, kind: 'audit' }, 0)).toBeUndefined();
  });
});
