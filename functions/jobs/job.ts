import { sha256 } from '../sha256.ts';

/** What company-wide work there is. */
export const jobKinds = ['audit', 'reconcile', 'backfill', 'apply', 'erase'] as const;

/** One of {@link jobKinds}. */
export type JobKind = (typeof jobKinds)[number];

/**
 * How a job stands. `active` is worked when its time comes, `paused` waits for a person. `done`, `failed` and `cancelled`
 * are ended: nothing is done any more, and the same job may be created again.
 */
export const jobStates = ['active', 'paused', 'done', 'failed', 'cancelled'] as const;

/** One of {@link jobStates}. */
export type JobState = (typeof jobStates)[number];

/** What a job is about. There is one job for each. */
export interface JobName {
  readonly kind: JobKind;
  readonly companyId: string;
  /** What of the company, where a kind has several jobs a company, e.g. the name of a resource. */
  readonly subject?: string;
}

/** The last failure of a job's slice. */
export interface JobError {
  /** The error's name, e.g. `ProcoreApiError`. */
  readonly name: string;
  /** Its text without secrets, at most 500 characters. */
  readonly text: string;
  /** Epoch seconds. */
  readonly at: number;
}

/** Company-wide work as it is stored. The item is the truth; a message only wakes. */
export interface Job extends JobName {
  /** `KIND#companyId` or `KIND#companyId#SUBJECT`; see {@link jobIdOf}. */
  readonly id: string;
  readonly state: JobState;
  /** What was asked for, JSON of the kind's own. */
  readonly request: unknown;
  /** How far the work has come, JSON of the kind's own; absent before the first one. */
  readonly checkpoint?: unknown;
  /**
   * When a slice is due, epoch seconds; absent unless `active`. While a slice is worked: when its lease ends, or minutes
   * later before it has saved.
   * {@link atOnce} when a person wants it now.
   */
  readonly nextAt?: number;
  /** Who works a slice, and until when nobody else does, epoch seconds. */
  readonly lease?: { readonly owner: string; readonly until: number };
  /** How many slices in a row have failed. */
  readonly failures: number;
  /** How many slices in a row have died before the last one: their leases ran out without a word. Absent for none. */
  readonly deaths?: number;
  readonly lastError?: JobError;
  /** When a person last wanted the job to run, epoch seconds: what was done before does not count. */
  readonly wantedAt?: number;
  /** When a slice last went well, epoch seconds. */
  readonly lookedAt?: number;
  readonly createdAt: number;
}

/** A job that is due, or was until a moment ago. The index knows nothing else of it. */
export interface DueJob {
  readonly id: string;
  /** Epoch seconds. */
  readonly nextAt: number;
}

/** A job that is due so early is one that a person wants now: it goes before all others, and is never held back. */
export const atOnce = 0;

/** Tells whether a job of this state may be worked again without being created anew. */
export function isUnderWay(state: JobState): boolean {
  return state === 'active' || state === 'paused';
}

/** Makes a job's id, e.g. `backfill#8089#RFIs`. */
export function jobIdOf({ kind, companyId, subject }: JobName): string {
  return subject === undefined ? `${kind}#${companyId}` : `${kind}#${companyId}#${subject}`;
}

/**
 * Reads a job's id.
 *
 * @returns undefined when it is no id, or of a kind that this version does not know
 */
export function parseJobId(id: string): JobName | undefined {
  const [, kind, companyId, , subject] = /^([a-z]+)#([^#]+)(#(.+))?$/s.exec(id) ?? [];
  const known = jobKinds.find((each) => each === kind);
  if (known === undefined || companyId === undefined) return undefined;
  return { kind: known, companyId, ...(subject !== undefined && { subject }) };
}

/** The shards of the due index: few, since each is asked every minute, and enough for 4,000 slices a second. */
export const jobShards: readonly string[] = ['jobs-0', 'jobs-1', 'jobs-2', 'jobs-3'];

/**
 * Tells in which shard of the due index a job is.
 *
 * @returns one of {@link jobShards}, always the same one for the same job
 */
export function jobShardOf(id: string): string {
  return `jobs-${Number.parseInt(sha256(id).slice(0, 2), 16) % jobShards.length}`;
}
