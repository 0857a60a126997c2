import { describe, expect, it } from 'vitest';
import { jobIdOf } from '../../functions/jobs/job.ts';
import { company, everySix, hour, reconcileWorld, records } from './reconcile-world.ts';

const lists = (calls: readonly string[]) => calls.filter((call) => call.includes('/rfis?'));

describe('the reconciliation of a company', () => {
  it('reads every project every six hours, and emits what changed since the last time, once', async () => {
    const { begin, round, procore, events, clock, jobs } = reconcileWorld(everySix());
    procore.projects.set('1', records(100, 3, clock() - hour));
    procore.projects.set('2', records(200, 2, clock() - 7 * hour));
    await begin();
    const first = await round();
    expect(first.last).toMatchObject({ listed: 3, emitted: 3, unread: 0 });
    expect(events().map(({ resourceId }) => resourceId)).toEqual(['100', '101', '102']);
    expect(events()[0]).toMatchObject({
      resourceName: 'RFIs',
      projectId: '1',
      eventType: 'update',
      companyId: company,
    });
    expect((await jobs.read('reconcile#5358233'))?.nextAt).toBe((first.last?.startedAt ?? 0) + 6 * hour);
    procore.projects.get('2')?.set('201', clock() + hour);
    expect((await round()).last).toMatchObject({ listed: 1, emitted: 1 });
    expect(events().at(-1)).toMatchObject({ resourceId: '201', projectId: '2' });
  });

  it('reads again what it read in the last five minutes before, and emits nothing of it twice', async () => {
    const { begin, round, procore, events, clock } = reconcileWorld(everySix());
    procore.projects.set('1', records(100, 1, clock() - 200));
    await begin();
    await round();
    // A slow write: it appears after the round, with a time of before.
    procore.projects.get('1')?.set('101', clock() - 250);
    expect((await round()).last).toMatchObject({ listed: 2, known: 1, emitted: 1 });
    expect(events()).toHaveLength(2);
  });

  it('goes on from its checkpoint after a slice, and reads no page twice but the last one', async () => {
    const { begin, round, procore, events, clock, time } = reconcileWorld(everySix());
    for (let project = 1; project <= 40; project++)
      procore.projects.set(String(project), records(project * 1000, 2, clock() - 60));
    time.callSeconds = 4;
    await begin();
    await round();
    expect(events()).toHaveLength(80);
    expect(lists(procore.calls)).toHaveLength(40);
  });

  it('reads a list that ignores the filter by time as a whole, and then once a day', async () => {
    const { begin, round, procore, clock, observer, events } = reconcileWorld(everySix());
    procore.ignoresFilter = true;
    procore.projects.set('1', new Map([...records(100, 150, clock() - 900 * hour), ...records(900, 1, clock() - 60)]));
    await begin();
    await round();
    expect(events().map(({ resourceId }) => resourceId)).toEqual(['900']);
    expect(observer.notes.filter(([event]) => event === 'list.filter_ignored')).toHaveLength(1);
    const before = lists(procore.calls).length;
    for (let count = 0; count < 3; count++) await round();
    expect(lists(procore.calls).length).toBe(before);
    procore.projects.get('1')?.set('101', clock() - 10 * hour);
    await round();
    expect(events().map(({ resourceId }) => resourceId)).toEqual(['900', '101']);
    expect(lists(procore.calls).at(-1)).not.toContain('filters');
  });

  it('lets a list that is refused keep no other from it, and reads it from the same time when it can', async () => {
    const { begin, round, procore, events, clock } = reconcileWorld(everySix());
    for (const id of ['1', '2', '3']) procore.projects.set(id, records(Number(id) * 100, 1, clock() - hour));
    let isRefused = true;
    procore.instead = (path) =>
      isRefused && path.includes('/2/') ? new Response('{"errors":"forbidden"}', { status: 403 }) : undefined;
    await begin();
    expect((await round()).last).toMatchObject({ emitted: 2, unread: 1 });
    expect((await round()).last).toMatchObject({ emitted: 0, unread: 1 });
    isRefused = false;
    expect((await round()).last).toMatchObject({ emitted: 1, unread: 0 });
    expect(events().at(-1)?.resourceId).toBe('200');
  });

  it('reads a project that comes back from where it was left', async () => {
    const { begin, round, procore, events, clock } = reconcileWorld(everySix());
    procore.projects.set('1', records(100, 1, clock() - hour));
    procore.projects.set('2', records(200, 1, clock() - hour));
    await begin();
    await round();
    procore.inactive.add('2');
    procore.projects.get('2')?.set('201', clock() + hour);
    for (let count = 0; count < 4; count++) await round();
    procore.inactive.delete('2');
    await round();
    expect(events().at(-1)?.resourceId).toBe('201');
  });

  it('pauses when Procore’s limit is used up, and in an outage, and goes on where it was', async () => {
    const { begin, round, procore, events, clock, jobs, wake } = reconcileWorld(everySix());
    for (let project = 1; project <= 12; project++)
      procore.projects.set(String(project), records(project * 100, 1, clock() - 60));
    let answers = 5;
    procore.instead = () => (answers-- > 0 ? undefined : new Response('', { status: 503 }));
    await begin();
    expect(await wake()).toBe('failed');
    expect(await jobs.read('reconcile#5358233')).toMatchObject({ failures: 1, lastError: { name: 'ProcoreApiError' } });
    procore.instead = () => undefined;
    await round();
    await round();
    expect(events()).toHaveLength(12);
  });

  it('ends when the subscription wants none any more, and forgets the ids that it knew', async () => {
    const { begin, round, procore, clock, store, wake, time, jobs, knownIds } = reconcileWorld(
      everySix({ reportVanished: true }),
    );
    procore.projects.set('1', records(100, 3, clock() - hour));
    await begin();
    await round();
    expect(knownIds.stored.size).toBe(1);
    const { reconcile: _, revision, ...stored } = (await store.read(company)) ?? expect.fail('none is stored');
    await store.save(stored, revision);
    time.now += 6 * hour;
    expect(await wake()).toBe('worked');
    expect(await jobs.read('reconcile#5358233')).toMatchObject({ state: 'done' });
    expect(knownIds.stored.size).toBe(0);
  });

  it('makes one round of its own for a person, of one project and so far back, and is done', async () => {
    const { begin, round, procore, clock, jobs, events } = reconcileWorld(undefined);
    procore.projects.set('1', records(100, 1, clock() - 40 * hour));
    procore.projects.set('2', records(200, 1, clock() - 40 * hour));
    const job = { kind: 'reconcile', companyId: company, subject: 'RFIs' } as const;
    await begin({ ...job, request: { lists: everySix().lists, since: clock() - 48 * hour, projectId: '2' } });
    expect((await round(jobIdOf(job))).last).toMatchObject({ emitted: 1 });
    expect(events()).toMatchObject([{ resourceId: '200', projectId: '2' }]);
    expect((await jobs.read(jobIdOf(job)))?.state).toBe('done');
  });

  it('reads a project that a person has named, though Procore does not list it, and tells one that cannot be read', async () => {
    const { procore, begin, round, events, clock } = reconcileWorld(undefined);
    procore.projects.set('2', records(200, 1, clock() - 40 * hour));
    procore.inactive.add('2');
    const run = (projectId: string) => ({ lists: everySix().lists, since: clock() - 48 * hour, projectId });
    const job = { kind: 'reconcile', companyId: company, subject: 'RFIs' } as const;
    await begin({ ...job, request: run('2') });
    await round(jobIdOf(job));
    expect(events()).toMatchObject([{ resourceId: '200', projectId: '2' }]);
    await begin({ ...job, request: run('999') });
    expect((await round(jobIdOf(job))).last).toMatchObject({ listed: 0, unread: 1 });
  });

  it('reads from the same time again what the queue refused', async () => {
    const { begin, round, procore, clock, queue } = reconcileWorld(everySix());
    procore.projects.set('1', records(100, 2, clock() - 60));
    const { send } = queue;
    Object.assign(queue, { send: () => Promise.reject(new Error('down')) });
    await begin();
    expect((await round()).last).toMatchObject({ emitted: 0, unread: 1 });
    Object.assign(queue, { send });
    expect((await round()).last).toMatchObject({ emitted: 2, unread: 0 });
  });
});
