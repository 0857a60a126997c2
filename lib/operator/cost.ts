import type { HandlerName } from '../handler-names.ts';
import type { StandingCharges } from '../standing-charges.ts';
import { auditAmounts } from './audit-cost.ts';
import { type Amount, prices, usdEach } from './prices.ts';
import { type ReconcileLoad, reconcileAmounts } from './reconcile-cost.ts';

/** How much is to be done. */
export interface Load extends Partial<ReconcileLoad> {
  readonly connections: number;
  readonly webhooksPerDay: number;
  /** Records that backfills send in the month. @default none */
  readonly backfilledRecords?: number;
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
  /** Every tenth event of a hook writes that its hook delivers, at most; see `functions/webhook/delivered.ts`. */
  marksPerWebhook: 0.1,
  /** Procore's lifetime of access tokens; rotation comes at 75 % of it, less up to 5 % jitter. */
  tokenSeconds: 5400,
  /** One SendMessage and one UpdateItem after the other. */
  intakeMs: 40,
  /** Two reads side by side, then two writes side by side, and an on-event.ts that calls nobody. */
  workerMs: 50,
  rotationMs: 600,
  /** Sixteen queries, eight at a time. */
  sweepMs: 150,
  /** A look at which jobs are due: four queries side by side, and the length of the queue. */
  companySweepMs: 100,
  /** The shards of jobs that it asks. */
  companyShards: 4,
  /** Once an hour a job goes through all subscriptions and reads the secret; so many writes and reads, indexes included. */
  roundsPerDay: 24,
  roundWrites: 9,
  roundReads: 4,
  /** For each page of 100 records, read twice: reading, sending ten at a time, and the checkpoint, at one of ten slices. */
  backfillMsPerRecord: 10,
  /** Two checkpoints of 2 kB a page. */
  backfillWritesPerRecord: 0.04,
  /** Our lines and metrics, 26 bytes a line for CloudWatch with them; test/end-to-end/calls.test.ts measures them. */
  logBytesPerWebhook: 350,
  accessLogBytes: 230,
  logBytesPerRotation: 1200,
  logBytesPerRun: 170,
  /** Lambda's own START, END and REPORT, where it writes them. */
  systemBytes: 360,
  /** An event in the ledger, its index entry and its resource's mark, 100 bytes an item for DynamoDB with them. */
  ledgerBytesPerWebhook: 1000,
  ledgerDays: 30,
  /** Lambda polls a queue with five connections at least, each of which waits for 20 s. */
  pollers: 5,
  pollSeconds: 20,
  /** How many execution environments are warm while something happens. Each reads a secret every five minutes. */
  warmEnvironments: 4,
  /** Services cache a key's data key for five minutes, for each table, log group and secret. */
  keyCacheSeconds: 300,
  /** Tables, log groups and secrets in use while webhooks come or connections are rotated. */
  encryptedPlaces: 10,
  /** X-Ray records the first request of each second and 5 % of the rest. */
  tracedShare: 0.05,
  /** The shards that the sweep asks in every run. A query of an index is at most half a read. */
  sweepShards: 16,
  /** Logs are compressed. */
  logCompression: 5,
} as const;

/** Our metrics that occur while nothing is wrong; one costs by the hour in which something was said of it. */
export const usualMetrics = {
  webhooks: ['webhookAnswerMs'],
  connections: ['sweepDue', 'rotationClaimed', 'rotationReplaced'],
} as const;

/** One line of the bill. */
export interface CostLine {
  readonly service: string;
  readonly what: string;
  readonly amount: number;
  readonly usd: number;
}

/**
 * Computes a month's bill of one environment.
 *
 * @param standing what its template has
 * @returns its lines, the dearest first
 */
export function monthlyCost(load: Load, standing: StandingCharges): CostLine[] {
  const work = workOf(load, standing);
  const { companies = 0, projects = 0, reconcileHours = 0 } = load;
  const reconciled = reconcileAmounts({ companies, projects, reconcileHours }, standing, assumptions.daysPerMonth);
  const audited = auditAmounts({ companies, projects }, standing, assumptions.daysPerMonth);
  const atRest = [...standingAmounts(standing), ...runAmounts(work, standing), ...storedAmounts(work, standing)];
  return [...atRest, ...audited, ...reconciled]
    .filter(([, , amount]) => amount > 0)
    .map(([name, what, amount]) => ({ service: prices[name].service, what, amount, usd: amount * usdEach(name) }))
    .toSorted((one, other) => other.usd - one.usd);
}

const monthSeconds = assumptions.daysPerMonth * 86_400;

/** What is done in a month, by schedules and for what comes. */
function workOf(
  { connections, webhooksPerDay, backfilledRecords: backfilled = 0 }: Load,
  { runsPerDay, memoryGb }: StandingCharges,
) {
  const a = assumptions;
  const runs = (name: HandlerName) => (runsPerDay[name] ?? 0) * a.daysPerMonth;
  const webhooks = webhooksPerDay * a.daysPerMonth;
  return {
    webhooks,
    backfilled,
    worked: memoryGb['webhook-worker'] === undefined ? 0 : webhooks + backfilled,
    rotations: (connections * monthSeconds) / (a.tokenSeconds * 0.75 * 0.975),
    sweeps: runs('rotation-sweep'),
    companySweeps: runs('company-work'),
    rounds: (runsPerDay['company-work'] === undefined ? 0 : a.roundsPerDay) * a.daysPerMonth,
    scheduled: Object.values(runsPerDay).reduce((sum, perDay) => sum + perDay, 0) * a.daysPerMonth,
    isBusy: connections > 0 || webhooksPerDay > 0 || backfilled > 0,
  };
}

type Work = ReturnType<typeof workOf>;

function standingAmounts(standing: StandingCharges): readonly Amount[] {
  return [
    ['secret', 'OAuth client, webhook authorization', standing.secrets],
    ['key', "the environment's, and the alarm topic's", standing.keys],
    ['alarmMetric', 'alarms, by the metrics that they watch', standing.alarmMetrics],
    ['compositeAlarm', 'alarms on alarms', standing.compositeAlarms],
    ['dashboard', 'dashboard', standing.dashboards],
  ];
}

function runAmounts(work: Work, standing: StandingCharges): readonly Amount[] {
  const a = assumptions;
  const { webhook, rotation } = measuredCalls;
  const { webhooks, backfilled, worked, rotations, sweeps, companySweeps, rounds, scheduled, isBusy } = work;
  const gb = (name: HandlerName) => standing.memoryGb[name] ?? 0;
  const invocations = webhooks + worked + rotations + scheduled;
  const milliseconds =
    webhooks * a.intakeMs * gb('webhook-intake') +
    worked * a.workerMs * gb('webhook-worker') +
    rotations * a.rotationMs * gb('token-rotation') +
    sweeps * a.sweepMs * gb('rotation-sweep') +
    (companySweeps * a.companySweepMs + rounds * a.rotationMs + backfilled * a.backfillMsPerRecord) *
      gb('company-work');
  // The ledger's first write also writes the index of arrivals; a rotation's two also move the index of due ones.
  const events = webhooks + backfilled;
  const writes =
    events * (calls(webhook, 'UpdateItem') + 1) +
    webhooks * a.marksPerWebhook +
    backfilled * a.backfillWritesPerRecord +
    rotations * (2 * calls(rotation, 'UpdateItem') + 2) +
    rounds * a.roundWrites;
  // A record is looked up before it is sent, as a webhook that is not young.
  const reads = events * calls(webhook, 'GetItem') + backfilled + rotations * calls(rotation, 'GetItem');
  const { fifo, standard } = standing.polledQueues;
  const received = receives(worked) + receives(rotations) + receives(0) * (fifo - 2);
  const cachings = monthSeconds / a.keyCacheSeconds;
  const traces = Math.min(invocations, monthSeconds) + a.tracedShare * Math.max(0, invocations - monthSeconds);
  return [
    ['httpApiRequest', 'webhooks', webhooks],
    ['lambdaRequest', 'invocations: by webhook, event and rotation, and by schedule', invocations],
    ['lambdaGbSecond', 'running time, in GB-seconds', milliseconds / 1000],
    ['dynamoWrite', 'ledger, connections and their indexes', writes],
    [
      'dynamoRead',
      'history, connections, due shards',
      reads + (sweeps * a.sweepShards + companySweeps * a.companyShards) / 2 + rounds * a.roundReads,
    ],
    // Sent and deleted; batches make it less.
    ['sqsFifoRequest', 'events and rotations, and polling for them', 2 * (worked + rotations) + received],
    [
      'sqsRequest',
      "Lambda's polling of the escrow and of company-wide work, and how much of that waits",
      receives(0) * standard + companySweeps,
    ],
    [
      'secretRequest',
      'reads every five minutes, and by the hourly round',
      isBusy ? a.warmEnvironments * cachings + rounds : rounds,
    ],
    // At rest: two sweeps read a table and write a log each minute; the round is once an hour, with a secret.
    ['keyRequest', 'for tables, logs and secrets', (isBusy ? a.encryptedPlaces : 4) * cachings + 3 * rounds],
    ['trace', 'traces', standing.traced ? traces : 0],
  ];
}

function storedAmounts(work: Work, standing: StandingCharges): readonly Amount[] {
  const a = assumptions;
  const { webhooks, backfilled, worked, rotations, scheduled } = work;
  const system = standing.systemLines ? a.systemBytes : 0;
  const logged =
    webhooks * (a.logBytesPerWebhook + a.accessLogBytes + system) +
    worked * system +
    rotations * (a.logBytesPerRotation + system) +
    scheduled * (a.logBytesPerRun + system);
  const kept = ((webhooks + backfilled) * a.ledgerDays * a.ledgerBytesPerWebhook) / a.daysPerMonth / 1e9;
  const logMonths = standing.logDays / a.daysPerMonth;
  const metrics =
    (webhooks > 0 ? usualMetrics.webhooks.length : 0) + (rotations > 0 ? usualMetrics.connections.length : 0);
  return [
    ['dynamoStorage', 'the ledger, 30 days', kept],
    ['dynamoBackup', 'the ledger, backed up', standing.ledgerBackup ? kept : 0],
    ['logGb', 'logs', logged / 1e9],
    ['logStorage', 'logs kept', ((logged / 1e9) * logMonths) / a.logCompression],
    ['metric', 'our metrics that occur when nothing is wrong', metrics],
  ];
}

/** How often some work calls an action. */
function calls(work: Readonly<Record<string, number>>, action: string): number {
  return Object.entries(work).reduce((sum, [call, times]) => sum + (call.endsWith(action) ? times : 0), 0);
}

/**
 * How often Lambda asks a queue a month. A poller waits for 20 s, or until a message comes; then it asks again. Messages
 * come at random times, so that the mean time between its requests is (1 - e^(-20 rate)) / rate.
 *
 * @param messages a month, one in a batch
 */
function receives(messages: number): number {
  const { pollers, pollSeconds } = assumptions;
  const rate = messages / monthSeconds / pollers;
  const seconds = rate === 0 ? pollSeconds : (1 - Math.exp(-pollSeconds * rate)) / rate;
  return (pollers * monthSeconds) / seconds;
}

/** Adds lines up by service. @returns dollars by service, the dearest first */
export function byService(lines: readonly CostLine[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { service, usd } of lines) sums.set(service, (sums.get(service) ?? 0) + usd);
  return new Map([...sums].toSorted(([, one], [, other]) => other - one));
}
