import type { StandingCharges } from '../standing-charges.ts';
import type { Amount } from './prices.ts';

/** Whose hooks are looked at, and what is read without being told. */
export interface ReconcileLoad {
  /** How many companies there are. */
  readonly companies: number;
  /** How many projects each has. */
  readonly projects: number;
  /** How often their lists are read, in hours; 0 for never. */
  readonly reconcileHours: number;
}

/**
 * What was never measured on AWS, on the dear side. What a round finds is not counted: each change costs what a webhook
 * costs. Where nothing changed, a list of a project is one call.
 */
export const reconcileAssumptions = {
  /** Resources whose lists are read in each project. */
  lists: 5,
  /** One call of Procore after the other, in milliseconds. */
  callMs: 200,
  /** How long a slice reads, in milliseconds; a minute less what its end needs. */
  sliceMs: 45_000,
  /** Slices that one invocation works side by side: up to ten, and fewer when few are due. */
  slicesTogether: 2,
  /** A checkpoint of 4 kB: claimed, saved twice and ended, each time with the index of due jobs. */
  writesPerSlice: 4 * (4 + 2),
  /** The job twice, the subscription, where Procore's limit stands, and the connection that gives the token. */
  readsPerSlice: 8,
  /** The rate budget, which is counted before calls are made: at most one write a call. */
  writesPerCall: 1,
  /** A wake-up is sent, received and deleted. */
  requestsPerSlice: 3,
  /** How long `access-token` answers, once a slice, in milliseconds. */
  tokenMs: 50,
  /** What a slice and its share of an invocation log, in bytes. */
  logBytesPerSlice: 800,
} as const;

/**
 * Computes what a month of reconciliation asks of AWS, beside what the deployment costs at rest.
 *
 * @param daysPerMonth how many days a month has
 */
export function reconcileAmounts(
  { companies, projects, reconcileHours }: ReconcileLoad,
  { memoryGb }: Pick<StandingCharges, 'memoryGb'>,
  daysPerMonth: number,
): readonly Amount[] {
  if (reconcileHours === 0) return [];
  const a = reconcileAssumptions;
  const rounds = (companies * daysPerMonth * 24) / reconcileHours;
  // The projects themselves are a list, too.
  const callsPerRound = projects * a.lists + 1;
  const calls = rounds * callsPerRound;
  const slices = rounds * Math.ceil((callsPerRound * a.callMs) / a.sliceMs);
  const invocations = slices / a.slicesTogether;
  const gbMs =
    ((calls * a.callMs) / a.slicesTogether) * (memoryGb['company-work'] ?? 0) +
    slices * a.tokenMs * (memoryGb['access-token'] ?? 0);
  return [
    ['lambdaRequest', 'reconciliation: invocations', invocations + slices],
    ['lambdaGbSecond', 'reconciliation: running time, in GB-seconds', gbMs / 1000],
    [
      'dynamoWrite',
      'reconciliation: checkpoints, and the rate budget',
      slices * a.writesPerSlice + calls * a.writesPerCall,
    ],
    ['dynamoRead', 'reconciliation: jobs, subscriptions, tokens', slices * a.readsPerSlice],
    ['sqsRequest', 'reconciliation: wake-ups', slices * a.requestsPerSlice],
    ['logGb', 'reconciliation: logs', (slices * a.logBytesPerSlice) / 1e9],
  ];
}
