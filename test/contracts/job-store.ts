import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { atOnce, jobIdOf, jobShardOf, jobShards } from '../../functions/jobs/job.ts';
import { deathPauseSeconds, type JobSelection, type JobStore, type Lease } from '../../functions/jobs/job-store.ts';
import { sampleDue, sampleJob } from '../jobs/sample-job.ts';
import type { Repetition } from './sending-twice.ts';

const id = jobIdOf(sampleJob());
const lease = (owner: string, now = sampleDue): Lease => ({ jobId: id, owner, until: now + 120 });
const going = { state: 'active', nextAt: sampleDue + 3600, failures: 0 } as const;

/** What every store of jobs must do; `makeStore` gives an empty one. */
export function jobStoreContract(makeStore: (repetition?: Repetition) => JobStore): void {
  const dueIds = async (store: JobStore, now: number) => {
    const pages = await Promise.all(jobShards.map((shard) => store.due(shard, now, 100)));
    return pages.flatMap(({ jobs }) => jobs.map((job) => job.id)).toSorted();
  };

  async function listed(store: JobStore, selection: JobSelection, limit: number): Promise<readonly string[]> {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list(selection, limit, cursor);
      expect(page.jobs.length).toBeLessThanOrEqual(limit);
      ids.push(...page.jobs.map((job) => job.id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return ids;
  }

  describe('job store contract', () => {
    it('gives back what was begun, and nothing for another company or subject', async () => {
      const store = makeStore();
      const job = sampleJob({ kind: 'backfill', subject: 'Prime # Contracts', checkpoint: { page: 3 } });
      expect(await store.read(jobIdOf(job))).toBeUndefined();
      expect(await store.create(job)).toBe('created');
      expect(await store.read(jobIdOf(job))).toEqual({ ...job, id: jobIdOf(job), state: 'active', failures: 0 });
      expect(await store.read(jobIdOf({ ...job, subject: 'Prime' }))).toBeUndefined();
      expect(await store.read(jobIdOf({ ...job, companyId: '808' }))).toBeUndefined();
    });

    it('begins a job once while it is under way, and again when it has ended', async () => {
      const store = makeStore();
      await store.create(sampleJob());
      expect(await store.create(sampleJob({ createdAt: sampleDue }))).toBe('under_way');
      await store.change(id, 'pause', sampleDue);
      expect(await store.create(sampleJob({ createdAt: sampleDue }))).toBe('under_way');
      await store.change(id, 'cancel', sampleDue);
      expect(await store.create(sampleJob({ request: 'new', createdAt: sampleDue }))).toBe('created');
      expect(await store.read(id)).toMatchObject({ state: 'active', request: 'new', createdAt: sampleDue });
    });

    it('lets one of twenty claim a slice, and nobody else until its lease is over', async () => {
      const store = makeStore();
      await store.create(sampleJob());
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, index) => store.claim(lease(String(index)), sampleDue)),
      );
      expect(claims.filter((claim) => claim !== 'refused')).toHaveLength(1);
      expect(await store.claim(lease('late', sampleDue + 119), sampleDue + 119)).toBe('refused');
      expect(await store.claim(lease('later', sampleDue + 120), sampleDue + 120)).toMatchObject({
        id,
        lease: { owner: 'later', until: sampleDue + 240 },
        nextAt: sampleDue + 240 + deathPauseSeconds,
      });
    });

    it('lets nobody claim a job that is not due, is paused, has ended, or is not there', async () => {
      const store = makeStore();
      expect(await store.claim(lease('one'), sampleDue)).toBe('refused');
      expect(await store.read(id)).toBeUndefined();
      await store.create(sampleJob());
      expect(await store.claim(lease('one'), sampleDue - 1)).toBe('refused');
      // It was not yet due when it had to be.
      expect(await store.claim(lease('one'), sampleDue + 60, 0, sampleDue - 1)).toBe('refused');
      await store.change(id, 'pause', sampleDue);
      expect(await store.claim(lease('one'), sampleDue)).toBe('refused');
      await store.change(id, 'cancel', sampleDue);
      expect(await store.claim(lease('one'), sampleDue)).toBe('refused');
    });

    it('keeps a checkpoint and a longer lease for whoever holds the lease', async () => {
      const store = makeStore();
      await store.create(sampleJob());
      await store.claim(lease('one'), sampleDue);
      expect(await store.checkpoint(lease('one', sampleDue + 60), { page: 2 })).toBe('written');
      expect(await store.checkpoint(lease('two', sampleDue + 60), { page: 9 })).toBe('lost');
      expect(await store.claim(lease('two', sampleDue + 130), sampleDue + 130)).toBe('refused');
      expect(await store.read(id)).toMatchObject({ checkpoint: { page: 2 }, lease: { until: sampleDue + 180 } });
    });

    it('ends a slice for whoever holds the lease: what was not said stays, an old failure goes', async () => {
      const store = makeStore();
      await store.create(sampleJob({ checkpoint: { page: 1 } }));
      const lastError = { name: 'ProcoreApiError', text: 'It answered 500.', at: sampleDue };
      await store.claim(lease('one'), sampleDue);
      expect(await store.finish(lease('two'), going)).toBe('lost');
      expect(await store.finish(lease('one'), { ...going, failures: 1, lastError, lookedAt: 5 })).toBe('written');
      const { lease: held, ...failed } = (await store.read(id)) ?? {};
      expect(held).toBeUndefined();
      expect(failed).toMatchObject({ ...going, failures: 1, lastError, lookedAt: 5, checkpoint: { page: 1 } });
      await store.claim(lease('three', going.nextAt), going.nextAt);
      expect(await store.finish(lease('three'), { state: 'done', failures: 0, checkpoint: 7 })).toBe('written');
      const done = await store.read(id);
      expect(done).toMatchObject({ state: 'done', checkpoint: 7, lookedAt: 5, failures: 0 });
      expect(done).not.toHaveProperty('nextAt');
      expect(done).not.toHaveProperty('lastError');
    });

    it('writes nothing for a slice whose lease another one has, or that has ended its job', async () => {
      const store = makeStore();
      await store.create(sampleJob());
      await store.claim(lease('one'), sampleDue);
      await store.claim(lease('two', sampleDue + 200), sampleDue + 200);
      expect(await store.checkpoint(lease('one', sampleDue + 300), 'old')).toBe('lost');
      expect(await store.finish(lease('one'), { ...going, checkpoint: 'old' })).toBe('lost');
      expect(await store.finish(lease('two'), { state: 'done', failures: 0 })).toBe('written');
      expect(await store.checkpoint(lease('two', sampleDue + 300), 'old')).toBe('lost');
      expect(await store.read(id)).not.toHaveProperty('checkpoint');
    });

    it.each(['pause', 'cancel'] as const)('takes the lease from a slice when a person says %s', async (change) => {
      const store = makeStore();
      await store.create(sampleJob());
      await store.claim(lease('one'), sampleDue);
      expect(await store.change(id, change, sampleDue)).toBe('changed');
      expect(await store.checkpoint(lease('one'), 'old')).toBe('lost');
      expect(await store.finish(lease('one'), going)).toBe('lost');
      expect(await store.read(id)).not.toHaveProperty('nextAt');
    });

    it('goes on with a paused or a failed job, and with no other one', async () => {
      const store = makeStore();
      expect(await store.change(id, 'resume', sampleDue)).toBe('absent');
      await store.create(sampleJob({ checkpoint: 3 }));
      expect(await store.change(id, 'resume', sampleDue)).toBe('refused');
      await store.change(id, 'pause', sampleDue);
      expect(await store.change(id, 'pause', sampleDue)).toBe('refused');
      expect(await store.change(id, 'run', sampleDue)).toBe('refused');
      expect(await store.change(id, 'resume', sampleDue + 9)).toBe('changed');
      expect(await store.read(id)).toMatchObject({ state: 'active', nextAt: sampleDue + 9, checkpoint: 3 });
      await store.claim(lease('one', sampleDue + 9), sampleDue + 9);
      await store.finish(lease('one'), { state: 'failed', failures: 1 });
      expect(await store.change(id, 'cancel', sampleDue)).toBe('refused');
      expect(await store.change(id, 'resume', sampleDue + 9)).toBe('changed');
      expect(await store.read(id)).toMatchObject({ state: 'active', failures: 0, checkpoint: 3 });
      await store.change(id, 'cancel', sampleDue);
      expect(await store.change(id, 'resume', sampleDue)).toBe('refused');
    });

    it('lets a job run at once, and leaves a slice that is being worked its lease', async () => {
      const store = makeStore();
      await store.create(sampleJob({ nextAt: sampleDue + 3600 }));
      expect(await store.change(id, 'run', sampleDue)).toBe('changed');
      expect(await store.claim(lease('one'), sampleDue)).toMatchObject({ id });
      expect(await store.change(id, 'run', sampleDue)).toBe('changed');
      expect(await store.claim(lease('two'), sampleDue)).toBe('refused');
      expect(await store.finish(lease('one'), going)).toBe('written');
    });

    it('is due at once after a slice in which a person has wanted it to run, and once only', async () => {
      const store = makeStore();
      await store.create(sampleJob());
      await store.claim(lease('one'), sampleDue);
      await store.change(id, 'run', sampleDue + 5);
      expect(await store.checkpoint(lease('one', sampleDue + 60), { page: 2 })).toBe('written');
      expect(await store.finish(lease('one'), { ...going, checkpoint: { page: 3 } })).toBe('written');
      expect(await store.read(id)).toMatchObject({ nextAt: atOnce, wantedAt: sampleDue + 5, checkpoint: { page: 3 } });
      await store.claim(lease('two', sampleDue + 5), sampleDue + 5);
      expect(await store.finish(lease('two', sampleDue + 5), going)).toBe('written');
      expect(await store.read(id)).toMatchObject({ nextAt: going.nextAt });
    });

    it('lists what is due by shard, earliest first, in pages: neither paused nor ended jobs', async () => {
      const store = makeStore();
      const shard = jobShardOf('audit#1');
      const companies = Array.from({ length: 60 }, (_, index) => String(index + 1));
      for (const [index, companyId] of companies.entries()) {
        await store.create(sampleJob({ companyId, nextAt: sampleDue - index }));
      }
      const expected = companies.toReversed().map((companyId) => `audit#${companyId}`);
      const ofShard = expected.filter((each) => jobShardOf(each) === shard && each !== 'audit#1');
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.due(shard, sampleDue - 1, 4, cursor);
        found.push(...page.jobs.map((job) => job.id));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(found).toEqual(ofShard);
      expect(await dueIds(store, sampleDue)).toEqual(expected.toSorted());
      await store.change('audit#1', 'pause', sampleDue);
      await store.change('audit#2', 'cancel', sampleDue);
      expect(await dueIds(store, sampleDue)).toHaveLength(58);
    });

    it('has a job due again when the lease of its slice ends', async () => {
      const store = makeStore();
      await store.create(sampleJob());
      await store.claim(lease('one'), sampleDue);
      expect(await dueIds(store, sampleDue + 119)).toEqual([]);
      expect(await dueIds(store, sampleDue + 120)).toEqual([id]);
    });

    it('has a job due as much later as was wanted of the claim, beyond the pause for those that died', async () => {
      const store = makeStore();
      await store.create(sampleJob());
      await store.claim(lease('one'), sampleDue, 75);
      expect(await dueIds(store, sampleDue + 194)).toEqual([]);
      expect(await dueIds(store, sampleDue + 195)).toEqual([id]);
      const now = sampleDue + 195;
      const due = now + 120 + deathPauseSeconds + 7;
      expect(await store.claim(lease('two', now), now, 7)).toMatchObject({ nextAt: due, deaths: 1 });
    });

    it('counts slices that have died in a row, and has the job due later for each of them', async () => {
      const store = makeStore();
      await store.create(sampleJob());
      let now = sampleDue;
      for (const deaths of [0, 1, 2, 3]) {
        const claimed = await store.claim(lease(`slice ${deaths}`, now), now);
        const due = now + 120 + deaths * deathPauseSeconds;
        expect(claimed).toMatchObject({ nextAt: due, lease: { until: now + 120 }, ...(deaths > 0 && { deaths }) });
        expect(claimed === 'refused' || claimed.deaths).toBe(deaths || undefined);
        expect(await store.claim(lease('early', due - 1), due - 1)).toBe('refused');
        now = due;
      }
    });

    it.each([
      ['a checkpoint', (store: JobStore, held: Lease) => store.checkpoint(held, 1)],
      [
        'the end of a slice',
        (store: JobStore, held: Lease) => store.finish(held, { ...going, nextAt: sampleDue + 999 }),
      ],
      [
        'a person',
        async (store: JobStore) => [await store.change(id, 'pause', 1), await store.change(id, 'resume', 1)],
      ],
    ])('forgets by %s what has died before', async (_who, forget) => {
      const store = makeStore();
      await store.create(sampleJob());
      await store.claim(lease('dies'), sampleDue);
      const held = lease('works', sampleDue + 120);
      expect(await store.claim(held, sampleDue + 120)).toMatchObject({ deaths: 1 });
      await forget(store, held);
      expect(await store.read(id)).not.toHaveProperty('deaths');
      const next = lease('next', sampleDue + 999);
      expect((await store.claim(next, sampleDue + 999)) !== 'refused').toBe(true);
    });

    it('lists all, those of a kind, or those of a company, in bounded pages', async () => {
      const store = makeStore();
      for (const companyId of ['5', '50', '51']) {
        await store.create(sampleJob({ companyId }));
        await store.create(sampleJob({ companyId, kind: 'backfill', subject: 'RFIs' }));
        await store.create(sampleJob({ companyId, kind: 'backfill', subject: 'Submittals' }));
      }
      expect(await listed(store, {}, 2)).toHaveLength(9);
      expect(await listed(store, { kind: 'audit' }, 2)).toEqual(['audit#5', 'audit#50', 'audit#51']);
      expect(await listed(store, { kind: 'backfill', companyId: '5' }, 1)).toEqual([
        'backfill#5#RFIs',
        'backfill#5#Submittals',
      ]);
      expect(await listed(store, { kind: 'audit', companyId: '5' }, 5)).toEqual(['audit#5']);
    });

    it('forgets a job, and the lease of its slice with it', async () => {
      const store = makeStore();
      await store.create(sampleJob());
      await store.claim(lease('one'), sampleDue);
      await store.remove(id);
      expect(await store.finish(lease('one'), going)).toBe('lost');
      expect(await store.checkpoint(lease('one'), 1)).toBe('lost');
      expect(await store.read(id)).toBeUndefined();
      await store.remove(id);
    });

    it('knows its own write when the SDK repeats one whose answer was lost', async () => {
      const store = makeStore('repeated');
      expect(await store.create(sampleJob())).toBe('created');
      expect(await store.create(sampleJob({ createdAt: 1 }))).toBe('under_way');
      expect(await store.claim(lease('one'), sampleDue)).toMatchObject({ id, lease: { owner: 'one' } });
      expect(await store.checkpoint(lease('one'), 1)).toBe('written');
      expect(await store.finish(lease('one'), going)).toBe('written');
      expect(await store.finish(lease('two'), going)).toBe('lost');
      await store.remove(id);
    });

    it('keeps no request and no checkpoint of more than 100 kB when it is packed', async () => {
      const store = makeStore();
      expect(await store.create(sampleJob({ request: randomBytes(80_000).toString('hex') }))).toBe('created');
      await store.claim(lease('one'), sampleDue);
      const tooLarge = randomBytes(255_000).toString('base64');
      await expect(store.checkpoint(lease('one'), tooLarge)).rejects.toMatchObject({ code: 'job_too_large' });
      await expect(store.finish(lease('one'), { ...going, checkpoint: tooLarge })).rejects.toMatchObject({
        code: 'job_too_large',
      });
    });
  });
}
