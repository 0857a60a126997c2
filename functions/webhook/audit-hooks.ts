import type { Clock, RemainingTime } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { ObservedFields, Observer } from '../observer.ts';
import type { Acceptance } from './acceptance.ts';
import { hookTargets, withHook } from './apply-subscription.ts';
import type { HooksApi } from './hooks-api.ts';
import { type HookRepair, keepHook } from './keep-hook.ts';
import { isSilent, type Recovery, recoverDeliveries } from './recover-deliveries.ts';
import type { StoredSubscription, SubscribedHook, Subscription } from './subscription.ts';

/** What {@link auditHooks} needs. */
export interface HookAuditDependencies {
  readonly api: HooksApi;
  /** The webhook authorization's current value, without `Bearer`. */
  readonly authorization: string;
  /** Takes a delivery in as intake does. */
  readonly accept: (body: Uint8Array) => Promise<Acceptance>;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly remaining: RemainingTime;
}

/** What one look at one hook found, as far as it came before it failed. */
export interface HookLook extends Partial<Omit<Recovery, 'incomplete'>> {
  /** The hook as it is to be stored; undefined when the look failed before it was known. */
  readonly hook?: SubscribedHook;
  /** What had to be done at the hook. */
  readonly repairs?: readonly HookRepair[];
  /** The hook was missing or disabled. */
  readonly wasInactive?: boolean;
  /** undefined when the look did not ask for silence. */
  readonly isSilent?: boolean;
  readonly failure?: unknown;
}

/** What the audit of a subscription's hooks found. */
export interface AuditedHooks {
  /** The subscription to store. */
  readonly subscription: Subscription;
  readonly looks: readonly HookLook[];
  /** Whether Procore has had nothing to deliver for `silenceHours`. */
  readonly isSilent: boolean;
  /** The last error, when no hook at all could be looked at. */
  readonly failure?: unknown;
}

/** Nothing is begun when less time is left, in milliseconds. */
export const startReserveMs = 20_000;
/** A hook costs about four calls, and Procore's hourly limit may be as low as 600 for everything. */
const hooksAtOnce = 50;
/** Procore discards after 12 h of failure, pauses up to 1 h, and its clock is not ours. */
const retrySeconds = 14 * 3600;
/** Enough for all lost deliveries of a bad day. They are forgotten when Procore's list no longer reaches back to them. */
const mostSetAside = 500;

type FailedLook = NonNullable<Subscription['failedLooks']>[number];

/** A hook that the subscription should have, and what is stored of it. */
interface Target {
  readonly projectId: string | null;
  readonly known: SubscribedHook | undefined;
  /** The last look at it, if it failed. */
  readonly failedLook: FailedLook | undefined;
}

/**
 * Compares the hooks of one subscription with what Procore has, up to 50 of them, those first that were looked at
 * longest ago: repairs them, takes in deliveries that Procore gave up, and looks for silence. A hook that fails does not
 * keep the others from it.
 *
 * @returns what was found, and the subscription to store; what time did not allow is left for the next audit
 * @throws what the list of projects throws; errors of single hooks are noted
 */
export async function auditHooks(
  subscription: StoredSubscription,
  dependencies: HookAuditDependencies,
): Promise<AuditedHooks> {
  const { api, clock, observer, remaining } = dependencies;
  const startedAt = Math.floor(clock());
  const targets = targetsOf(
    subscription,
    subscription.projects === 'all' ? await api.listProjects() : subscription.projects,
  );
  const silentSince = startedAt - subscription.silenceHours * 3600;
  const looks: HookLook[] = [];
  // A younger subscription had no time to be silent. One hook that had something to deliver answers the question.
  const canBeSilent = () =>
    subscription.silenceHours > 0 &&
    subscription.createdAt <= silentSince &&
    looks.every((look) => look.isSilent !== false);
  for (const target of targets.slice(0, hooksAtOnce)) {
    if (remaining() < startReserveMs) break;
    const dates = { startedAt, ...(canBeSilent() && { silentSince }) };
    looks.push(await lookAtHook(subscription, target, dates, setAsideAfter(subscription, looks), dependencies));
  }
  const failure = looks.findLast((look) => look.failure !== undefined)?.failure;
  const allFailed = failure !== undefined && looks.every(({ hook }) => hook === undefined);
  if (failure !== undefined && !allFailed) observer.count('subscriptionAuditFailed');
  const next = afterLooks(subscription, targets, looks, startedAt);
  return {
    subscription: next,
    looks,
    // Hooks are looked at in turn, so this many silent ones in a row are all of them.
    isSilent: canBeSilent() && !allFailed && targets.length > 0 && (next.silentHooks ?? 0) >= targets.length,
    ...(allFailed && { failure }),
  };
}

/** Lists the hooks that a subscription should have, those first that were looked at longest ago. A failed look counts. */
function targetsOf(subscription: Subscription, projects: readonly string[]): readonly Target[] {
  const failedLooks = new Map(subscription.failedLooks?.map((look) => [look.projectId, look]));
  const known = new Map(subscription.hooks.map((hook) => [hook.projectId, hook]));
  const lookedAt = (target: Target) => target.failedLook?.at ?? target.known?.checkedAt ?? 0;
  return hookTargets(subscription, projects)
    .map((projectId) => ({ projectId, known: known.get(projectId), failedLook: failedLooks.get(projectId) }))
    .toSorted((one, other) => lookedAt(one) - lookedAt(other));
}

/** Looks at one hook. It returns an error instead of throwing it, so that the other hooks are looked at. */
async function lookAtHook(
  subscription: StoredSubscription,
  { projectId, known }: Target,
  { startedAt, silentSince }: { readonly startedAt: number; readonly silentSince?: number },
  setAside: readonly string[],
  { api, authorization, accept, clock, observer, remaining }: HookAuditDependencies,
): Promise<HookLook> {
  let look: HookLook = {};
  try {
    const { hook, repairs } = await keepHook(subscription, projectId, known, { api, authorization, clock });
    const wasInactive = repairs.includes('activated') || (known !== undefined && repairs.includes('created'));
    look = { hook, repairs, wasInactive };
    if (repairs.length > 0) noteRepairs(subscription, projectId, look, observer);
    // Each hook has its own time. Otherwise one that fails would make us read all others again from the start.
    const since = (hook.recoveredAt ?? subscription.auditedAt ?? subscription.createdAt) - retrySeconds;
    const hasTime = () => remaining() >= startReserveMs;
    const recovery = await recoverDeliveries(api, hook, dayOf(since), setAside, accept, hasTime);
    const lost = recovery.discarded - recovery.recovered;
    if (lost > 0) noteLost(subscription, projectId, lost, observer);
    look = { ...look, ...recovery, hook: recovery.incomplete ? hook : { ...hook, recoveredAt: startedAt } };
    if (silentSince !== undefined) look = { ...look, isSilent: await isSilent(api, hook, dayOf(silentSince)) };
    return look;
  } catch (failure) {
    observer.note('subscription.hook_failed', {
      companyId: subscription.companyId,
      projectId: projectId ?? undefined,
      ...failureFields(failure),
    });
    return { ...look, failure };
  }
}

/** What is to be stored after looks at the first targets. */
function afterLooks(
  subscription: StoredSubscription,
  targets: readonly Target[],
  looks: readonly HookLook[],
  startedAt: number,
): Subscription {
  const hooks = looks.reduce((all, { hook }) => (hook ? withHook(all, hook) : all), subscription.hooks);
  const setAside = setAsideAfter(subscription, looks);
  const auditedAt = Math.min(
    startedAt,
    ...targets.map(({ known }, index) => (looks[index]?.hook ?? known)?.recoveredAt ?? 0),
  );
  return {
    ...subscription,
    hooks,
    ...(auditedAt > 0 && { auditedAt }),
    silentHooks: looks.reduce(
      (inARow, look) => (look.isSilent === undefined ? inARow : look.isSilent ? inARow + 1 : 0),
      subscription.silentHooks ?? 0,
    ),
    failedLooks: targets.flatMap(({ projectId, failedLook }, index) => {
      const look = looks[index];
      if (look === undefined) return failedLook ?? [];
      return look.failure === undefined ? [] : { ...failedLook, projectId, at: startedAt };
    }),
    ...(setAside.length > 0 && { setAside: setAside.slice(-mostSetAside) }),
  };
}

/** Ids of lost deliveries that are in quarantine after some looks. */
function setAsideAfter(subscription: Subscription, looks: readonly HookLook[]): readonly string[] {
  return [...(subscription.setAside ?? []), ...looks.flatMap((look) => look.setAside ?? [])];
}

function noteRepairs(
  { companyId, connectionId }: Subscription,
  projectId: string | null,
  { repairs = [], wasInactive }: HookLook,
  observer: Observer,
): void {
  observer.note(wasInactive ? 'subscription.inactive' : 'subscription.repaired', {
    companyId,
    connectionId,
    projectId: projectId ?? undefined,
    outcome: repairs.join(' '),
  });
}

/** Names the company whose deliveries the alarm counts as lost. */
function noteLost(
  { companyId, connectionId }: Subscription,
  projectId: string | null,
  count: number,
  observer: Observer,
): void {
  observer.note('deliveries.discarded', { companyId, connectionId, projectId: projectId ?? undefined, count });
}

/** Names an error for a log line. @returns its name, and the HTTP status that Procore answered with, if it has one */
export function failureFields(error: unknown): Pick<ObservedFields, 'errorName' | 'status'> {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  return { errorName: errorName(error), status: typeof status === 'number' ? status : undefined };
}

function dayOf(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().slice(0, 10);
}
