import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { jobIdOf, jobShards, parseJobId } from '../../functions/jobs/job.ts';
import { deathPauseSeconds, type NewJob } from '../../functions/jobs/job-store.ts';
import {
  deathSpreadSeconds,
  type KindOfWork,
  leaseSeconds,
  type Slice,
  sliceMs,
  type WorkSliceDependencies,
  workSlice,
} from '../../functions/jobs/work-slice.ts';
import { instantJobStore, memoryJobStore } from '../memory/job-store.ts';
import { type PortFaults, untilReturn } from '../memory/port.ts';
import { memoryWakeUps } from '../memory/wake-ups.ts';
import { Choices } from '../simulation/choices.ts';
import { recordingObserver } from '../webhook/sample-events.ts';
import { sampleDue, sampleJob } from './sample-job.ts';

const id = jobIdOf(sampleJob());

/** One function that works slices, with its store, its queue and a clock that the test moves. */
async function useWork(
  work: KindOfWork['work'],
  {
    job = {},
    faults,
    queueFaults,
  }: { readonly job?: Partial<NewJob>; readonly faults?: PortFaults; readonly queueFaults?: PortFaults } = {},
) {
  const time = { now: sampleDue, leftMs: 900_000 };
  const store = memoryJobStore((method, parameters) =>
    method === 'create' ? undefined : faults?.(method, parameters),
  );
  await store.create(sampleJob(job));
  const wakeUps = memoryWakeUps(queueFaults);
  const observer = recordingObserver();
  let owners = 0;
  const dependencies: WorkSliceDependencies = {
    store,
    wakeUps,
    kinds: { audit: { work, failed: 'auditJobsFailed' } },
    clock: () => time.now,
    randomFraction: () => 0.5,
    randomId: () => `owner-${owners++}`,
    remaining: () => time.leftMs,
    observer,
  };
  const wake = (jobId = id, sentAt?: number) => untilReturn(() => workSlice(jobId, dependencies, sentAt));
  return { time, store, wakeUps, observer, wake };
}

const again = (nextAt: number, checkpoint?: unknown) => ({ outcome: 'again', nextAt, checkpoint }) as const;

describe('the id of a job', () => {
  it.each([
    { kind: 'audit', companyId: '8089' },
    { kind: 'backfill', companyId: '8089', subject: 'Prime # Contracts' },
  ] as const)('can be read back: %j', (name) => {
    expect(parseJobId(jobIdOf(name))).toEqual(name);
  });

  it.each(['audit', 'audit#', 'audit#8#', 'vacuum#8', 'AUDIT#8', ''])('is not %j', (text) => {
    expect(parseJobId(text)).toBeUndefined();
  });
});

describe('a wake-up', () => {
  it('is over when a slice has been worked since it was sent: those of busy jobs do not stand before all others', async () => {
    const { wake, time } = await useWork(async () => again(time.now));
    const sentAt = time.now;
    time.now += 60;
    expect(await wake(id, sentAt)).toBe('worked');
    time.now += 60;
    expect(await wake(id, sentAt)).toBe('refused');
    expect(await wake(id, time.now - 61)).toBe('worked');
  });

  it('works a slice, and stores how far it came and when the next one is due', async () => {
    const { store, wake, time } = await useWork(
      async ({ job, save }) => {
        expect(job).toMatchObject({ id, request: { asked: 'all' }, checkpoint: { page: 1 } });
        expect(await save({ page: 2 })).toBe('saved');
        time.now += 7;
        return again(sampleDue + 3600, { page: 3 });
      },
      { job: { checkpoint: { page: 1 } } },
    );
    expect(await wake()).toBe('worked');
    expect(await store.read(id)).toEqual({
      ...sampleJob(),
      id,
      state: 'active',
      checkpoint: { page: 3 },
      nextAt: sampleDue + 3600,
      failures: 0,
      lookedAt: sampleDue + 7,
    });
  });

  it('does nothing when the job is not due, has ended, or is of an unknown kind', async () => {
    let slices = 0;
    const { store, wake, wakeUps } = await useWork(async () => {
      slices += 1;
      return { outcome: 'done' };
    });
    expect(await wake()).toBe('worked');
    expect(await wake()).toBe('refused');
    expect(await wake('audit#1')).toBe('refused');
    expect(await wake('backfill#8089#RFIs')).toBe('unknown');
    expect(await wake('vacuum#8089')).toBe('unknown');
    expect(slices).toBe(1);
    expect(await store.read(id)).toMatchObject({ state: 'done' });
    expect(wakeUps.sent).toEqual([]);
  });

  it('leaves the job alone when the invocation has too little time', async () => {
    const { store, time, wake } = await useWork(async () => ({ outcome: 'done' }));
    time.leftMs = 19_000;
    expect(await wake()).toBe('no_time');
    expect(await store.read(id)).toMatchObject({ state: 'active', nextAt: sampleDue });
  });

  it('that comes twice finds the lease taken', async () => {
    let open = 0;
    const { wake } = await useWork(async ({ save }) => {
      open += 1;
      expect(open).toBe(1);
      await save(1);
      open -= 1;
      return again(sampleDue + 60);
    });
    expect((await Promise.all([wake(), wake()])).toSorted()).toEqual(['refused', 'worked']);
  });

  it('sends the next one itself when the job is to go on at once', async () => {
    const { wake, wakeUps } = await useWork(async ({ job }) =>
      job.checkpoint === 2 ? { outcome: 'done' } : again(sampleDue, Number(job.checkpoint ?? 0) + 1),
    );
    expect([await wake(), await wake()]).toEqual(['worked', 'worked']);
    expect(wakeUps.sent).toEqual([id, id]);
    expect(await wake()).toBe('worked');
    expect(wakeUps.sent).toEqual([id, id]);
  });

  it('leaves a next one that the queue refused to the sweep', async () => {
    const { store, wake, observer } = await useWork(async () => again(sampleDue), { queueFaults: () => 'throttled' });
    expect(await wake()).toBe('worked');
    expect(await store.read(id)).toMatchObject({ state: 'active', nextAt: sampleDue });
    expect(observer.notes).toContainEqual(['job.wake_up_refused', expect.objectContaining({ companyId: '8089' })]);
  });
});

describe('the time of a slice', () => {
  it('is bounded by the slice, the invocation and the lease', async () => {
    const seen: number[] = [];
    const { wake, time } = await useWork(async ({ remaining, save }) => {
      seen.push(remaining());
      time.leftMs = 30_000;
      seen.push(remaining());
      time.leftMs = 900_000;
      time.now += 40;
      seen.push(remaining());
      await save(1);
      time.now += 25;
      seen.push(remaining());
      return again(time.now + 60);
    });
    await wake();
    expect(seen).toEqual([sliceMs, 20_000, 20_000, 0]);
  });

  it('ends long before the lease, so that two slices of a job never work at once', () => {
    expect(sliceMs / 1000).toBeLessThanOrEqual(leaseSeconds - 30);
  });
});

describe('a lease that is lost', () => {
  it('ends the slice without a write of it', async () => {
    const seen: unknown[] = [];
    const { store, wake, time, observer } = await useWork(async ({ save, remaining }) => {
      time.now += leaseSeconds + deathSpreadSeconds;
      await store.claim({ jobId: id, owner: 'other', until: time.now + leaseSeconds }, time.now);
      seen.push(await save('mine'), remaining(), await save('mine again'));
      return again(time.now, 'mine');
    });
    expect(await wake()).toBe('lost');
    expect(seen).toEqual(['lost', 0, 'lost']);
    const { checkpoint, lease } = (await store.read(id)) ?? {};
    expect([checkpoint, lease?.owner]).toEqual([undefined, 'other']);
    expect(observer.notes).toContainEqual(['job.lease_lost', expect.objectContaining({ companyId: '8089' })]);
  });

  it('is found out at the end of a slice that saved nothing, and when the slice throws', async () => {
    for (const ends of [() => again(1, 'mine'), () => Promise.reject(new Error('late'))]) {
      const { store, wake, time } = await useWork(async () => {
        time.now += leaseSeconds + deathSpreadSeconds;
        await store.claim({ jobId: id, owner: 'other', until: time.now + leaseSeconds }, time.now);
        return ends();
      });
      expect(await wake()).toBe('lost');
      expect(await store.read(id)).toMatchObject({ lease: { owner: 'other' }, failures: 0 });
    }
  });

  it('by the hand of a person: a job that was cancelled meanwhile stays cancelled', async () => {
    const { store, wake, wakeUps } = await useWork(async () => {
      await store.change(id, 'cancel', sampleDue);
      return again(sampleDue);
    });
    expect(await wake()).toBe('lost');
    expect(await store.read(id)).toMatchObject({ state: 'cancelled' });
    expect(wakeUps.sent).toEqual([]);
  });
});

describe('a slice that fails', () => {
  it('is noted and counted, keeps its checkpoint, and is tried again after pauses that grow to an hour', async () => {
    const { store, wake, time, observer } = await useWork(async ({ save }) => {
      await save({ page: 4 });
      throw new Error('Bearer abcdefghij123 is odd');
    });
    const pauses: number[] = [];
    for (let round = 0; round < 9; round++) {
      expect(await wake()).toBe('failed');
      const { nextAt = 0 } = (await store.read(id)) ?? {};
      pauses.push(nextAt - time.now);
      time.now = nextAt;
    }
    expect(pauses).toEqual([45, 90, 180, 360, 720, 1440, 2700, 2700, 2700]);
    expect(await store.read(id)).toMatchObject({
      state: 'active',
      failures: 9,
      checkpoint: { page: 4 },
      lastError: { name: 'Error', text: 'Bearer (left out) is odd' },
    });
    expect(observer.counts.get('auditJobsFailed')).toBe(9);
    expect(observer.notes).toContainEqual(['job.failed', expect.objectContaining({ errorName: 'Error' })]);
  });

  it('is forgotten when the next one goes well', async () => {
    let fails = true;
    const { store, wake, time } = await useWork(async () => {
      if (fails) throw new Error('for now');
      return again(time.now + 60);
    });
    await wake();
    fails = false;
    time.now += 60;
    expect(await wake()).toBe('worked');
    const job = await store.read(id);
    expect(job).toMatchObject({ failures: 0 });
    expect(job).not.toHaveProperty('lastError');
  });

  it('by its death is told, comes later each time, and is given up after ten in a row, four hours later', async () => {
    let begun = 0;
    const { store, wake, time, observer } = await useWork(() => {
      begun += 1;
      throw new Error('unreachable');
    });
    // What a process that is killed leaves behind: a claim.
    for (let slice = 0; slice < 10; slice++) {
      await store.claim({ jobId: id, owner: `dead ${slice}`, until: time.now + leaseSeconds }, time.now);
      time.now = (await store.read(id))?.nextAt ?? 0;
    }
    expect(time.now - sampleDue).toBe(10 * leaseSeconds + 45 * deathPauseSeconds);
    expect(await wake()).toBe('failed');
    expect(begun).toBe(0);
    expect(await store.read(id)).toMatchObject({ state: 'failed', failures: 10, lastError: { name: 'SliceDied' } });
    expect(await wake()).toBe('refused');
    expect(observer.counts.get('auditJobsFailed')).toBe(1);
    expect(await store.change(id, 'resume', time.now)).toBe('changed');
    expect(await store.read(id)).not.toHaveProperty('deaths');
  });

  it('which ends its process each time takes no other job along that is worked beside it', async () => {
    const store = instantJobStore();
    const kindsOf = (work: KindOfWork['work']) => ({ audit: { work } });
    const companies = Array.from({ length: 10 }, (_, index) => `${index + 1}`);
    for (const companyId of companies) await store.create(sampleJob({ companyId }));
    let [now, owners] = [sampleDue, 0];
    const choices = Choices.seeded(5);
    const randomFraction = () => choices.fraction();
    const wake = (jobId: string, work: KindOfWork['work']) =>
      workSlice(jobId, {
        ...{ store, kinds: kindsOf(work), randomFraction, observer: recordingObserver() },
        ...{ clock: () => now, randomId: () => `owner-${owners++}`, remaining: () => 900_000 },
      });
    const killer = jobIdOf({ kind: 'audit', companyId: '1' });
    const slices = { worked: 0 };
    for (; (await store.read(killer))?.state === 'active'; now += 60) {
      const shards = await Promise.all(jobShards.map((shard) => store.due(shard, now, 100)));
      const ids = shards.flatMap(({ jobs }) => jobs.map(({ id: due }) => due));
      // All that is due in a minute is worked in one process.
      const isKilled = ids.includes(killer);
      const slice: KindOfWork['work'] = isKilled ? () => new Promise(() => {}) : async () => again(now + 3600);
      const became = ids.map((due) => wake(due, slice));
      if (isKilled) await new Promise((resolve) => setImmediate(resolve));
      else slices.worked += (await Promise.all(became)).length;
    }
    expect(await store.read(killer)).toMatchObject({ state: 'failed', lastError: { name: 'SliceDied' } });
    for (const companyId of companies.slice(1)) {
      expect(await store.read(jobIdOf({ kind: 'audit', companyId }))).toMatchObject({ state: 'active', failures: 0 });
    }
    // Each is worked about once an hour of the four, though one dies beside them.
    expect(slices.worked).toBeGreaterThan(2 * companies.length);
  });

  it('by its death is counted by the next one, which works', async () => {
    const { store, wake, time, observer } = await useWork(async () => again(time.now + 3600));
    await store.claim({ jobId: id, owner: 'dead', until: time.now + leaseSeconds }, time.now);
    time.now += leaseSeconds;
    expect(await wake()).toBe('worked');
    expect(observer.notes).toContainEqual(['job.failed', expect.objectContaining({ errorName: 'SliceDied' })]);
    expect(observer.counts.get('auditJobsFailed')).toBe(1);
    expect(await store.read(id)).toMatchObject({ state: 'active', failures: 0 });
  });

  it('for good ends its job and says why', async () => {
    const { store, wake } = await useWork(async () => ({ outcome: 'failed', reason: 'The company is gone.' }));
    expect(await wake()).toBe('failed');
    expect(await store.read(id)).toMatchObject({ state: 'failed', lastError: { text: 'The company is gone.' } });
    expect(await wake()).toBe('refused');
  });

  it('because its checkpoint is too large keeps the one before', async () => {
    const { store, wake } = await useWork(async () => again(sampleDue, randomBytes(255_000).toString('hex')), {
      job: { checkpoint: 'before' },
    });
    expect(await wake()).toBe('failed');
    expect(await store.read(id)).toMatchObject({ checkpoint: 'before', lastError: { name: 'JobTooLargeError' } });
  });

  it('by the table alone is no failure of the job: it is due again some minutes after its lease has ended', async () => {
    const { store, wake } = await useWork(async () => again(sampleDue + 60), {
      faults: (method) => (method === 'finish' ? 'throttled' : undefined),
    });
    await expect(wake()).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(await store.read(id)).toMatchObject({
      failures: 0,
      nextAt: sampleDue + leaseSeconds + deathSpreadSeconds / 2,
    });
  });

  it('ends its work by itself when its time is over', async () => {
    const { wake, time } = await useWork(async ({ remaining }: Slice) => {
      let worked = 0;
      while (remaining() > 0) {
        time.now += 1;
        worked += 1;
      }
      expect(worked).toBe(sliceMs / 1000);
      return again(time.now);
    });
    expect(await wake()).toBe('worked');
  });
});
