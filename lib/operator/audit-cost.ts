import type { StandingCharges } from '../standing-charges.ts';
import type { Amount } from './prices.ts';
import type { ReconcileLoad } from './reconcile-cost.ts';

/** What was never measured on AWS, on the dear side. All hooks are as wanted, and none delivers enough to be passed over. */
export const auditAssumptions = {
  /** A hook is looked at again after so long, in minutes. */
  everyMinutes: 55,
  /** Its place in the list of hooks, and the list of its deliveries. */
  callsPerHook: 2,
  /** The lists of projects and of the company's hooks. */
  callsPerSlice: 2,
  /** So many hooks are looked at in one slice. */
  hooksPerSlice: 50,
  /** One call of Procore after the other, in milliseconds. */
  callMs: 200,
  /** Slices that one invocation works side by side: up to ten, and fewer when few are due. */
  slicesTogether: 2,
  /** The job, claimed and ended, each time with the index of due jobs. */
  writesPerSlice: 2 * (1 + 2),
  /** The subscription is written as a whole, in kB. */
  subscriptionKb: { of: 1, perHook: 0.2 },
  /** The job twice, where Procore's limit stands, and the connection that gives the token; without the subscription. */
  readsPerSlice: 6,
  /** Whether it delivers. */
  readsPerHook: 1,
  /** The rate budget, which is counted before calls are made: at most one write a call. */
  writesPerCall: 1,
  /** A wake-up is sent, received and deleted. */
  requestsPerSlice: 3,
  /** How long `access-token` answers, once a slice, in milliseconds. */
  tokenMs: 50,
  /** What a slice and its share of an invocation log, in bytes. */
  logBytesPerSlice: 800,
} as const;

/** Tells how many calls of Procore the audit makes an hour. A company has a hook, and so has each of its projects. */
export function auditCallsPerHour({ companies, projects }: Omit<ReconcileLoad, 'reconcileHours'>): number {
  const a = auditAssumptions;
  const hooks = projects + 1;
  const slices = Math.ceil(hooks / a.hooksPerSlice);
  return (companies * (hooks * a.callsPerHook + slices * a.callsPerSlice) * 60) / a.everyMinutes;
}

/**
 * Computes what a month of the hourly audit asks of AWS, beside what the deployment costs at rest.
 *
 * @param daysPerMonth how many days a month has
 */
export function auditAmounts(
  { companies, projects }: Omit<ReconcileLoad, 'reconcileHours'>,
  { memoryGb }: Pick<StandingCharges, 'memoryGb'>,
  daysPerMonth: number,
): readonly Amount[] {
  const a = auditAssumptions;
  const hooks = projects + 1;
  const looks = (companies * daysPerMonth * 24 * 60) / a.everyMinutes;
  const slices = looks * Math.ceil(hooks / a.hooksPerSlice);
  const calls = auditCallsPerHour({ companies, projects }) * daysPerMonth * 24;
  const kb = Math.ceil(a.subscriptionKb.of + hooks * a.subscriptionKb.perHook);
  const gbMs =
    ((calls * a.callMs) / a.slicesTogether) * (memoryGb['company-work'] ?? 0) +
    slices * a.tokenMs * (memoryGb['access-token'] ?? 0);
  return [
    ['lambdaRequest', 'audit: invocations', slices / a.slicesTogether + slices],
    ['lambdaGbSecond', 'audit: running time, in GB-seconds', gbMs / 1000],
    [
      'dynamoWrite',
      'audit: jobs, subscriptions, and the rate budget',
      slices * (a.writesPerSlice + kb) + calls * a.writesPerCall,
    ],
    [
      'dynamoRead',
      'audit: jobs, subscriptions, tokens, which hooks deliver',
      slices * (a.readsPerSlice + Math.ceil(kb / 4)) + looks * hooks * a.readsPerHook,
    ],
    ['sqsRequest', 'audit: wake-ups', slices * a.requestsPerSlice],
    ['logGb', 'audit: logs', (slices * a.logBytesPerSlice) / 1e9],
  ];
}
