import { isDeepStrictEqual } from 'node:util';
import { atOnce, isUnderWay, type Job, jobIdOf, jobShardOf } from '../../functions/jobs/job.ts';
import { deathPauseSeconds, type JobStore, type Lease, statesForChange } from '../../functions/jobs/job-store.ts';
import { pack, unpack } from '../../functions/jobs/packed.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** A job as it is kept. The owner stays when a lease has ended, so that a repeated write knows itself. */
interface KeptJob extends Omit<Job, 'lease' | 'deaths'> {
  readonly leaseOwner?: string;
  readonly leaseUntil?: number;
  /** In seconds; see the DynamoDB store. */
  readonly deathPause?: number;
  readonly askedAt?: number;
}

/** Keeps jobs in this process, behind a port; every answer is a copy, as through the wire. */
export const memoryJobStore = (faults?: PortFaults): JobStore => memoryPort('job store', instantJobStore(), faults);

/** Keeps jobs in this process; each method takes effect at once. */
export function instantJobStore(): JobStore {
  const stored = new Map<string, KeptJob>();
  const jobOf = ({ leaseOwner, leaseUntil, deathPause = 0, askedAt: _, ...job }: KeptJob): Job =>
    structuredClone({
      ...job,
      ...(deathPause > deathPauseSeconds && { deaths: deathPause / deathPauseSeconds - 1 }),
      ...(leaseOwner !== undefined && leaseUntil !== undefined && { lease: { owner: leaseOwner, until: leaseUntil } }),
    });
  const put = (job: KeptJob) =>
    stored.set(job.id, Object.fromEntries(Object.entries(job).filter(([, value]) => value !== undefined)) as never);
  const held = ({ jobId, owner }: Lease) => {
    const kept = stored.get(jobId);
    return kept?.leaseOwner === owner ? kept : undefined;
  };
  const pageOf = <Item>(items: readonly Item[], limit: number, idOf: (item: Item) => string, cursor?: string) => {
    const rest = cursor === undefined ? items : items.slice(items.findIndex((item) => idOf(item) === cursor) + 1);
    const jobs = rest.slice(0, limit);
    const last = jobs.at(-1);
    return { jobs, ...(rest.length > limit && last !== undefined && { cursor: idOf(last) }) };
  };

  return {
    async read(id) {
      const kept = stored.get(id);
      return kept && jobOf(kept);
    },
    async create({ request, checkpoint, ...job }) {
      const id = jobIdOf(job);
      const before = stored.get(id);
      const created: KeptJob = {
        ...{ ...job, id, state: 'active', failures: 0, request: unpack(pack(request, 'request')) },
        ...(checkpoint !== undefined && { checkpoint: unpack(pack(checkpoint, 'checkpoint')) }),
      };
      // What its own first try has stored, a repeated one finds stored by itself.
      if (before !== undefined && isDeepStrictEqual(before, created)) return 'created';
      if (before !== undefined && isUnderWay(before.state)) return 'under_way';
      put(created);
      return 'created';
    },
    async claim({ jobId, owner, until }, now, spreadSeconds = 0, dueBy = now) {
      const kept = stored.get(jobId);
      if (kept?.leaseOwner === owner && kept.leaseUntil !== undefined) return jobOf(kept);
      if (kept?.state !== 'active' || (kept.nextAt ?? 0) > dueBy || (kept.leaseUntil ?? 0) > now) return 'refused';
      const { deathPause = 0 } = kept;
      const dead = { nextAt: until + spreadSeconds + deathPause, deathPause: deathPause + deathPauseSeconds };
      const { askedAt: _, ...rest } = kept;
      put({ ...rest, leaseOwner: owner, leaseUntil: until, ...dead });
      return jobOf(stored.get(jobId) ?? kept);
    },
    async checkpoint(lease, checkpoint) {
      const packed = pack(checkpoint, 'checkpoint');
      const kept = held(lease);
      if (kept?.leaseUntil === undefined) return 'lost';
      const extended = { leaseUntil: lease.until, nextAt: lease.until, deathPause: deathPauseSeconds };
      put({ ...kept, checkpoint: unpack(packed), ...extended });
      return 'written';
    },
    async finish(lease, { checkpoint, ...end }) {
      const packed = checkpoint === undefined ? {} : { checkpoint: unpack(pack(checkpoint, 'checkpoint')) };
      const kept = held(lease);
      if (kept === undefined) return 'lost';
      // A repeated one.
      if (kept.leaseUntil === undefined) return 'written';
      const { leaseUntil: _, nextAt: __, lastError: ___, deathPause: ____, askedAt, ...rest } = kept;
      const { nextAt } = end;
      put({
        ...rest,
        ...packed,
        ...end,
        ...(nextAt !== undefined && { nextAt: askedAt === undefined ? nextAt : atOnce }),
      });
      return 'written';
    },
    async due(shard, now, limit, cursor) {
      const due = [...stored.values()]
        .flatMap(({ id, nextAt }) => (nextAt === undefined ? [] : { id, nextAt }))
        .filter(({ id, nextAt }) => jobShardOf(id) === shard && nextAt <= now)
        .toSorted((one, other) => one.nextAt - other.nextAt || (one.id < other.id ? -1 : 1));
      return pageOf(due, limit, ({ id }) => id, cursor);
    },
    async change(id, change, now) {
      const kept = stored.get(id);
      if (kept === undefined) return 'absent';
      const { from, to } = statesForChange[change];
      if (!from.includes(kept.state)) return 'refused';
      const { nextAt: _, ...rest } = kept;
      const due = to === 'active' ? { nextAt: change === 'run' ? atOnce : now, failures: 0 } : {};
      const { leaseOwner: __, leaseUntil: ___, deathPause: ____, askedAt: _____, ...free } = rest;
      put({ ...(change === 'run' ? { ...rest, askedAt: now, wantedAt: now } : free), ...due, state: to });
      return 'changed';
    },
    async list({ kind, companyId }, limit, cursor) {
      const selected = [...stored.values()]
        .filter((job) => (kind ?? job.kind) === job.kind && (companyId ?? job.companyId) === job.companyId)
        .toSorted((one, other) => (one.id < other.id ? -1 : 1));
      const page = pageOf(selected, limit, ({ id }) => id, cursor);
      return { ...page, jobs: page.jobs.map(jobOf) };
    },
    async remove(id) {
      stored.delete(id);
    },
  };
}
