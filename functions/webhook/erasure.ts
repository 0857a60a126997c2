import { type Job, jobIdOf } from '../jobs/job.ts';
import type { NewJob } from '../jobs/job-store.ts';

/** What a job of kind `erase` is asked for. */
export interface ErasureRequest {
  /** Connections that serve no other company: they are disconnected. */
  readonly connectionIds: readonly string[];
  /** Connections that stay, since they serve other companies as well. */
  readonly keptConnectionIds: readonly string[];
}

/** The steps of an erasure, in their order. */
export const erasureSteps = [
  'tombstone',
  'hooks',
  'connections',
  'quiet',
  'dead letters',
  'quarantine',
  'ledger',
  'failed calls',
  'jobs',
  'done',
] as const;

/** One of {@link erasureSteps}. */
export type ErasureStep = (typeof erasureSteps)[number];

/** How far an erasure has come, and what it has done: its receipt. Counts of a slice that was killed are missing. */
export interface ErasureProgress {
  readonly step: ErasureStep;
  /** Where a step that goes on page by page goes on. */
  readonly cursor?: string | undefined;
  /** When the tombstone was placed, epoch seconds; 0 before. */
  readonly erasedAt: number;
  readonly subscriptions: number;
  readonly hooks: number;
  /** Hooks that Procore did not let us delete, and why. */
  readonly hooksLeft?: { readonly hookIds: readonly string[]; readonly reason: string };
  readonly disconnected: readonly string[];
  /** Of these, those whose tokens Procore has not confirmed as revoked; the sweep of tokens goes on. */
  readonly unrevoked: readonly string[];
  readonly events: number;
  readonly deadLetters: number;
  readonly quarantined: number;
  /** Messages of both queues of which nobody can tell whose they are. */
  readonly unknownMessages: number;
  /** Queues that could not be gone through to their end. */
  readonly notWhole: readonly ('dead letters' | 'quarantine')[];
  /** How often the walk through the queue under way was begun. */
  readonly walks: number;
  readonly failedCalls: number;
  readonly jobs: number;
  /** How many items of tables were read for it: what it cost. */
  readonly read: number;
}

/** The progress of an erasure that has not begun. */
export const nothingErased: ErasureProgress = {
  ...{ step: 'tombstone', erasedAt: 0, subscriptions: 0, hooks: 0, disconnected: [], unrevoked: [], events: 0 },
  ...{ deadLetters: 0, quarantined: 0, unknownMessages: 0, notWhole: [], walks: 0, failedCalls: 0, jobs: 0, read: 0 },
};

/** Gives the id of the job that erases a company. */
export const erasureId = (companyId: string): string => jobIdOf({ kind: 'erase', companyId });

/** Makes the job that erases a company. @param now epoch seconds */
export function erasureJob(companyId: string, request: ErasureRequest, now: number): NewJob {
  const at = Math.floor(now);
  return { kind: 'erase', companyId, request, createdAt: at, nextAt: at };
}

/** Reads how far an erasure has come. */
export function erasureProgress({ checkpoint }: Pick<Job, 'checkpoint'>): ErasureProgress {
  return { ...nothingErased, ...(checkpoint as Partial<ErasureProgress> | undefined) };
}
