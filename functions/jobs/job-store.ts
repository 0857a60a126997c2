import type { DueJob, Job, JobError, JobKind, JobName, JobState } from './job.ts';

/** A job that is to be begun. */
export interface NewJob extends JobName, Pick<Job, 'request' | 'createdAt'> {
  /** Where the work begins, for a job that goes on from something; absent for the beginning. */
  readonly checkpoint?: unknown;
  /** When the first slice is due, epoch seconds. */
  readonly nextAt: number;
}

/** The right to work one slice of a job. */
export interface Lease {
  readonly jobId: string;
  /** A random id of this slice alone. */
  readonly owner: string;
  /** Until when nobody else works the job, epoch seconds. */
  readonly until: number;
}

/**
 * A job whose slice has died, with its process or without a word, waits so much longer for each death in a row before the
 * next slice, in seconds.
 */
export const deathPauseSeconds = 300;

/** How a slice leaves its job. */
export interface SliceFinish {
  readonly state: 'active' | 'done' | 'failed';
  /** Absent: the stored one stays. */
  readonly checkpoint?: unknown;
  /** When the next slice is due, epoch seconds; for `active` alone. */
  readonly nextAt?: number;
  readonly failures: number;
  /** Absent: none, and what was noted of an earlier one goes. */
  readonly lastError?: JobError;
  /** Absent: the stored one stays. */
  readonly lookedAt?: number;
}

/**
 * What a person does to a job. `resume` goes on with a paused or failed job, `run` lets an active one be due before all
 * others and notes when it was wanted, `cancel` ends one that is under way. A slice that is being worked loses its lease, unless its job is only to run.
 */
export type JobChange = 'pause' | 'resume' | 'cancel' | 'run';

/** From which states a change goes, and to which one. */
export const statesForChange: Readonly<
  Record<JobChange, { readonly from: readonly JobState[]; readonly to: JobState }>
> = {
  pause: { from: ['active'], to: 'paused' },
  resume: { from: ['paused', 'failed'], to: 'active' },
  cancel: { from: ['active', 'paused'], to: 'cancelled' },
  run: { from: ['active'], to: 'active' },
};

/** Which jobs are listed; without anything all. A company needs a kind beside it. */
export type JobSelection =
  | { readonly kind?: undefined; readonly companyId?: undefined }
  | { readonly kind: JobKind; readonly companyId?: string };

/** One page of jobs. */
export interface JobPage {
  readonly jobs: readonly Job[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** One page of jobs that are due. */
export interface DueJobPage {
  readonly jobs: readonly DueJob[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** Where jobs are kept, one item each. */
export interface JobStore {
  /** Reads a job, strongly consistent. */
  read(id: string): Promise<Job | undefined>;

  /**
   * Begins a job, in place of one that has ended.
   *
   * @returns `under_way` when the same job is active or paused
   * @throws JobTooLargeError
   */
  create(job: NewJob): Promise<'created' | 'under_way'>;

  /**
   * Takes the right to work a slice, in one conditional write: the job is active, it is due, and no lease of anybody
   * else's lasts. The job is then due again `spreadSeconds` after the lease ends; after slices that have died,
   * {@link deathPauseSeconds} later for each. The same write counts this slice among those, until it saves a checkpoint or
   * ends.
   *
   * @param now epoch seconds
   * @param spreadSeconds whole seconds. Default is 0
   * @param dueBy when the job must have become due at the latest, epoch seconds. Default is `now`
   * @returns the job as it is now, or `refused`
   */
  claim(lease: Lease, now: number, spreadSeconds?: number, dueBy?: number): Promise<Job | 'refused'>;

  /**
   * Stores how far a slice has come and makes its lease last until `lease.until`, if the lease is still the slice's. The
   * deaths of slices before it are forgotten: the job gets on.
   *
   * @throws JobTooLargeError
   */
  checkpoint(lease: Lease, checkpoint: unknown): Promise<'written' | 'lost'>;

  /**
   * Ends a slice and its lease, if the lease is still the slice's.
   *
   * @throws JobTooLargeError
   */
  finish(lease: Lease, end: SliceFinish): Promise<'written' | 'lost'>;

  /**
   * Lists the jobs of one shard that are due, earliest first. The list is eventually consistent, and may have jobs of
   * kinds that only a later version knows.
   *
   * @param now epoch seconds
   * @param limit how many jobs the answer holds at most
   * @param cursor where an earlier answer ended
   */
  due(shard: string, now: number, limit: number, cursor?: string): Promise<DueJobPage>;

  /**
   * Does what a person wants done.
   *
   * @param now epoch seconds
   * @returns `refused` when the job's state does not allow it, `absent` when there is no such job
   */
  change(id: string, change: JobChange, now: number): Promise<'changed' | 'refused' | 'absent'>;

  /**
   * Lists jobs in the order of their ids' text, a bounded page at a time. Jobs of kinds that only a later version knows
   * are left out, so a page may be empty and have a cursor.
   */
  list(selection: JobSelection, limit: number, cursor?: string): Promise<JobPage>;

  /** Forgets a job, whatever its state; a slice that is being worked loses its lease. */
  remove(id: string): Promise<void>;
}
