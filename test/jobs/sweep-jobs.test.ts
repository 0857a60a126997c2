import { describe, expect, it } from 'vitest';
import type { Admission } from '../../functions/jobs/admission.ts';
import { type JobKind, jobShardOf, jobShards } from '../../functions/jobs/job.ts';
import type { JobStore } from '../../functions/jobs/job-store.ts';
import { sweepDueJobs } from '../../functions/jobs/sweep-jobs.ts';
import { memoryJobStore } from '../memory/job-store.ts';
import { type PortFaults, untilReturn } from '../memory/port.ts';
import { memoryWakeUps } from '../memory/wake-ups.ts';
import { recordingObserver } from '../webhook/sample-events.ts';
import { sampleDue, sampleJob } from './sample-job.ts';

interface Sweeping {
  readonly store?: JobStore;
  readonly wakeUps?: ReturnType<typeof memoryWakeUps>;
  readonly now?: number;
  readonly remaining?: () => number;
  readonly observer?: ReturnType<typeof recordingObserver>;
  readonly admission?: Admission;
}

async function sweep({ store = memoryJobStore(), wakeUps = memoryWakeUps(), now, remaining, ...rest }: Sweeping) {
  const { observer, admission } = rest;
  const dependencies = {
    ...(admission && { admission }),
    ...{ store, wakeUps, observer: observer ?? recordingObserver() },
    clock: () => now ?? sampleDue,
    remaining: remaining ?? (() => 60_000),
  };
  return untilReturn(() => sweepDueJobs(dependencies));
}

/** Begins so many jobs; each is due a second later than the one before, the last one now. */
async function begun(count: number, faults?: PortFaults): Promise<JobStore> {
  const store = memoryJobStore((method, parameters) =>
    method === 'create' ? undefined : faults?.(method, parameters),
  );
  for (let index = 0; index < count; index++) {
    await store.create(sampleJob({ companyId: String(index), nextAt: sampleDue - count + 1 + index }));
  }
  return store;
}

describe('a sweep of jobs', () => {
  it('wakes what is due and nothing else, and tells for how long it has been due', async () => {
    const store = await begun(3);
    await store.create(sampleJob({ companyId: '99', nextAt: sampleDue + 1 }));
    const wakeUps = memoryWakeUps();
    const observer = recordingObserver();
    expect(await sweep({ store, wakeUps, observer })).toEqual({ sent: 3, oldestSeconds: 2 });
    expect(observer.notes).toEqual([['jobs.swept', { count: 3 }]]);
    expect(wakeUps.sent).toEqual(['audit#0', 'audit#1', 'audit#2']);
  });

  it('holds work back that wants more calls than there are, in its place, and lets all other work pass', async () => {
    const store = await begun(3);
    await store.create(sampleJob({ kind: 'backfill', companyId: '7', nextAt: sampleDue }));
    await store.create(sampleJob({ companyId: '99', nextAt: sampleDue + 100 }));
    await store.change('audit#99', 'run', sampleDue - 5);
    const wakeUps = memoryWakeUps();
    let asked = 0;
    const admission: Admission = {
      isOf: ({ kind }) => kind === 'audit',
      most: async () => {
        asked += 1;
        return 1;
      },
    };
    // What a person wants at once goes before all others, and takes nobody's place.
    expect(await sweep({ store, wakeUps, admission })).toEqual({ sent: 3, oldestSeconds: 2 });
    expect(wakeUps.sent).toEqual(['audit#99', 'audit#0', 'backfill#7']);
    expect(asked).toBe(1);
    expect((await store.read('audit#1'))?.nextAt).toBe(sampleDue - 1);
  });

  it('sends nothing when nothing is due', async () => {
    const observer = recordingObserver();
    expect(await sweep({ observer })).toEqual({ sent: 0, oldestSeconds: 0 });
    expect(observer.notes).toEqual([]);
  });

  it('wakes the oldest first, whatever its shard, and no more than there is room for', async () => {
    const store = await begun(1500);
    const wakeUps = memoryWakeUps();
    expect(await sweep({ store, wakeUps })).toMatchObject({ sent: 1000 });
    expect(wakeUps.sent).toEqual(Array.from({ length: 1000 }, (_, index) => `audit#${index}`));
  });

  it('leaves no job waiting behind those that only a later version works', async () => {
    const store = await begun(1);
    for (let index = 0; index < 1200; index++) {
      const kind = 'later' as JobKind;
      await store.create(sampleJob({ kind, companyId: String(index), nextAt: sampleDue - 3600 }));
    }
    const wakeUps = memoryWakeUps();
    expect(await sweep({ store, wakeUps })).toEqual({ sent: 1, oldestSeconds: 0 });
    expect(wakeUps.sent).toEqual(['audit#0']);
  });

  it('sends nothing while the queue is long', async () => {
    const wakeUps = memoryWakeUps();
    wakeUps.waitingIds.push(...Array.from({ length: 1200 }, () => 'audit#0'));
    expect(await sweep({ store: await begun(5), wakeUps })).toMatchObject({ sent: 0 });
    wakeUps.waitingIds.splice(3, 203);
    expect(await sweep({ store: await begun(5), wakeUps })).toMatchObject({ sent: 3 });
  });

  it('begins with another shard each minute, and takes one job of each in turn', async () => {
    const store = memoryJobStore();
    for (let index = 0; index < 40; index++) await store.create(sampleJob({ companyId: String(index) }));
    const firsts: string[] = [];
    for (let minute = 0; minute < jobShards.length; minute++) {
      const wakeUps = memoryWakeUps();
      await sweep({ store, wakeUps, now: sampleDue + 60 * minute });
      const turns = wakeUps.sent.slice(0, jobShards.length).map(jobShardOf);
      expect(new Set(turns).size).toBe(jobShards.length);
      firsts.push(turns[0] ?? '');
    }
    expect(new Set(firsts).size).toBe(jobShards.length);
  });

  it('reads no page that it does not need', async () => {
    let pages = 0;
    const store = await begun(3000, (method) => {
      if (method === 'due') pages += 1;
      return undefined;
    });
    await sweep({ store });
    expect(pages).toBeLessThanOrEqual(jobShards.length * 4);
  });

  it('wakes the jobs of the other shards when one cannot be read, and fails', async () => {
    const store = await begun(40, (method, [shard]) =>
      method === 'due' && shard === jobShards[1] ? 'throttled' : undefined,
    );
    const wakeUps = memoryWakeUps();
    await expect(sweep({ store, wakeUps })).rejects.toMatchObject({ name: 'ThrottlingException' });
    const readable = Array.from({ length: 40 }, (_, index) => `audit#${index}`).filter(
      (id) => jobShardOf(id) !== jobShards[1],
    );
    expect(wakeUps.sent).toEqual(readable);
  });

  it('tells how old the oldest look is once an audit is late by more than an hour, and nothing of other kinds', async () => {
    const store = memoryJobStore();
    await store.create(sampleJob({ kind: 'backfill', nextAt: sampleDue - 30 * 3600 }));
    await store.create(sampleJob({ companyId: '1', nextAt: sampleDue - 3599 }));
    const observer = recordingObserver();
    await sweep({ store, observer });
    expect(observer.counts.get('auditOldestLookHours')).toBeUndefined();
    await sweep({ store, observer, now: sampleDue + 6 * 3600 });
    expect(observer.counts.get('auditOldestLookHours')).toBe(7);
  });

  it('fails when the queue refused some, and stops when its time is over', async () => {
    const refusing = Object.assign(memoryWakeUps(), { send: async () => ({ refused: 1 }) });
    await expect(sweep({ store: await begun(2), wakeUps: refusing })).rejects.toMatchObject({
      code: 'wake_ups_refused',
    });
    expect(await sweep({ store: await begun(40), remaining: () => 4000 })).toMatchObject({ sent: 10 });
  });
});
