import type { StandingCharges } from '../standing-charges.ts';
import { type PriceName, prices, usdEach } from './prices.ts';

/** How much is to be done. */
export interface Load {
  readonly connections: number;
  readonly webhooksPerDay: number;
}

/** What one unit of work asks of AWS; test/end-to-end/calls.test.ts measures it and compares. */
export const measuredCalls = {
  /** One fresh webhook: intake, then the worker with the on-event.ts that comes along, which calls no API. */
  webhook: {
    'WebhookIntake dynamodb:UpdateItem': 1,
    'WebhookIntake sqs:SendMessage': 1,
    'WebhookWorker dynamodb:GetItem': 2,
    'WebhookWorker dynamodb:UpdateItem': 2,
  },
  /** One rotation ahead of time: found by the sweep, queued, done. */
  rotation: {
    'RotationSweep sqs:SendMessage': 1,
    'TokenRotation dynamodb:GetItem': 1,
    'TokenRotation dynamodb:UpdateItem': 2,
  },
} as const;

/**
 * What was never measured on AWS, chosen on the dear side. Durations are in milliseconds, sizes in bytes.
 */
export const assumptions = {
  daysPerMonth: 365 / 12,
  /** Procore's lifetime of access tokens; rotation comes at 75 % of it, less up to 5 % jitter. */
  tokenSeconds: 5400,
  intakeMs: 60,
  intakeGb: 1,
  workerMs: 120,
  workerGb: 0.5,
  rotationMs: 600,
  rotationGb: 0.5,
  sweepMs: 250,
  sweepGb: 0.5,
  /** Lambda's own START, END and REPORT lines, our lines, metrics and access log. */
  logBytesPerWebhook: 2600,
  logBytesPerRotation: 1800,
  logBytesPerSweep: 1200,
  /** An event in the ledger, its index entry and its resource's mark. */
  ledgerBytesPerWebhook: 1600,
  ledgerDays: 30,
  logMonths: 3,
  /** Lambda polls each of the three queues with five connections that wait 20 s, whether or not anything comes. */
  idlePolls: (3 * 5 * 86_400) / 20,
  /** How many execution environments are warm. Each reads its secrets again every five minutes. */
  warmEnvironments: 10,
  /** X-Ray records the first request of each second and 5 % of the rest. */
  tracedShare: 0.05,
  /** An alarm on functions watches each function of a group. */
  functionsPerGroup: 5,
  /** The shards that the sweep asks every minute. */
  sweepShards: 16,
} as const;

/** One line of the bill. */
export interface CostLine {
  readonly service: string;
  readonly what: string;
  readonly amount: number;
  readonly usd: number;
}

/** Computes a month's bill of one environment. @returns its lines, the dearest first */
export function monthlyCost({ connections, webhooksPerDay }: Load, standing: StandingCharges): CostLine[] {
  const a = assumptions;
  const webhooks = webhooksPerDay * a.daysPerMonth;
  const rotations = (connections * a.daysPerMonth * 86_400) / (a.tokenSeconds * 0.75 * 0.975);
  const sweeps = a.daysPerMonth * 1440;
  const calls = (work: Readonly<Record<string, number>>, action: string) =>
    Object.entries(work).reduce((sum, [call, times]) => sum + (call.endsWith(action) ? times : 0), 0);
  const { webhook, rotation } = measuredCalls;
  const gb = (bytes: number) => bytes / 1e9;
  const logGb = gb(webhooks * a.logBytesPerWebhook + rotations * a.logBytesPerRotation + sweeps * a.logBytesPerSweep);
  const invocations = 2 * webhooks + rotations + sweeps;
  const monthSeconds = a.daysPerMonth * 86_400;

  const amounts: readonly (readonly [PriceName, string, number])[] = [
    ['httpApiRequest', 'webhooks', webhooks],
    ['lambdaRequest', 'invocations: two a webhook, one a rotation, one a minute', invocations],
    [
      'lambdaGbSecond',
      'running time, in GB-seconds',
      (webhooks * (a.intakeMs * a.intakeGb + a.workerMs * a.workerGb) +
        rotations * a.rotationMs * a.rotationGb +
        sweeps * a.sweepMs * a.sweepGb) /
        1000,
    ],
    // The ledger's first write also writes the index of arrivals; a rotation's two also move the index of due ones.
    [
      'dynamoWrite',
      'ledger, connections and their indexes',
      webhooks * (calls(webhook, 'UpdateItem') + 1) + rotations * (2 * calls(rotation, 'UpdateItem') + 2),
    ],
    [
      'dynamoRead',
      'history, connections, due shards',
      webhooks * calls(webhook, 'GetItem') + rotations * calls(rotation, 'GetItem') + sweeps * a.sweepShards,
    ],
    ['dynamoStorage', 'the ledger, 30 days', gb(webhooksPerDay * a.ledgerDays * a.ledgerBytesPerWebhook)],
    // Sent, received and deleted; batches make it less.
    ['sqsFifoRequest', 'events and rotations', 3 * (webhooks + rotations)],
    ['sqsRequest', "Lambda's polling of empty queues", a.idlePolls * a.daysPerMonth],
    ['secret', 'OAuth client, webhook authorization', standing.secrets],
    ['secretRequest', 'reads every five minutes', (a.warmEnvironments * monthSeconds) / 300],
    ['key', "the environment's, and the alarm topic's", standing.keys],
    ['keyRequest', 'for tables and secrets, cached by AWS', (5 * a.warmEnvironments * monthSeconds) / 300],
    ['logGb', 'logs', logGb],
    ['logStorage', 'logs kept', (logGb * a.logMonths) / 5],
    ['metric', 'our metrics, if all of them occur', standing.metrics],
    ['alarmMetric', 'alarms', standing.alarmMetrics + standing.functionGroupAlarms * a.functionsPerGroup],
    ['compositeAlarm', 'the alarm to page on', 1],
    ['dashboard', 'dashboard', 1],
    ['trace', 'traces', Math.min(invocations, monthSeconds) + a.tracedShare * Math.max(0, invocations - monthSeconds)],
  ];
  return amounts
    .map(([name, what, amount]) => {
      return { service: prices[name].service, what, amount, usd: amount * usdEach(name) };
    })
    .toSorted((one, other) => other.usd - one.usd);
}

/** Adds lines up by service. @returns dollars by service, the dearest first */
export function byService(lines: readonly CostLine[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { service, usd } of lines) sums.set(service, (sums.get(service) ?? 0) + usd);
  return new Map([...sums].toSorted(([, one], [, other]) => other - one));
}
