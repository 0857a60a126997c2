import { type JobName, jobIdOf } from '../jobs/job.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { Slice, SliceEnd } from '../jobs/work-slice.ts';
import type { Observer } from '../observer.ts';
import { type HookMoves, type RetirementDependencies, retireAtItsTime, retireWhenMoved } from './roll-over.ts';
import { fingerprint, type StoredSubscription, type SubscriptionStore } from './subscription.ts';
import type { WebhookAuthorizationSource } from './webhook-authorization.ts';

/** What {@link auditRound} needs. */
export interface AuditRoundDependencies extends RetirementDependencies {
  readonly store: SubscriptionStore;
  readonly jobs: JobStore;
  readonly source: WebhookAuthorizationSource;
  /** Writes our client id down for functions that may not read the secret beside which it stands; it throws nothing. */
  readonly noteClientId: () => Promise<unknown>;
}

/** Stands for a company's id in the job that goes through all of them. No company has it: ids are numbers. */
export const everyCompany = 'all';

/** How many subscriptions are read at a time. */
const pageSize = 50;

/** The next round begins so long after one has ended, in seconds. */
const betweenRounds = 3600;

/** Begins the job of the round where it is missing: nobody else does. */
export async function ensureRound({ jobs, clock }: Pick<AuditRoundDependencies, 'jobs' | 'clock'>): Promise<void> {
  const now = Math.floor(clock());
  // A conditional write a minute would cost more than the sweep itself.
  if (Math.floor(now / 60) % 10 > 0) return;
  await jobs.create({ kind: 'audit', companyId: everyCompany, request: null, createdAt: now, nextAt: now });
}

/** How far a round has come. */
interface Round extends HookMoves {
  readonly cursor?: string;
  /** What is told of companies whose hooks do not have the current header; absent when nobody has a previous one. */
  readonly told?: 'subscription.hooks_not_moved' | 'subscription.hooks_cut_off';
  /** {@link fingerprint} of the current header at the beginning. */
  readonly current: string;
}

/**
 * Goes through all subscriptions, page by page: gives each one the jobs that it lacks, and finds out
 * whether the previous header can end. The previous header ends at its time at the latest, whatever still sends it.
 * Companies whose hooks would break, or do break, are noted.
 *
 * @throws what the stores throw; the round goes on from its last page
 */
export async function auditRound(
  { job, remaining, save }: Slice,
  dependencies: AuditRoundDependencies,
): Promise<SliceEnd> {
  const { store, source, clock } = dependencies;
  let round = (job.checkpoint as Round | null | undefined) ?? (await begin(dependencies));
  for (let isLast = false; !isLast; ) {
    if (remaining() === 0) return { outcome: 'again', nextAt: clock(), checkpoint: round };
    const { subscriptions, cursor } = await store.page(pageSize, round.cursor);
    for (const subscription of subscriptions) await ensureJobs(subscription, dependencies);
    round = afterPage(round, subscriptions, cursor, dependencies.observer);
    isLast = cursor === undefined;
    if (!isLast && (await save(round)) === 'lost') break;
  }
  const authorization = await source.read({ fresh: true });
  // A value that came while the round went on is looked at by the next one.
  if (round.told === 'subscription.hooks_not_moved' && fingerprint(authorization.current) === round.current) {
    await retireWhenMoved(authorization, round, dependencies);
  }
  return { outcome: 'again', nextAt: clock() + betweenRounds, checkpoint: null };
}

async function begin(dependencies: AuditRoundDependencies): Promise<Round> {
  await dependencies.noteClientId();
  const authorization = await dependencies.source.read({ fresh: true });
  const stands = await retireAtItsTime(authorization, dependencies);
  return {
    current: fingerprint(authorization.current),
    unmoved: 0,
    lastMovedAt: 0,
    ...(stands === 'accepted' && { told: 'subscription.hooks_not_moved' }),
    ...(stands === 'retired' && { told: 'subscription.hooks_cut_off' }),
  };
}

async function ensureJobs(subscription: StoredSubscription, dependencies: AuditRoundDependencies): Promise<void> {
  const { companyId, reconcile } = subscription;
  await ensureJob({ kind: 'audit', companyId }, dependencies);
  if (reconcile !== undefined) await ensureJob({ kind: 'reconcile', companyId }, dependencies);
}

/**
 * A job that a person has stopped stays stopped; one that ended for want of a subscription begins again. An audit that has
 * failed for good is counted each time: its hooks are not looked at until a person resumes it.
 */
async function ensureJob(name: JobName, { jobs, clock, observer }: AuditRoundDependencies): Promise<void> {
  const state = (await jobs.read(jobIdOf(name)))?.state;
  if (state === 'failed' && name.kind === 'audit') observer.count('auditJobsFailed');
  if (state !== undefined && state !== 'done') return;
  const now = Math.floor(clock());
  await jobs.create({ ...name, request: null, createdAt: now, nextAt: now });
}

function afterPage(
  { cursor: _, ...round }: Round,
  subscriptions: readonly StoredSubscription[],
  cursor: string | undefined,
  observer: Observer,
): Round {
  let { unmoved, lastMovedAt } = round;
  for (const subscription of subscriptions) {
    const { companyId, connectionId, hooks } = subscription;
    const count = hooks.filter(({ authorization }) => authorization !== round.current).length;
    // Each company once: it may have hundreds of hooks.
    if (round.told !== undefined && count > 0) observer.note(round.told, { companyId, connectionId, count });
    unmoved += count;
    lastMovedAt = hooks.reduce((latest, { authorizedAt }) => Math.max(latest, authorizedAt), lastMovedAt);
  }
  return { ...round, unmoved, lastMovedAt, ...(cursor !== undefined && { cursor }) };
}
