import type { CompanyClient } from '../procore/client.ts';
import {
  type AuditedHooks,
  auditHooks,
  failureFields,
  type HookAuditDependencies,
  startReserveMs,
} from './audit-hooks.ts';
import { hooksApi } from './hooks-api.ts';
import { type RetirementDependencies, retirePrevious } from './roll-over.ts';
import type { StoredSubscription, Subscription } from './subscription.ts';
import type { WebhookAuthorizationSource } from './webhook-authorization.ts';

/** What {@link auditSubscriptions} needs. */
export interface AuditDependencies
  extends RetirementDependencies,
    Omit<HookAuditDependencies, 'api' | 'authorization'> {
  readonly source: WebhookAuthorizationSource;
  /** Gives the client of a subscription's company, by the connection that the subscription names. */
  readonly clientFor: (subscription: Subscription) => CompanyClient;
}

/** What an audit found, over all subscriptions. */
export interface AuditReport {
  readonly subscriptions: number;
  /** Hooks that were missing or disabled. */
  readonly inactive: number;
  /** Hooks that were changed in any way. */
  readonly repaired: number;
  /** Deliveries that Procore gave up and that we had never taken. */
  readonly discarded: number;
  /** Of these, the ones that are on the queue now. */
  readonly recovered: number;
  /** Subscriptions for which Procore has had nothing to deliver for longer than they allow. */
  readonly silent: number;
  /** Subscriptions whose audit ended with an error, or for which no time was left. */
  readonly unfinished: number;
  readonly previousRetired: boolean;
}

/**
 * Compares every company's subscription with the hooks that Procore has. It repairs hooks, moves them to the current
 * header, accepts deliveries that Procore gave up, and tells where there has been silence. It is started every hour and
 * begins with what was looked at longest ago, so that the next run does what this one does not finish.
 *
 * @returns what was found; a company that cannot be audited is counted as unfinished and does not end the audit
 * @throws what reading the secret and listing the subscriptions throw
 */
export async function auditSubscriptions(dependencies: AuditDependencies): Promise<AuditReport> {
  const { store, source, observer } = dependencies;
  const authorization = await source.read({ fresh: true });
  const subscriptions = (await store.list()).toSorted((one, other) => (one.begunAt ?? 0) - (other.begunAt ?? 0));
  const found: Found[] = [];
  for (const subscription of subscriptions) {
    found.push(await auditSubscription(subscription, authorization.current, dependencies));
  }
  const looks = found.flatMap((one) => one.looks);
  const sum = (numbers: readonly number[]) => numbers.reduce((one, other) => one + other, 0);
  const report = {
    subscriptions: subscriptions.length,
    inactive: looks.filter(({ wasInactive }) => wasInactive).length,
    repaired: looks.filter(({ repairs = [] }) => repairs.length > 0).length,
    discarded: sum(looks.map(({ discarded = 0 }) => discarded)),
    recovered: sum(looks.map(({ recovered = 0 }) => recovered)),
    silent: found.filter((one) => one.isSilent).length,
    unfinished: found.filter((one) => one.isUnfinished).length,
  };
  const counts = {
    subscriptionInactive: report.inactive,
    subscriptionRepaired: report.repaired,
    // What was recovered is not lost any more.
    deliveriesDiscarded: report.discarded - report.recovered,
    deliveriesRecovered: report.recovered,
    webhookSilence: report.silent,
  };
  for (const [metric, amount] of Object.entries(counts)) {
    // No zeros: a metric costs by the hour in which something was said of it, and the alarms take nothing for 0.
    if (amount > 0) observer.count(metric as keyof typeof counts, amount);
  }
  return { ...report, previousRetired: (await retirePrevious(authorization, dependencies)) === 'retired' };
}

/** What the audit of one subscription found. */
interface Found extends Pick<AuditedHooks, 'looks' | 'isSilent'> {
  readonly isUnfinished: boolean;
}

const nothingDone: Found = { looks: [], isSilent: false, isUnfinished: true };

async function auditSubscription(
  subscription: StoredSubscription,
  authorization: string,
  dependencies: AuditDependencies,
): Promise<Found> {
  const { store, observer, clock, remaining } = dependencies;
  const { companyId, connectionId } = subscription;
  if (remaining() < startReserveMs) return nothingDone;
  let found = nothingDone;
  try {
    // This is stored first. Otherwise a company that takes all of the time would be the first one of every audit.
    const begun = { ...subscription, begunAt: Math.floor(clock()) };
    const revision = await store.save(begun, subscription.revision);
    if (revision === 'changed') return nothingDone;
    const api = hooksApi(dependencies.clientFor(subscription));
    const audited = await auditHooks({ ...begun, revision }, { ...dependencies, api, authorization });
    found = { ...audited, isUnfinished: true };
    if (found.isSilent) observer.note('subscription.silent', { companyId, connectionId });
    // A person has changed it meanwhile: the next audit looks at what is wanted now.
    if ((await store.save(audited.subscription, revision)) === 'changed') return found;
    if (audited.failure !== undefined) throw audited.failure;
    return { ...found, isUnfinished: false };
  } catch (error) {
    observer.count('subscriptionAuditFailed');
    observer.note('subscription.audit_failed', { companyId, connectionId, ...failureFields(error) });
    return found;
  }
}
