import { ConnectorError } from '../../functions/connector-error.ts';
import { type DiagnosisId, diagnosisRows } from '../diagnosis-rows.ts';
import type { HandlerName } from '../handler-names.ts';

/** What Lambda counts of a function by itself, whatever becomes of its log. */
export type FunctionMeasure = 'Errors' | 'Throttles';

/**
 * What an alarm looks at. Our own metrics are summed; functions, a queue, the HTTP API or a heartbeat stand for AWS's
 * metrics of them.
 */
export type Watched =
  | {
      readonly metrics: readonly string[];
      /** Default is the sum. */
      readonly statistic?: 'Sum' | 'Minimum' | 'Maximum' | 'p99';
      /** AWS's own measures of one function, of which the larger counts: they come even when its log does not. */
      readonly and?: { readonly handler: HandlerName; readonly measures: readonly FunctionMeasure[] };
    }
  | { readonly queue: WatchedQueue; readonly measure: WatchedMeasure }
  | { readonly functions: WatchedFunctions; readonly measure: FunctionMeasure }
  | { readonly api: '5xx' }
  /** A function that runs every minute: the alarm fires when it has stopped, not before it has begun. */
  | { readonly heartbeat: HandlerName };

/** What an alarm measures of a queue; `held` are the visible messages and those that somebody has in hand or put off. */
export type WatchedMeasure = 'age' | 'length' | 'held';

/** A queue of an environment that alarms look at. */
export type WatchedQueue =
  | 'events'
  | 'eventsDeadLetter'
  | 'rotationDeadLetter'
  | 'quarantine'
  | 'escrow'
  | 'companyWork';

/** The functions of one part of an environment, whose logs a query reads together. */
export type FunctionGroup = 'connecting' | 'tokens' | 'webhooks';

/**
 * The functions that one alarm watches together, at most the ten whose metrics it may add up. What runs by the hour is
 * apart from what runs by the minute: an alarm that waits for a second failure within minutes never sees one of it.
 */
export const watchedFunctions = {
  connecting: [
    ...([
      'connect-link',
      'oauth-start',
      'oauth-callback',
      'oauth-company',
      'confirm-connection',
      'disconnect',
    ] as const),
    'connect-service-account',
  ],
  tokens: ['access-token', 'rotation-sweep', 'token-rotation', 'token-recovery'],
  worker: ['webhook-worker'],
  deliveries: ['webhook-intake', 'webhook-worker'],
  companies: ['company-work'],
} as const satisfies Readonly<Record<string, readonly HandlerName[]>>;

/** Names functions that one alarm watches together. */
export type WatchedFunctions = keyof typeof watchedFunctions;

/** One alarm as data: what it watches, what a person reads in it, and where the logs tell of it. */
export interface AlarmRow {
  /** Names the alarm and its heading in the runbook (lib/cloud/README.md). */
  readonly id: string;
  readonly cause: string;
  readonly remedy: string;
  readonly watched: Watched;
  /** The alarm fires at this value or above; below it where `fires` says so. Default is 1. */
  readonly threshold?: number;
  readonly fires?: 'below';
  /** Default is 5. */
  readonly periodMinutes?: number;
  /** How many periods in a row must be bad; periods in which nothing was measured do not end the row. Default is 1. */
  readonly periods?: number;
  /** What no data means, decided alarm by alarm: `fine` (nothing happened), or `fault` (what measures has stopped). */
  readonly missingData: 'fine' | 'fault';
  /** Whether somebody should be woken: it is part of the environment's composite alarm. */
  readonly page: boolean;
  /** Whether an environment with lean monitoring has it, too. */
  readonly lean?: true;
  /** Where the lines are that tell of it: in the logs of functions, or in the access logs of the HTTP API. */
  readonly logs: LoggedEvents | 'requests';
}

/** What the log queries of functions look for. Failed invocations are always found. */
export interface LoggedEvents {
  readonly of: readonly FunctionGroup[];
  /** Names of our log events; `*` at the end stands for any rest. Default is none. */
  readonly events?: readonly string[];
}

/**
 * Every alarm of an environment. `npm run readme` makes the runbook in lib/cloud/README.md of them (a test compares).
 *
 * A metric of ours that has no data says that nothing happened, and none of them counts zeros: CloudWatch charges a
 * metric for each hour in which something was said of it. Only the sweep is missed when it is silent, by Lambda's own
 * count of its invocations.
 *
 * test/cloud/alarm-causes.ts has a table of all causes: how each comes to its alarm.
 */
export const alarmRows: readonly AlarmRow[] = [
  {
    id: 'reauthorization-required',
    ...wordsOf('refresh_token_invalid'),
    watched: { metrics: ['reauthorizationRequired'] },
    missingData: 'fine',
    page: false,
    lean: true,
    logs: { of: ['tokens'], events: ['rotation.*'] },
  },
  {
    id: 'rotation-failing',
    cause: "Procore's token endpoint has not answered usably for 15 minutes: down, throttling, or cut off from us.",
    remedy:
      "Look at Procore's status page and at the outcome and status in the log. Nothing is lost: tokens are served until their end, and every attempt is replayed. Act only if `tokens-past-expiry` joins in.",
    watched: { metrics: ['rotationUnknown', 'rotationNotSent', 'rotationThrottled'] },
    periods: 3,
    missingData: 'fine',
    page: false,
    logs: { of: ['tokens'], events: ['rotation.*'] },
  },
  {
    id: 'rotation-overdue',
    cause: 'Connections have been due for rotation for more than 5 minutes, and nobody has rotated them.',
    remedy:
      'See whether token-rotation fails or is throttled (its log and the dashboard), and whether its queue is long. After an outage it catches up by itself.',
    watched: { metrics: ['sweepOverdue'] },
    periods: 2,
    missingData: 'fine',
    page: true,
    lean: true,
    logs: { of: ['tokens'], events: ['message.failed', 'rotation.*'] },
  },
  {
    id: 'tokens-past-expiry',
    cause:
      'An access token ran out before it could be replaced: callers wait for the new one, or are told to ask again.',
    remedy:
      'Find the connection and the outcome of its last attempts in the log. Procore down: wait. Refused: see `reauthorization-required`. Anything else: `npm run procore -- connections rotate CONNECTION`.',
    watched: { metrics: ['sweepPastExpiry'] },
    missingData: 'fine',
    page: true,
    lean: true,
    logs: { of: ['tokens'], events: ['rotation.*'] },
  },
  {
    id: 'rotation-sweep-silent',
    cause: 'The sweep, which runs every minute, has not run for 15 minutes: no connection is rotated ahead of time.',
    remedy:
      "Look at the rotation-sweep function's log and at its rule in EventBridge: disabled, failing, or throttled by the account's limit of concurrent executions.",
    watched: { heartbeat: 'rotation-sweep' },
    fires: 'below',
    periods: 3,
    missingData: 'fault',
    page: true,
    lean: true,
    logs: { of: ['tokens'] },
  },
  {
    id: 'client-credentials-refused',
    ...wordsOf('client_credentials_rejected'),
    watched: { metrics: ['clientCredentialsRefused'] },
    missingData: 'fine',
    page: true,
    lean: true,
    logs: {
      of: ['tokens', 'connecting'],
      events: ['rotation.client_refused', 'oauth.not_connected', 'secret.unread'],
    },
  },
  {
    id: 'wrong-environment',
    ...wordsOf('wrong_environment'),
    watched: { metrics: ['wrongEnvironment'] },
    missingData: 'fine',
    page: true,
    lean: true,
    logs: { of: ['connecting', 'tokens'], events: ['connection.wrong_environment', 'secret.unread'] },
  },
  {
    id: 'escrow-used',
    cause: 'DynamoDB refused a token set that Procore had just issued; it waits in the escrow queue.',
    remedy:
      'Nothing yet: token-recovery stores it as soon as DynamoDB takes it, for 14 days. Look at the health of DynamoDB and of the environment’s KMS key. Do not purge the queue.',
    watched: { metrics: ['rotationEscrowed'] },
    missingData: 'fine',
    page: false,
    logs: { of: ['tokens'], events: ['rotation.escrowed', 'rotation.recovered'] },
  },
  {
    id: 'escrow-not-landing',
    cause: 'Token sets have waited in escrow for 15 minutes: token-recovery cannot store them.',
    remedy:
      "Look at token-recovery's log. Usual causes: the KMS key is disabled or due for deletion, DynamoDB is out, or the role was changed by hand. Repair that; the token sets then land by themselves.",
    // Not SQS's age of the oldest message: it leaves out what was received three times, which is all that does not land.
    watched: { metrics: ['escrowAgeSeconds'], statistic: 'Maximum' },
    threshold: 900,
    missingData: 'fine',
    page: true,
    lean: true,
    logs: { of: ['tokens'], events: ['rotation.escrowed', 'rotation.recovered', 'message.failed'] },
  },
  {
    id: 'rotation-dead-letters',
    cause: 'token-rotation died five times over the same batch of connections.',
    remedy:
      'Find the error in its log. The sweep queues again whatever is due, so nothing has to be sent back: purge the dead-letter queue when the cause is gone.',
    watched: { queue: 'rotationDeadLetter', measure: 'length' },
    missingData: 'fine',
    page: false,
    logs: { of: ['tokens'], events: ['message.failed'] },
  },
  {
    id: 'callback-failing',
    cause: 'A person who tried to connect an account was shown a failure that is ours or Procore’s, not theirs.',
    remedy:
      'The log’s outcome says which: client_missing and client_refused need `npm run procore -- credentials set ENVIRONMENT`; authorization_refused usually is a redirect URI that is not registered to the character; procore_unavailable passes. Denials and expired links do not count here.',
    watched: { metrics: ['callbackMisconfigured', 'callbackProcoreDown', 'connectPageFailed'] },
    missingData: 'fine',
    page: false,
    logs: { of: ['connecting'], events: ['oauth.not_connected'] },
  },
  {
    id: 'webhook-authorization-wrong',
    cause:
      'Webhooks come with an Authorization value that is no longer accepted. Only hooks know it: their events are lost after 12 hours.',
    remedy:
      'Run `npm run procore -- webhooks apply`, which gives every hook that we keep the current header. A hook that somebody made by hand needs it by hand. Strangers who guess are not counted here.',
    watched: { metrics: ['webhookAuthorizationRetired'] },
    missingData: 'fine',
    page: true,
    logs: { of: ['webhooks'], events: ['webhook.refused'] },
  },
  {
    id: 'webhook-secret-unusable',
    cause:
      'An edit has made the webhook authorization’s secret unusable. Intake goes on with the values that it read before; where it starts anew it answers 500, and Procore drops events after 12 h.',
    remedy:
      'Make the version before (AWSPREVIOUS) current again in Secrets Manager, or repair the JSON: {"environment", "current", "previous"?}, with values of at least 16 characters. The log says what is wrong with it.',
    watched: { metrics: ['webhookSecretUnusable'] },
    missingData: 'fine',
    page: true,
    lean: true,
    logs: { of: ['webhooks'], events: ['secret.unusable'] },
  },
  {
    id: 'webhook-intake-failing',
    cause: 'Procore’s webhooks were answered with 429 or 5xx. Procore pauses all deliveries and drops them after 12 h.',
    remedy:
      'See in the log whether SQS refused (a retry helps, and Procore makes it), the function fails, or the account’s limit of concurrent executions is reached (raise it).',
    watched: {
      metrics: ['webhookUnanswered'],
      and: { handler: 'webhook-intake', measures: ['Errors'] },
    },
    // Procore's own retries can be far apart, so two in a row of short periods may never come.
    threshold: 2,
    periodMinutes: 30,
    missingData: 'fine',
    page: true,
    lean: true,
    logs: { of: ['webhooks'], events: ['webhook.queue_unavailable', 'webhook.quarantine_unavailable'] },
  },
  {
    id: 'http-api-failing',
    cause: 'The HTTP API answered with 5xx three times within an hour: webhooks, connect pages, or both.',
    remedy:
      'See in the access log which route it was. Nothing there: look at the stage’s log group and at Lambda’s permission for the API. Webhooks: as `webhook-intake-failing`. Pages: as `callback-failing`.',
    watched: { api: '5xx' },
    threshold: 3,
    periodMinutes: 60,
    missingData: 'fine',
    page: true,
    lean: true,
    logs: 'requests',
  },
  {
    id: 'webhook-intake-slow',
    cause:
      'Answers to webhooks take longer than 2.5 s at the 99th percentile, cold starts included; Procore waits 5 s.',
    remedy:
      'Compare the duration of webhook-intake with the latencies of SQS and DynamoDB in CloudWatch’s metrics. Many cold starts: give the function more memory, or provisioned concurrency.',
    watched: { metrics: ['webhookAnswerMs'], statistic: 'p99' },
    threshold: 2500,
    periods: 3,
    missingData: 'fine',
    page: false,
    logs: 'requests',
  },
  {
    id: 'event-queue-old',
    cause:
      'The oldest event has waited for 15 minutes: it fails and is tried on, or the worker (or your own consumer) does not keep up, or is stuck.',
    remedy:
      'Look for event.failed in the log: a failing event holds back only the events of its own resource. Slow: raise `workerConcurrency` in cdk.json. Events are kept for 14 days.',
    watched: { queue: 'events', measure: 'age' },
    threshold: 900,
    periods: 2,
    missingData: 'fine',
    // One event that fails is no reason to wake somebody, and it may be tried for days.
    page: false,
    logs: { of: ['webhooks'], events: ['event.*'] },
  },
  {
    id: 'event-queue-full',
    cause:
      'The event queue holds more than 80,000 events. SQS looks for the next ones among the first 120,000 only: if all of those wait, it hands out nothing.',
    remedy:
      'See in event.failing_long and event.failed what fails, and for which company, and repair it: what waits is worked off by itself. Slow: raise `workerConcurrency` in cdk.json.',
    watched: { queue: 'events', measure: 'held' },
    threshold: 80_000,
    missingData: 'fine',
    page: true,
    logs: { of: ['webhooks'], events: ['event.*'] },
  },
  {
    id: 'event-failing',
    cause:
      'An event, or a change of a connection, has been failing for 30 minutes. It is tried on, and nothing is lost.',
    remedy:
      'Look for event.failing_long in the log: it names the event, its company and the error. Repair what it says. An event that fails alone becomes a dead letter within the hour; in an outage all wait, for as many hours as `giveUpAfterHours` says.',
    watched: { metrics: ['eventFailingLong'] },
    // A failing event is tried at least every 10 minutes, and put off by up to 6 more while all of its kind fail.
    periodMinutes: 20,
    missingData: 'fine',
    page: false,
    lean: true,
    logs: { of: ['webhooks'], events: ['event.failing_long', 'event.failed'] },
  },
  {
    id: 'event-dead-letters',
    cause:
      'Events were given up: others of their kind succeeded all the while, or they failed for days, or on-event.ts said that no try can help.',
    remedy:
      'Run `npm run procore -- events dead` to see them with their reasons, repair on-event.ts, deploy, then `npm run procore -- events redrive`. They are kept for 14 days.',
    watched: { queue: 'eventsDeadLetter', measure: 'length' },
    missingData: 'fine',
    page: false,
    lean: true,
    logs: { of: ['webhooks'], events: ['event.*'] },
  },
  {
    id: 'quarantine',
    cause: 'Procore sent something, rightly authorized, that is no event we can read. It was acknowledged and kept.',
    remedy:
      'Run `npm run procore -- events quarantine` to see the bodies. A new payload version is a matter for an update of this product; then delete the messages. They are kept for 14 days.',
    watched: { queue: 'quarantine', measure: 'length' },
    missingData: 'fine',
    page: false,
    logs: { of: ['webhooks'], events: ['webhook.quarantined', 'webhook.quarantine_refused'] },
  },
  {
    id: 'quarantine-refused',
    cause: 'A webhook that is no event could not even be kept; it is gone but for its hash in the log.',
    remedy:
      'Find sha256 and bytes in the log, and the delivery at Procore (Company Admin, Webhooks, deliveries) by its time.',
    watched: { metrics: ['webhookQuarantineRefused'] },
    missingData: 'fine',
    page: false,
    logs: { of: ['webhooks'], events: ['webhook.quarantine_refused'] },
  },
  {
    id: 'ledger-failing',
    cause: 'DynamoDB has not taken or given entries of the ledger for 15 minutes. Events arrive; duplicates may, too.',
    remedy:
      'Look at the deliveries table: throttled, or its KMS key disabled? Events of this time may be missing from `events show` and `events replay`, and some may be handled twice.',
    watched: { metrics: ['ledgerUnread', 'ledgerUnwritten'] },
    periods: 3,
    missingData: 'fine',
    page: false,
    logs: {
      of: ['webhooks'],
      events: [
        ...['webhook.ledger_unread', 'webhook.ledger_unwritten', 'event.history_unread', 'event.not_marked'],
        'reconcile.ledger_unread',
      ],
    },
  },
  {
    id: 'subscription-inactive',
    ...wordsOf('webhooks_not_delivered'),
    watched: { metrics: ['subscriptionInactive'] },
    periodMinutes: 60,
    missingData: 'fine',
    page: false,
    logs: { of: ['webhooks'], events: ['subscription.*'] },
  },
  {
    id: 'audit-jobs-failing',
    cause: 'The audit could not compare a company’s hooks with what is wanted, two hours in a row.',
    remedy:
      'The log says which company and why: usually its connection needs a new authorization, or the app was disconnected there. Hooks may be missing and discarded deliveries unfetched until an audit succeeds.',
    watched: { metrics: ['auditJobsFailed'] },
    periodMinutes: 60,
    periods: 2,
    missingData: 'fine',
    page: false,
    logs: { of: ['webhooks'], events: ['subscription.*', 'job.*'] },
  },
  {
    id: 'audit-behind',
    cause:
      'A hook has not been looked at for six hours or more: nobody would see that it is missing, or what Procore gave up.',
    remedy:
      'Run `npm run procore -- jobs list ENVIRONMENT --kind audit`. One company: its job says why. All: see whether company-work fails or is throttled, and whether Procore’s rate limit leaves the audit enough calls (the dashboard); ask Procore for a higher limit.',
    watched: { metrics: ['auditOldestLookHours'], statistic: 'Maximum' },
    threshold: 6,
    periodMinutes: 60,
    missingData: 'fine',
    page: false,
    logs: { of: ['webhooks'], events: ['subscription.*', 'job.*', 'jobs.*'] },
  },
  {
    id: 'vanished-held-back',
    cause:
      'So many records are missing from a company’s lists at once that it is not believed that people deleted them. No event says so.',
    remedy:
      'Find vanished.held_back in the log: it names company and resource. Usually the connection’s user has lost a permission: give it back, and nothing else is to be done. If the records were deleted: `npm run procore -- webhooks apply --company ID --report-vanished no`, a run of the job, and `yes` again. Then only what is listed counts as known.',
    watched: { metrics: ['vanishedHeldBack'] },
    periodMinutes: 60,
    missingData: 'fine',
    page: false,
    logs: { of: ['webhooks'], events: ['vanished.*'] },
  },
  {
    id: 'deliveries-discarded',
    cause: 'Procore gave deliveries up after 12 hours, and the audit could not fetch all of them.',
    remedy:
      'Find the company in the log, and read what changed since then from the API: `npm run procore -- events reconcile`. Then look for what kept Procore’s deliveries from being answered.',
    watched: { metrics: ['deliveriesDiscarded'] },
    periodMinutes: 60,
    missingData: 'fine',
    page: true,
    lean: true,
    logs: { of: ['webhooks'], events: ['deliveries.discarded', 'subscription.*'] },
  },
  {
    id: 'webhook-silence',
    cause: 'A company whose hooks look right has sent no event for longer than configured.',
    remedy:
      'Often nobody works there. Make a change in that company in Procore; if no event comes within a minute, run `npm run procore -- doctor ENVIRONMENT`.',
    watched: { metrics: ['webhookSilence'] },
    periodMinutes: 60,
    missingData: 'fine',
    page: false,
    logs: { of: ['webhooks'], events: ['subscription.*', 'webhook.*'] },
  },
  {
    id: 'app-disconnected',
    ...wordsOf('app_not_connected'),
    watched: { metrics: ['appDisconnected'] },
    missingData: 'fine',
    page: false,
    logs: { of: ['webhooks'], events: ['app.*', 'api.*'] },
  },
  {
    id: 'rate-limit-nearly-spent',
    cause:
      'Less than a tenth of Procore’s limit for a window of more than a minute was left: calls wait, and events with them.',
    remedy: remedyOf('rate_limited'),
    watched: { metrics: ['rateBudgetLongLeftPercent'], statistic: 'Minimum' },
    fires: 'below',
    threshold: 10,
    missingData: 'fine',
    page: false,
    logs: { of: ['webhooks'], events: ['budget.*', 'api.*'] },
  },
  {
    id: 'connecting-errors',
    cause: 'A function of the connect pages failed outright: an error that has no page, a time-out, or no memory left.',
    remedy: 'Find invocation.failed in the log: name, code and stack are there, the text only if it is ours.',
    watched: { functions: 'connecting', measure: 'Errors' },
    missingData: 'fine',
    page: false,
    logs: { of: ['connecting'] },
  },
  {
    id: 'token-errors',
    cause: 'A function that vends or rotates tokens failed outright: an AWS service refused it, or it ran out of time.',
    remedy:
      'Find invocation.failed in the log. What is due stays due and is tried again each minute; callers of access-token got an error and may try again.',
    watched: { functions: 'tokens', measure: 'Errors' },
    // One failure is Lambda's own business; SQS gives a failed batch back after six minutes.
    threshold: 2,
    periodMinutes: 15,
    missingData: 'fine',
    page: true,
    lean: true,
    logs: { of: ['tokens'] },
  },
  {
    id: 'webhook-errors',
    cause:
      'webhook-worker failed outright twice: an error that is not on-event.ts’s own, a time-out, or no memory left.',
    remedy:
      'Find invocation.failed in the log. SQS hands the batch out again: nothing is lost unless it goes on for 14 days.',
    watched: { functions: 'worker', measure: 'Errors' },
    // One failure is Lambda's own business; SQS gives a failed batch back after six minutes.
    threshold: 2,
    periodMinutes: 15,
    missingData: 'fine',
    page: true,
    lean: true,
    logs: { of: ['webhooks'] },
  },
  {
    id: 'company-work-errors',
    cause: 'Company-wide work failed outright: a sweep, or all slices of a batch.',
    remedy: 'Find invocation.failed in the log. Jobs go on from their checkpoints two minutes later.',
    watched: { functions: 'companies', measure: 'Errors' },
    periodMinutes: 60,
    missingData: 'fine',
    page: false,
    logs: { of: ['webhooks'] },
  },
  {
    id: 'webhooks-throttled',
    cause: 'Lambda refused to start webhook functions: the account’s limit of concurrent executions is reached.',
    remedy:
      'Ask AWS for a higher limit (Service Quotas, Lambda, concurrent executions), or find the function of the account that takes it all.',
    watched: { functions: 'deliveries', measure: 'Throttles' },
    missingData: 'fine',
    page: true,
    logs: 'requests',
  },
  {
    id: 'tokens-throttled',
    cause: 'Lambda refused to start token functions: the account’s limit of concurrent executions is reached.',
    remedy:
      'Ask AWS for a higher limit (Service Quotas, Lambda, concurrent executions), or find the function of the account that takes it all.',
    watched: { functions: 'tokens', measure: 'Throttles' },
    periods: 2,
    missingData: 'fine',
    page: true,
    logs: { of: ['tokens'] },
  },
];

/** An alarm for a problem that the table of diagnoses knows says the same as every page and command that shows it. */
function wordsOf(id: DiagnosisId): Pick<AlarmRow, 'cause' | 'remedy'> {
  const { cause, remedy } = diagnosisRows.find((row) => row.id === id) ?? { cause: '', remedy: '' };
  return { cause, remedy };
}

/** The remedy alone, where the alarm knows the cause better. */
function remedyOf(id: DiagnosisId): string {
  return wordsOf(id).remedy;
}

/** What an alarm's description may hold, in characters. */
const longestDescription = 1024;

/** A row says more than CloudWatch takes as an alarm's description. */
export class AlarmTextError extends ConnectorError {
  override readonly name = 'AlarmTextError';
  readonly code = 'alarm_text_too_long';
}

/**
 * Makes what a person reads in the alarm's mail.
 *
 * @returns cause, remedy and where the runbook says more, at most 1,024 characters
 * @throws AlarmTextError
 */
export function alarmDescription({ id, cause, remedy }: Pick<AlarmRow, 'id' | 'cause' | 'remedy'>): string {
  const description = `${cause}\n\nWhat to do: ${remedy}\n\nRunbook: lib/cloud/README.md#${id}, which says in which log queries the lines are.`;
  if (description.length <= longestDescription) return description;
  throw new AlarmTextError(
    `The alarm ${id} has a description of ${description.length} characters; CloudWatch takes ${longestDescription}.`,
  );
}
