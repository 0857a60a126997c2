import type { CompanyClient } from '../procore/client.ts';
import {
  type AuditedHooks,
  auditHooks,
  failureFields,
  type HookAuditDependencies,
  type HookLook,
} from './audit-hooks.ts';
import { afterBudget, budgetSpentFor, isOwnBudget } from './budget-spent.ts';
import { hooksApi } from './hooks-api.ts';
import { fingerprint, type StoredSubscription, type Subscription, type SubscriptionStore } from './subscription.ts';
import type { WebhookAuthorizationSource } from './webhook-authorization.ts';

/** What {@link auditCompany} needs. */
export interface CompanyAuditDependencies extends Omit<HookAuditDependencies, 'api' | 'authorization'> {
  readonly store: SubscriptionStore;
  readonly source: WebhookAuthorizationSource;
  /** Gives the client of a subscription's company, by the connection that the subscription names. */
  readonly clientFor: (subscription: Subscription) => CompanyClient;
}

/** What the audit of one company found. */
export interface CompanyAudit
  extends Pick<AuditedHooks, 'isSilent' | 'isUnfinished' | 'nextLookAt' | 'waitsItsTurn' | 'oldestLookAt'> {
  /** Hooks that were missing or disabled. */
  readonly inactive: number;
  /** Hooks that were changed in any way. */
  readonly repaired: number;
  /** Deliveries that Procore gave up and that we had never taken. */
  readonly discarded: number;
  /** Of these, the ones that are on the queue now. */
  readonly recovered: number;
}

/** Looks that are older than this are told by a metric, in hours: while all is well nothing is said. */
const oldLookHours = 2;

/**
 * Compares one company's subscription with the hooks that Procore has. It repairs hooks, moves them to the current header,
 * accepts deliveries that Procore gave up, and tells where there has been silence. It works a bounded time and number of
 * hooks, those first that were looked at longest ago.
 *
 * @returns what was found; `no_subscription` when the company has none, `changed` when a person has written it meanwhile
 * @throws the last error, when no hook at all could be looked at, and what reading secret and subscription throws
 */
export async function auditCompany(
  companyId: string,
  dependencies: CompanyAuditDependencies,
): Promise<CompanyAudit | 'no_subscription' | 'changed'> {
  const { store, observer } = dependencies;
  const subscription = await store.read(companyId);
  if (subscription === undefined) return 'no_subscription';
  const { connectionId } = subscription;
  try {
    const audited = await auditHooks(subscription, {
      ...dependencies,
      api: hooksApi(dependencies.clientFor(subscription)),
      authorization: await authorizationFor(subscription, dependencies),
    });
    if (audited.isSilent) observer.note('subscription.silent', { companyId, connectionId });
    const found = summary(audited);
    count(found, dependencies);
    const begun = { ...audited.subscription, begunAt: Math.floor(dependencies.clock()) };
    const saved = await store.save(begun, subscription.revision);
    if (audited.failure !== undefined) throw audited.failure;
    // A person has changed it meanwhile: the next look is at what is wanted now.
    return saved === 'changed' ? 'changed' : found;
  } catch (error) {
    const waitSeconds = budgetSpentFor(error);
    if (waitSeconds !== undefined) return unlooked(subscription, waitSeconds, isOwnBudget(error), dependencies.clock());
    observer.note('subscription.audit_failed', { companyId, connectionId, ...failureFields(error) });
    throw error;
  }
}

/**
 * Gives the header's current value. One that hooks do not have may be an old one that this process remembers: then the
 * secret is read, so that no hook is given a value that was replaced.
 */
async function authorizationFor(
  { hooks }: StoredSubscription,
  { source, lookedSince }: CompanyAuditDependencies,
): Promise<string> {
  // A person wants it now: perhaps because the header has a new value, which hooks and this process do not know yet.
  if (lookedSince !== undefined) return (await source.read({ fresh: true })).current;
  const { current } = await source.read();
  const isEverywhere = hooks.length > 0 && hooks.every(({ authorization }) => authorization === fingerprint(current));
  return isEverywhere ? current : (await source.read({ fresh: true })).current;
}

function summary({ looks, ...audited }: AuditedHooks): CompanyAudit {
  const sum = (numberOf: (look: HookLook) => number) => looks.reduce((total, look) => total + numberOf(look), 0);
  return {
    inactive: sum(({ wasInactive }) => Number(wasInactive === true)),
    repaired: sum(({ repairs = [] }) => Number(repairs.length > 0)),
    discarded: sum(({ discarded = 0 }) => discarded),
    recovered: sum(({ recovered = 0 }) => recovered),
    isSilent: audited.isSilent,
    isUnfinished: audited.isUnfinished,
    nextLookAt: audited.nextLookAt,
    waitsItsTurn: audited.waitsItsTurn,
    oldestLookAt: audited.oldestLookAt,
  };
}

/** What is said of a company whose hooks could not even be listed, because Procore's rate limit is used up. */
function unlooked(
  { hooks }: StoredSubscription,
  waitSeconds: number,
  waitsItsTurn: boolean,
  now: number,
): CompanyAudit {
  const oldestLookAt = Math.min(now, ...hooks.map(({ checkedAt }) => checkedAt));
  const nextLookAt = afterBudget(now, waitSeconds, oldestLookAt);
  const nothing = { inactive: 0, repaired: 0, discarded: 0, recovered: 0, isSilent: false };
  return { ...nothing, isUnfinished: true, nextLookAt, waitsItsTurn, oldestLookAt };
}

function count(found: CompanyAudit, { observer, clock }: CompanyAuditDependencies): void {
  // Before its first look a hook is no old one.
  const oldest = found.oldestLookAt || clock();
  const hours = Math.floor((clock() - oldest) / 3600);
  const counts = {
    subscriptionInactive: found.inactive,
    subscriptionRepaired: found.repaired,
    // What was recovered is not lost any more.
    deliveriesDiscarded: found.discarded - found.recovered,
    deliveriesRecovered: found.recovered,
    webhookSilence: Number(found.isSilent),
    auditOldestLookHours: hours >= oldLookHours ? hours : 0,
  };
  for (const [metric, amount] of Object.entries(counts)) {
    // No zeros: a metric costs by the hour in which something was said of it, and the alarms take nothing for 0.
    if (amount > 0) observer.count(metric as keyof typeof counts, amount);
  }
}
