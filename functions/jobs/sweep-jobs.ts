import type { Clock, RemainingTime } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import { type Admission, admitted } from './admission.ts';
import { atOnce, type DueJob, jobShards, parseJobId } from './job.ts';
import type { JobStore } from './job-store.ts';
import { type WakeUps, wakeUpBatch } from './wake-ups.ts';

/** How many keys one query reads. */
const pageSize = 100;

/** No more wake-ups wait than this, nearly: some minutes of work. What is due and not sent waits as well in the table. */
const mostWaiting = 1000;

/** The sweep stops when less time is left, in milliseconds. The sweep of the next minute goes on. */
const stopMs = 5000;

/** What one sweep found and sent. */
export interface JobSweepReport {
  readonly sent: number;
  /** How long the job that has waited longest has been due, in seconds; 0 when none is. */
  readonly oldestSeconds: number;
}

/** The queue refused some wake-ups. The sweep of the next minute tries again. */
export class WakeUpsRefusedError extends ConnectorError {
  override readonly name = 'WakeUpsRefusedError';
  readonly code = 'wake_ups_refused';
  constructor(refused: number) {
    super(`${refused} wake-ups of jobs that are due could not be queued. The next sweep tries again.`);
  }
}

/** What {@link sweepDueJobs} needs. */
export interface JobSweepDependencies {
  readonly store: JobStore;
  readonly wakeUps: WakeUps;
  /** @default every job that is due may begin */
  readonly admission?: Admission;
  readonly clock: Clock;
  readonly remaining: RemainingTime;
  readonly observer: Observer;
}

/**
 * Sends wake-ups for the jobs that are due, those first that have waited longest, until {@link mostWaiting} wait. It reads
 * only keys and changes no job, so nothing is lost when a sweep dies. A job whose wake-up still waits gets another one,
 * which finds it worked.
 *
 * @returns what it found and sent
 * @throws WakeUpsRefusedError when the queue refused some
 * @throws whatever the store throws for one shard; the jobs of the other shards are woken all the same
 */
export async function sweepDueJobs(dependencies: JobSweepDependencies): Promise<JobSweepReport> {
  const { wakeUps, clock, remaining, observer } = dependencies;
  const now = Math.floor(clock());
  const room = mostWaiting - (await wakeUps.waiting());
  const found: Found = { fault: undefined, oldest: now, oldestAudit: now };
  const due = admitted(noted(dueJobs(dependencies, now, found), found), dependencies.admission);
  let [sent, refused] = [0, 0];
  for (let batch = await take(due, Math.min(wakeUpBatch, room)); batch.length > 0; ) {
    const answer = await wakeUps.send(batch.map(({ id }) => id));
    refused += answer.refused;
    sent += batch.length - answer.refused;
    if (remaining() < stopMs) break;
    batch = await take(due, Math.min(wakeUpBatch, room - sent - refused));
  }
  tellOldestAudit(now - found.oldestAudit, observer);
  if (sent > 0) observer.note('jobs.swept', { count: sent });
  if (found.fault !== undefined) throw found.fault;
  if (refused > 0) throw new WakeUpsRefusedError(refused);
  return { sent, oldestSeconds: now - found.oldest };
}

/** What a sweep has come across. */
interface Found {
  /** The first error of a shard. */
  fault: unknown;
  /** Since when the job is due that has waited longest, epoch seconds. */
  oldest: number;
  oldestAudit: number;
}

/** Notes how long jobs have been due, also of those that are held back. */
async function* noted(jobs: AsyncIterable<DueJob>, found: Found): AsyncGenerator<DueJob> {
  for await (const job of jobs) {
    if (job.nextAt !== atOnce) {
      found.oldest = Math.min(found.oldest, job.nextAt);
      if (isAudit(job)) found.oldestAudit = Math.min(found.oldestAudit, job.nextAt);
    }
    yield job;
  }
}

const isAudit = ({ id }: DueJob) => parseJobId(id)?.kind === 'audit';

/** An audit is due within the hour after its last look; one that is late by more is told by a metric. */
function tellOldestAudit(lateSeconds: number, observer: Observer): void {
  const hours = Math.floor(lateSeconds / 3600) + 1;
  if (hours > 1) observer.count('auditOldestLookHours', hours);
}

/** Takes up to so many, not one more: what is not taken is not read. */
async function take<Item>(items: AsyncGenerator<Item>, most: number): Promise<readonly Item[]> {
  const taken: Item[] = [];
  while (taken.length < most) {
    const { value, done } = await items.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

/** A shard's jobs that were read and not yet taken; no cursor when there is nothing more to read. */
interface ShardQueue {
  readonly shard: string;
  readonly jobs: DueJob[];
  cursor: string | 'first' | undefined;
}

/**
 * Gives the due jobs of all shards, the one that has waited longest first. Shards take turns with jobs that have waited
 * equally long, and each minute begins with another one. A shard that cannot be read is left out, and so are jobs of kinds
 * that only a later version knows: nobody works them here, so they would always be the oldest.
 *
 * @param found gets the first error of a shard
 */
export async function* dueJobs(
  { store }: Pick<JobSweepDependencies, 'store'>,
  now: number,
  found: { fault: unknown },
): AsyncGenerator<DueJob> {
  const first = Math.floor(now / 60) % jobShards.length;
  const shards: ShardQueue[] = [...jobShards.slice(first), ...jobShards.slice(0, first)].map((shard) => ({
    shard,
    jobs: [],
    cursor: 'first',
  }));
  const fill = async (queue: ShardQueue) => {
    if (queue.jobs.length > 0 || queue.cursor === undefined) return;
    try {
      const page = await store.due(queue.shard, now, pageSize, queue.cursor === 'first' ? undefined : queue.cursor);
      queue.jobs.push(...page.jobs);
      queue.cursor = page.cursor;
    } catch (error) {
      found.fault ??= error;
      queue.cursor = undefined;
    }
  };
  for (;;) {
    await Promise.all(shards.map(fill));
    const waiting = shards.filter(({ jobs }) => jobs.length > 0);
    const oldest = Math.min(...waiting.map(({ jobs }) => jobs[0]?.nextAt ?? now));
    const next = waiting.find(({ jobs }) => jobs[0]?.nextAt === oldest);
    const job = next?.jobs.shift();
    if (next === undefined || job === undefined) return;
    // To the end of the turn.
    shards.push(...shards.splice(shards.indexOf(next), 1));
    if (parseJobId(job.id) !== undefined) yield job;
  }
}
