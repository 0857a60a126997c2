import type { RemainingTime } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { Acceptance } from './acceptance.ts';
import type { ApiCall } from './api-call.ts';
import { hookTargets, withHook } from './apply-subscription.ts';
import { type HooksApi, hooksApi } from './hooks-api.ts';
import { type HookRepair, keepHook } from './keep-hook.ts';
import { isSilent, recoverDeliveries } from './recover-deliveries.ts';
import { type RetirementDependencies, retirePrevious } from './roll-over.ts';
import type { StoredSubscription, Subscription } from './subscription.ts';
import type { WebhookAuthorizationSource } from './webhook-authorization.ts';

/** What the audit works with. */
export interface AuditDependencies extends RetirementDependencies {
  readonly source: WebhookAuthorizationSource;
  /** Calls Procore's API for the company by the connection that its subscription names. */
  readonly callFor: (subscription: Subscription) => ApiCall;
  /** Takes a delivery in as intake does. */
  readonly accept: (body: Uint8Array) => Promise<Acceptance>;
  readonly remaining: RemainingTime;
}

/** What an audit found, over all subscriptions. */
export interface AuditReport {
  readonly subscriptions: number;
  /** Hooks that were missing or disabled. */
  readonly inactive: number;
  /** Hooks that were changed in any way. */
  readonly repaired: number;
  readonly discarded: number;
  readonly recovered: number;
  readonly silent: number;
  /** Subscriptions whose audit ended with an error, or for which no time was left. */
  readonly unfinished: number;
  readonly previousRetired: boolean;
}

/** A hook costs about four calls, and Procore's hourly limit may be as low as 600 for everything. */
const hooksAtOnce = 50;
/** Nothing more is begun with less time left, in milliseconds. */
const reserve = 20_000;
/** Procore discards after 12 h of failure, pauses up to 1 h, and its clock is not ours. */
const retrySeconds = 14 * 3600;
/** Enough for all lost deliveries of a bad day; they are forgotten when Procore's list no longer reaches back. */
const mostSetAside = 500;

type Counts = { -readonly [Name in 'inactive' | 'repaired' | 'discarded' | 'recovered']: number };

/**
 * Compares what is wanted with what Procore has, for every company: repairs hooks, moves them to the current header,
 * takes in deliveries that Procore gave up, and tells where there has been silence. Started every hour; what one run
 * does not finish, the next one does, the hooks that were looked at longest ago first.
 */
export async function auditSubscriptions(dependencies: AuditDependencies): Promise<AuditReport> {
  const { store, source, observer, remaining, clock } = dependencies;
  const authorization = await source.read({ fresh: true });
  const counts: Counts = { inactive: 0, repaired: 0, discarded: 0, recovered: 0 };
  let [silent, unfinished] = [0, 0];
  const subscriptions = (await store.list()).toSorted((one, other) => (one.begunAt ?? 0) - (other.begunAt ?? 0));
  for (const subscription of subscriptions) {
    const { companyId, connectionId } = subscription;
    if (remaining() < reserve) {
      unfinished += 1;
      continue;
    }
    try {
      // Noted first: a company over which an audit runs out of time must not be the first one of every audit.
      const begun = { ...subscription, begunAt: Math.floor(clock()) };
      const revision = await store.save(begun, subscription.revision);
      if (revision === 'changed') {
        unfinished += 1;
        continue;
      }
      const api = hooksApi(dependencies.callFor(subscription), companyId);
      const audited = await auditHooks({ ...begun, revision }, authorization.current, api, counts, dependencies);
      if (audited.isSilent) {
        silent += 1;
        observer.note('subscription.silent', { companyId, connectionId });
      }
      // Changed by a person meanwhile: the next audit looks at what is wanted now.
      if ((await store.save(audited.subscription, revision)) === 'changed') unfinished += 1;
      else if (audited.failure !== undefined) throw audited.failure;
    } catch (error) {
      unfinished += 1;
      const status = statusOf(error);
      observer.count('subscriptionAuditFailed');
      observer.note('subscription.audit_failed', { companyId, connectionId, errorName: errorName(error), status });
    }
  }
  // With a 0 from every audit, the alarm knows an hour that went well between two that failed.
  observer.count('subscriptionAuditFailed', 0);
  observer.count('subscriptionInactive', counts.inactive);
  observer.count('subscriptionRepaired', counts.repaired);
  // What was recovered is not lost any more.
  observer.count('deliveriesDiscarded', counts.discarded - counts.recovered);
  observer.count('deliveriesRecovered', counts.recovered);
  observer.count('webhookSilence', silent);
  const previousRetired = (await retirePrevious(authorization, dependencies)) === 'retired';
  return { subscriptions: subscriptions.length, ...counts, silent, unfinished, previousRetired };
}

interface Audited {
  readonly subscription: Subscription;
  readonly isSilent: boolean;
  /** Why not one hook could be looked at. */
  readonly failure?: unknown;
}

async function auditHooks(
  subscription: StoredSubscription,
  authorization: string,
  api: HooksApi,
  counts: Counts,
  { accept, clock, observer, remaining }: AuditDependencies,
): Promise<Audited> {
  const startedAt = Math.floor(clock());
  const hasTime = () => remaining() >= reserve;
  const projects = subscription.projects === 'all' ? await api.listProjects() : subscription.projects;
  let { hooks } = subscription;
  const known = (projectId: string | null) => hooks.find((hook) => hook.projectId === projectId);
  const failedAt = new Map(subscription.failedLooks?.map(({ projectId, at }) => [projectId, at]));
  const targets = hookTargets(subscription, projects)
    .map((projectId) => ({ projectId, lookedAt: failedAt.get(projectId) ?? known(projectId)?.checkedAt ?? 0 }))
    .toSorted((one, other) => one.lookedAt - other.lookedAt);
  const setAside = [...(subscription.setAside ?? [])];
  const silentSince = startedAt - subscription.silenceHours * 3600;
  // A subscription younger than that had no time to be silent.
  let asksForSilence = subscription.silenceHours > 0 && subscription.createdAt <= silentSince;
  let { silentHooks = 0 } = subscription;
  let failure: unknown;
  for (const { projectId } of targets.slice(0, hooksAtOnce)) {
    if (!hasTime()) break;
    const before = known(projectId);
    try {
      const { hook, repairs } = await keepHook(subscription, projectId, before, { api, authorization, clock });
      hooks = withHook(hooks, hook);
      failedAt.delete(projectId);
      tell(subscription, before !== undefined, projectId, repairs, counts, observer);
      // Its own time: one hook that fails, or is one of a thousand, must not have all read again from the beginning.
      const since = (hook.recoveredAt ?? subscription.auditedAt ?? subscription.createdAt) - retrySeconds;
      const recovery = await recoverDeliveries(api, hook, dayOf(since), setAside, accept, hasTime);
      counts.discarded += recovery.discarded;
      counts.recovered += recovery.recovered;
      const lost = recovery.discarded - recovery.recovered;
      if (lost > 0) tellLost(subscription, projectId, lost, observer);
      setAside.push(...recovery.setAside);
      if (!recovery.incomplete) hooks = withHook(hooks, { ...hook, recoveredAt: startedAt });
      if (asksForSilence) {
        asksForSilence = await isSilent(api, hook, dayOf(silentSince));
        silentHooks = asksForSilence ? silentHooks + 1 : 0;
      }
    } catch (error) {
      // One project that is gone or hidden must not keep the others from being looked at.
      failure = error;
      failedAt.set(projectId, startedAt);
      observer.note('subscription.hook_failed', {
        companyId: subscription.companyId,
        projectId: projectId ?? undefined,
        errorName: errorName(error),
        status: statusOf(error),
      });
    }
  }
  const allFailed = failure !== undefined && hooks === subscription.hooks;
  if (failure !== undefined && !allFailed) observer.count('subscriptionAuditFailed');
  const times = targets.map(({ projectId }) => known(projectId)?.recoveredAt ?? 0);
  const auditedAt = Math.min(startedAt, ...times);
  return {
    subscription: {
      ...subscription,
      hooks,
      ...(auditedAt > 0 && { auditedAt }),
      silentHooks,
      failedLooks: targets.flatMap(({ projectId }) => {
        const at = failedAt.get(projectId);
        return at === undefined ? [] : [{ projectId, at }];
      }),
      ...(setAside.length > 0 && { setAside: setAside.slice(-mostSetAside) }),
    },
    // They are looked at in turn, so that this many in a row are all.
    isSilent: asksForSilence && !allFailed && targets.length > 0 && silentHooks >= targets.length,
    ...(allFailed && { failure }),
  };
}

function tell(
  { companyId, connectionId }: Subscription,
  existed: boolean,
  projectId: string | null,
  repairs: readonly HookRepair[],
  counts: Counts,
  observer: Observer,
): void {
  if (repairs.length === 0) return;
  const inactive = repairs.includes('activated') || (existed && repairs.includes('created'));
  if (inactive) counts.inactive += 1;
  counts.repaired += 1;
  observer.note(inactive ? 'subscription.inactive' : 'subscription.repaired', {
    companyId,
    connectionId,
    projectId: projectId ?? undefined,
    outcome: repairs.join(' '),
  });
}

/** Names the company whose deliveries the alarm counts as lost. */
function tellLost(
  { companyId, connectionId }: Subscription,
  projectId: string | null,
  count: number,
  observer: Observer,
): void {
  observer.note('deliveries.discarded', { companyId, connectionId, projectId: projectId ?? undefined, count });
}

/** The HTTP status that Procore answered with, when it was that. */
function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  return typeof status === 'number' ? status : undefined;
}

function dayOf(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().slice(0, 10);
}
