import { type Job, jobIdOf } from '../jobs/job.ts';
import type { NewJob } from '../jobs/job-store.ts';
import type { Walk } from './list-walk.ts';
import { unpackIds } from './packed-ids.ts';
import type { ResourceList } from './resource-paths.ts';

/** What a job of kind `backfill` is asked for; its subject is the name of the resource. */
export interface BackfillRequest extends Pick<ResourceList, 'level' | 'path'> {
  /** Only records that changed since then, epoch seconds; absent for all. */
  readonly since?: number;
  /** Only this project; absent for all that the subscription wants. */
  readonly projectId?: string;
}

/** How far a backfill has come. */
export interface BackfillProgress {
  /** Packed ids of the projects that are still to be read, the one under way first; of a list of the company `0`. */
  readonly lists: string;
  readonly listsDone: number;
  readonly listsInAll: number;
  /** Where the walk through the list under way is; absent at its beginning. */
  readonly walk?: Walk;
  /** Events that were sent. */
  readonly sent: number;
  /** Records of which an event was known already, from an earlier backfill of the last 30 days. */
  readonly known: number;
  /** Records without an id, of which there can be no event. */
  readonly unusable: number;
  /** Lists that changed so much, or are so long, that a record may have slipped past a page's edge unseen. */
  readonly unproven: number;
  /** Projects that Procore does not show to this connection: how many, and the first answer. */
  readonly hidden?: { readonly projects: number; readonly text: string };
  /** How long it was worked, in seconds. */
  readonly workedSeconds: number;
}

/** Stands for the company in {@link BackfillProgress.lists}. No project has this id. */
export const ofTheCompany = 0n;

/** Makes the job of a backfill. @param now epoch seconds */
export function backfillJob(companyId: string, resourceName: string, request: BackfillRequest, now: number): NewJob {
  const at = Math.floor(now);
  return { ...backfillName(companyId, resourceName), request, createdAt: at, nextAt: at };
}

/** Gives the id of the job of a backfill. */
export function backfillId(companyId: string, resourceName: string): string {
  return jobIdOf(backfillName(companyId, resourceName));
}

const backfillName = (companyId: string, subject: string) => ({ kind: 'backfill', companyId, subject }) as const;

/** How a backfill stands, for people. */
export interface BackfillStatus extends Omit<BackfillProgress, 'lists' | 'walk'> {
  readonly resourceName: string;
  /** The project under way; absent for a list of the company, and when none is. */
  readonly projectId?: string;
  /** How many events were sent an hour, while it was worked; absent before the first minute. */
  readonly sentAnHour?: number;
  /** When it ends if it goes on like this, epoch seconds; absent when nobody can tell. */
  readonly endsAt?: number;
}

/**
 * Tells how a backfill stands.
 *
 * The rest is taken to last as long as the lists that are done: projects have very different numbers of records.
 *
 * @param now epoch seconds
 * @returns undefined for a job of another kind
 */
export function backfillStatus(job: Job, now: number): BackfillStatus | undefined {
  if (job.kind !== 'backfill') return undefined;
  const { lists, walk: _, ...progress } = (job.checkpoint as BackfillProgress | undefined) ?? nothingDone;
  const [first] = unpackIds(lists);
  const { listsDone, listsInAll, sent, workedSeconds } = progress;
  const left = ((listsInAll - listsDone) * workedSeconds) / listsDone;
  return {
    ...progress,
    resourceName: job.subject ?? '',
    ...(first !== undefined && first !== ofTheCompany && { projectId: String(first) }),
    ...(workedSeconds >= 60 && { sentAnHour: Math.round((sent * 3600) / workedSeconds) }),
    ...(job.state === 'active' && listsDone > 0 && { endsAt: Math.round(now + left) }),
  };
}

/** The progress of a backfill that has not read its projects yet. */
export const nothingDone: BackfillProgress = {
  ...{ lists: '', listsDone: 0, listsInAll: 0, sent: 0, known: 0, unusable: 0, unproven: 0, workedSeconds: 0 },
};
