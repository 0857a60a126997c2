import { atATime } from '../at-a-time.ts';
import type { Clock, RemainingTime } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { ObservedFields, Observer } from '../observer.ts';
import type { Acceptance } from './acceptance.ts';
import { hookTargets, withHook } from './apply-subscription.ts';
import { afterBudget, budgetSpentFor, isOwnBudget } from './budget-spent.ts';
import type { DeliveredMarks } from './delivered.ts';
import type { Hook, HooksApi } from './hooks-api.ts';
import { type HookRepair, keepHook } from './keep-hook.ts';
import { lostDeliveries, type Recovery, recentDeliveries, recoverDeliveries } from './recover-deliveries.ts';
import { fingerprint, type StoredSubscription, type SubscribedHook, type Subscription } from './subscription.ts';

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
  /**
   * Hooks that were looked at since then, in epoch seconds, are left out.
   *
   * @default those of the last 50 minutes
   */
  readonly lookedSince?: number;
  /**
   * Tells which hooks deliver: they are not looked at for some hours.
   *
   * @default all are looked at
   */
  readonly delivered?: Pick<DeliveredMarks, 'markedAt'>;
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
  /** Whether there are hooks that want a look and got none, for want of time. */
  readonly isUnfinished: boolean;
  /** When the look is due that comes first, epoch seconds. */
  readonly nextLookAt: number;
  /** There were no calls left that we may make, so that others may have taken them. */
  readonly waitsItsTurn: boolean;
  /** When the hook was looked at whose last look was longest ago, epoch seconds; undefined without hooks. */
  readonly oldestLookAt: number | undefined;
}

/** Nothing is begun when less time is left, in milliseconds. */
const startReserveMs = 10_000;
/** So many hooks of a company are looked at before another company has its turn. */
const hooksAtOnce = 50;
/** A hook is looked at again after so long, in seconds: within the hour, since its job may have to wait for a while. */
export const betweenLooks = 55 * 60;
/** A hook that delivers is looked at all the same after so long, in seconds: its triggers may have been changed. */
const fullLook = 5 * 3600;
/** So many marks are read at a time. */
const marksAtATime = 10;
/** A hook that was looked at a shorter time ago is left for the next time, in seconds. */
export const recentLook = 50 * 60;
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
  /** When it was seen to deliver, epoch seconds, where that stands for a look. */
  readonly deliveredAt?: number | undefined;
}

/**
 * Compares the hooks of one subscription with what Procore has, up to 50 of those that were not looked at lately, those
 * first that were looked at longest ago: repairs them, takes in deliveries that Procore gave up, and looks for silence. A hook that fails does not
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
  const { lookedSince = startedAt - recentLook } = dependencies;
  const projects = subscription.projects === 'all' ? await api.listProjects() : subscription.projects;
  const targets = await withDeliveries(subscription, targetsOf(subscription, projects), startedAt, dependencies);
  const due = targets.filter((target) => lookedAt(target) <= lookedSince);
  const companyList = await companyListOf(subscription, due, dependencies);
  const silentSince = startedAt - subscription.silenceHours * 3600;
  const looks: HookLook[] = [];
  // A younger subscription had no time to be silent. One hook that had something to deliver answers the question.
  const canBeSilent = () =>
    subscription.silenceHours > 0 &&
    subscription.createdAt <= silentSince &&
    !targets.some(({ deliveredAt }) => deliveredAt !== undefined) &&
    looks.every((look) => look.isSilent !== false);
  let waitSeconds: number | undefined;
  let waitsItsTurn = false;
  for (const target of due.slice(0, hooksAtOnce)) {
    if (remaining() < startReserveMs) break;
    const dates = { startedAt, ...(canBeSilent() && { silentSince }) };
    const listed = companyList && (companyList.get(target.projectId) ?? (target.projectId === null ? [] : undefined));
    const aside = setAsideAfter(subscription, looks);
    const look = await lookAtHook(subscription, { ...target, listed }, dates, aside, dependencies);
    waitSeconds = budgetSpentFor(look.failure);
    waitsItsTurn = isOwnBudget(look.failure);
    if (waitSeconds === undefined) looks.push(look);
    else {
      // It was not looked at, and is the first one next time. What was done at Procore is stored all the same.
      const { failure: _, ...done } = look;
      if (look.repairs?.length) looks.push(done);
      break;
    }
  }
  const failure = looks.findLast((look) => look.failure !== undefined)?.failure;
  const allFailed = failure !== undefined && looks.every(({ hook }) => hook === undefined);
  if (failure !== undefined && !allFailed) observer.count('auditJobsFailed');
  const next = {
    ...afterLooks(subscription, targets, looks, startedAt),
    ...(companyList !== undefined && { companyListsProjects: listsProjects(companyList) }),
  };
  const after = targets.map((target, index) => (looks[index] === undefined ? lookedAt(target) : startedAt));
  const oldestLookAt = after.length === 0 ? undefined : after.reduce((one, other) => Math.min(one, other));
  const isUnfinished = looks.length < due.length;
  return {
    subscription: next,
    looks,
    // Hooks are looked at in turn, so this many silent ones in a row are all of them.
    isSilent: canBeSilent() && !allFailed && targets.length > 0 && (next.silentHooks ?? 0) >= targets.length,
    ...(allFailed && { failure }),
    isUnfinished,
    waitsItsTurn,
    nextLookAt:
      waitSeconds !== undefined
        ? afterBudget(clock(), waitSeconds, oldestLookAt ?? startedAt)
        : isUnfinished
          ? startedAt
          : (oldestLookAt ?? startedAt) + betweenLooks,
    oldestLookAt,
  };
}

/** When a hook was last looked at; a look that failed counts. */
function lookedAt({ failedLook, known, deliveredAt = 0 }: Target): number {
  return failedLook?.at ?? Math.max(known?.checkedAt ?? 0, deliveredAt);
}

/**
 * Finds out which of the hooks that are due have delivered since their last look: that says more than a look, at no call
 * of Procore. A hook is looked at all the same when its last look failed or is hours ago, or when it does not have the
 * current header.
 *
 * @returns all targets, those first that were looked at longest ago
 */
async function withDeliveries(
  { companyId }: Subscription,
  targets: readonly Target[],
  now: number,
  { authorization, delivered, lookedSince = now - recentLook }: HookAuditDependencies,
): Promise<readonly Target[]> {
  if (delivered === undefined || lookedSince > now - recentLook) return targets;
  const markedAt = atATime(marksAtATime, (projectId: string | null) =>
    // Without a mark the hook is looked at.
    delivered.markedAt({ companyId, projectId }).catch(() => undefined),
  );
  const marked = await Promise.all(
    targets.map(async (target) => {
      const { projectId, known, failedLook } = target;
      const stands =
        known?.authorization === fingerprint(authorization) &&
        known.checkedAt > now - fullLook &&
        known.checkedAt <= lookedSince &&
        failedLook === undefined;
      return { ...target, deliveredAt: stands ? await markedAt(projectId) : undefined };
    }),
  );
  return marked.toSorted((one, other) => lookedAt(one) - lookedAt(other));
}

/** Procore's list of the company's hooks, by project; null for the company's own. */
type CompanyList = ReadonlyMap<string | null, readonly Hook[]>;

/**
 * Lists the company's hooks, where one call may save one for each of its projects. Whether it does is learned: no document
 * says whose hooks the list has.
 */
async function companyListOf(
  { namespace, companyListsProjects = true }: Subscription,
  due: readonly Target[],
  { api, remaining }: HookAuditDependencies,
): Promise<CompanyList | undefined> {
  if (!companyListsProjects || due.length < 2 || remaining() < startReserveMs) return undefined;
  return Map.groupBy(await api.listHooks(null, namespace), ({ projectId }) => projectId);
}

function listsProjects(list: CompanyList): boolean {
  return [...list.keys()].some((projectId) => projectId !== null);
}

/** Lists the hooks that a subscription should have, those first that were looked at longest ago. A failed look counts. */
function targetsOf(subscription: Subscription, projects: readonly string[]): readonly Target[] {
  const failedLooks = new Map(subscription.failedLooks?.map((look) => [look.projectId, look]));
  const known = new Map(subscription.hooks.map((hook) => [hook.projectId, hook]));
  return hookTargets(subscription, projects)
    .map((projectId) => ({ projectId, known: known.get(projectId), failedLook: failedLooks.get(projectId) }))
    .toSorted((one, other) => lookedAt(one) - lookedAt(other));
}

/** Looks at one hook. It returns an error instead of throwing it, so that the other hooks are looked at. */
async function lookAtHook(
  subscription: StoredSubscription,
  { projectId, known, listed }: Target & { readonly listed: readonly Hook[] | undefined },
  { startedAt, silentSince }: { readonly startedAt: number; readonly silentSince?: number },
  setAside: readonly string[],
  { api, authorization, accept, clock, observer, remaining }: HookAuditDependencies,
): Promise<HookLook> {
  let look: HookLook = {};
  try {
    const { hook, repairs } = await keepHook(subscription, projectId, known, { api, authorization, clock, listed });
    const wasInactive = repairs.includes('activated') || (known !== undefined && repairs.includes('created'));
    look = { hook, repairs, wasInactive };
    if (repairs.length > 0) noteRepairs(subscription, projectId, look, observer);
    // Each hook has its own time. Otherwise one that fails would make us read all others again from the start.
    const since = (hook.recoveredAt ?? subscription.auditedAt ?? subscription.createdAt) - retrySeconds;
    const hasTime = () => remaining() >= startReserveMs;
    const lostDay = dayOf(since);
    const silentDay = silentSince === undefined ? lostDay : dayOf(silentSince);
    // One list for both questions, unless it has what is too old for the second one.
    const listDay = dayOf(Math.min(since, silentSince ?? since));
    const recent = await recentDeliveries(api, hook, listDay);
    const lost = recent.lost ?? lostDeliveries(api, hook, lostDay);
    const recovery = await recoverDeliveries(lost, setAside, accept, hasTime);
    const notTaken = recovery.discarded - recovery.recovered;
    if (notTaken > 0) noteLost(subscription, projectId, notTaken, observer);
    look = { ...look, ...recovery, hook: recovery.incomplete ? hook : { ...hook, recoveredAt: startedAt } };
    if (silentSince === undefined) return look;
    const isOfThatDay = recent.isSilent || silentDay === listDay;
    return { ...look, isSilent: (isOfThatDay ? recent : await recentDeliveries(api, hook, silentDay)).isSilent };
  } catch (failure) {
    if (budgetSpentFor(failure) !== undefined) return { ...look, failure };
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
      targets.some(({ deliveredAt }) => deliveredAt !== undefined) ? 0 : (subscription.silentHooks ?? 0),
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
