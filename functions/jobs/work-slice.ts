import { type BackOff, pauseAfter } from '../back-off.ts';
import type { Clock, RandomFraction, RandomId, RemainingTime } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { MetricName, Observer } from '../observer.ts';
import { redactText } from '../redact.ts';
import { type Job, type JobError, type JobKind, parseJobId } from './job.ts';
import type { JobStore, Lease, SliceFinish } from './job-store.ts';
import { JobTooLargeError } from './packed.ts';
import type { WakeUps } from './wake-ups.ts';

/** What a kind's code is given to work one slice of a job with. */
export interface Slice {
  readonly job: Job;
  /**
   * The time that the slice has left, in milliseconds; 0 when its lease is lost. A slice begins nothing that takes longer,
   * and returns when it is over.
   */
  readonly remaining: RemainingTime;
  /**
   * Stores how far the work has come. What was done since the last checkpoint is done again when the process dies.
   *
   * @returns `lost` when somebody else works the job now, or a person has stopped it: the slice returns at once
   * @throws JobTooLargeError
   */
  readonly save: (checkpoint: unknown) => Promise<'saved' | 'lost'>;
}

/** How a slice ends that went well. */
export type SliceEnd =
  /**
   * There is more to do, at `nextAt` (epoch seconds); now or earlier is at once, or, when it waits its turn, when a sweep
   * finds it: those first that have been due longest.
   */
  | {
      readonly outcome: 'again';
      readonly nextAt: number;
      readonly checkpoint?: unknown;
      readonly waitsItsTurn?: boolean;
    }
  | { readonly outcome: 'done'; readonly checkpoint?: unknown }
  /** It cannot go on without a person, who is told why. */
  | { readonly outcome: 'failed'; readonly reason: string; readonly checkpoint?: unknown };

/** How jobs of one kind are worked. */
export interface KindOfWork {
  /** Works one slice. What it throws is counted and noted, and the job is tried again after a pause. */
  readonly work: (slice: Slice) => Promise<SliceEnd>;
  /** Counts a slice that failed. @default nothing is counted */
  readonly failed?: MetricName;
}

/** What {@link workSlice} needs. */
export interface WorkSliceDependencies {
  readonly store: JobStore;
  /** Absent where no queue feeds the function: what goes on at once is due. */
  readonly wakeUps?: Pick<WakeUps, 'send'>;
  /** The kinds that this function works; others are left to whoever does. */
  readonly kinds: { readonly [Kind in JobKind]?: KindOfWork };
  readonly clock: Clock;
  readonly randomFraction: RandomFraction;
  readonly randomId: RandomId;
  readonly remaining: RemainingTime;
  readonly observer: Observer;
}

/** A slice works so long, in milliseconds: long enough to be worth its writes, and no company waits long for another. */
export const sliceMs = 60_000;

/** A slice that says nothing is taken for dead after so long, in seconds. It is longer than any slice. */
export const leaseSeconds = 120;

/** A slice stops so long before its lease or its invocation ends, in milliseconds: its last write needs it. */
const reserveMs = 10_000;

/** A slice is not begun with less time, in milliseconds. */
export const leastSliceMs = 20_000;

/**
 * A wake-up that was sent so many seconds before its job became due is over, but for what clocks differ: a slice has been
 * worked since. Each sweep sends one more for a job that waits, and those of busy jobs would stand before all others.
 */
const staleSeconds = 5;

/** After failures, in seconds: a company whose connection is broken is tried once an hour. */
const failurePause: BackOff = { first: 60, most: 3600, jitter: { from: 0.5, spread: 0.5 } };

/** A job of which so many slices in a row have died, in about four hours, is not tried again by itself. */
const mostDeaths = 10;

/**
 * Over so many seconds those come again whose slices have died in one process. One of them has perhaps ended it, and does so
 * each time: if all came at the same moment, the others would go with it again and again, until they are given up.
 */
export const deathSpreadSeconds = 240;

/** So much is kept of an error's text, in characters. */
const longestText = 500;

/**
 * What became of a wake-up:
 * - `worked`: a slice was worked, and its end is stored.
 * - `failed`: a slice was worked and threw, and the job is due again after a pause; or too many have died, and it is not.
 * - `refused`: the job is not due, has ended, or is worked by somebody else.
 * - `lost`: the lease was lost meanwhile; nothing was written.
 * - `unknown`: the job is of a kind that this function does not work.
 * - `no_time`: the invocation has too little time left.
 */
export type WokenUp = 'worked' | 'failed' | 'refused' | 'lost' | 'unknown' | 'no_time';

/**
 * Works one slice of a job: claims it, lets its kind work for a bounded time, and stores how it ended. A job that is to go
 * on at once gets its next wake-up here; when that is lost, the sweep sends another one.
 *
 * @param sentAt when the wake-up was sent, epoch seconds; absent for none
 * @returns what became of the wake-up
 * @throws what the store throws; the job is then due again when its lease ends
 */
export async function workSlice(
  jobId: string,
  dependencies: WorkSliceDependencies,
  sentAt = Number.POSITIVE_INFINITY,
): Promise<WokenUp> {
  const { store, kinds, clock, randomId, randomFraction, remaining } = dependencies;
  const name = parseJobId(jobId);
  const kind = name && kinds[name.kind];
  if (kind === undefined) return 'unknown';
  if (remaining() < leastSliceMs) return 'no_time';
  const claimedAt = clock();
  const lease = { jobId, owner: randomId(), until: Math.ceil(claimedAt) + leaseSeconds };
  const now = Math.floor(claimedAt);
  const dueBy = Math.min(now, Math.floor(sentAt + staleSeconds));
  const job = await store.claim(lease, now, Math.floor(deathSpreadSeconds * randomFraction()), dueBy);
  if (job === 'refused') return 'refused';
  const givenUp = await afterDeaths(job, lease, kind, dependencies);
  if (givenUp !== undefined) return givenUp;
  const held = heldLease(lease, dependencies);
  const slice = { job, remaining: held.remaining, save: held.save };
  let ended = await kind.work(slice).then(
    (end) => endOf(end, clock()),
    (error: unknown) => failureOf(job, error, dependencies),
  );
  if (held.isLost()) return noteLost(job, dependencies);
  const written = await store.finish(lease, ended.finish).catch((error: unknown) => {
    if (!(error instanceof JobTooLargeError)) throw error;
    ended = failureOf(job, error, dependencies);
    return store.finish(lease, ended.finish);
  });
  if (written === 'lost') return noteLost(job, dependencies);
  if (ended.failed !== undefined) tellFailure(job, kind, ended.failed, dependencies);
  const { state, nextAt } = ended.finish;
  if (state === 'active' && nextAt !== undefined && nextAt <= clock() && !ended.waitsItsTurn)
    await wakeAgain(job, dependencies);
  return ended.failed === undefined ? 'worked' : 'failed';
}

/** Gives a slice what is bound to its lease. */
function heldLease(claimed: Lease, { store, clock, remaining }: WorkSliceDependencies) {
  const sliceEnd = clock() + sliceMs / 1000;
  let lease = claimed;
  let lost = false;
  return {
    isLost: () => lost,
    remaining: () => {
      if (lost) return 0;
      const untilEnd = Math.min(sliceEnd, lease.until - reserveMs / 1000) - clock();
      return Math.max(0, Math.min(remaining() - reserveMs, untilEnd * 1000));
    },
    save: async (checkpoint: unknown) => {
      if (lost) return 'lost' as const;
      const extended = { ...lease, until: Math.max(lease.until, Math.ceil(clock()) + leaseSeconds) };
      lost = (await store.checkpoint(extended, checkpoint)) === 'lost';
      if (lost) return 'lost' as const;
      lease = extended;
      return 'saved' as const;
    },
  };
}

/** How a slice ended, and the error of one that failed. */
interface Ended {
  readonly finish: SliceFinish;
  readonly failed?: JobError;
  readonly waitsItsTurn?: boolean;
}

function endOf(end: SliceEnd, now: number): Ended {
  const { checkpoint } = end;
  const kept = { failures: 0, lookedAt: Math.floor(now), ...(checkpoint !== undefined && { checkpoint }) };
  if (end.outcome === 'again') {
    const { nextAt, waitsItsTurn = false } = end;
    return { finish: { ...kept, state: 'active', nextAt: Math.floor(nextAt) }, waitsItsTurn };
  }
  if (end.outcome === 'done') return { finish: { ...kept, state: 'done' } };
  const failed = { name: 'failed', text: end.reason.slice(0, longestText), at: Math.floor(now) };
  const { lookedAt: _, ...rest } = kept;
  return { finish: { ...rest, state: 'failed', failures: 1, lastError: failed }, failed };
}

function failureOf(job: Job, error: unknown, { clock, randomFraction }: WorkSliceDependencies): Ended {
  const now = clock();
  const failures = job.failures + 1;
  const message = error instanceof Error ? error.message : String(error);
  const failed = { name: errorName(error), text: redactText(message, longestText), at: Math.floor(now) };
  const nextAt = Math.ceil(now + pauseAfter(failures, failurePause, randomFraction()));
  return { finish: { state: 'active', nextAt, failures, lastError: failed }, failed };
}

/** Tells that the slice before has died, and gives its job up when too many have. @returns undefined when it goes on */
async function afterDeaths(
  job: Job,
  lease: Lease,
  kind: KindOfWork,
  dependencies: WorkSliceDependencies,
): Promise<'failed' | 'lost' | undefined> {
  const { id, deaths } = job;
  if (deaths === undefined) return undefined;
  const text =
    `${deaths} slices in a row began and neither saved nor ended: their processes were killed, or hung. Look for the ` +
    `last runs of company-work that worked ${id}; \`jobs resume\` tries again.`;
  const died: JobError = { name: 'SliceDied', text, at: Math.floor(dependencies.clock()) };
  tellFailure(job, kind, died, dependencies);
  if (deaths < mostDeaths) return undefined;
  const written = await dependencies.store.finish(lease, { state: 'failed', failures: deaths, lastError: died });
  return written === 'lost' ? noteLost(job, dependencies) : 'failed';
}

function tellFailure(job: Job, { failed: metric }: KindOfWork, error: JobError, { observer }: WorkSliceDependencies) {
  if (metric !== undefined) observer.count(metric);
  observer.note('job.failed', { ...fieldsOf(job), errorName: error.name });
}

/** Whoever has the job now goes on from the last checkpoint. */
function noteLost(job: Job, { observer }: WorkSliceDependencies): 'lost' {
  observer.note('job.lease_lost', fieldsOf(job));
  return 'lost';
}

async function wakeAgain(job: Job, { wakeUps, observer }: WorkSliceDependencies): Promise<void> {
  if (wakeUps === undefined) return;
  const { refused } = await wakeUps.send([job.id]).catch(() => ({ refused: 1 }));
  // The job is due: the sweep finds it.
  if (refused > 0) observer.note('job.wake_up_refused', fieldsOf(job));
}

function fieldsOf({ kind, companyId, subject }: Job) {
  return { companyId, cause: kind, resourceName: subject };
}
