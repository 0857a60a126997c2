import type { Sample } from './alarm-evaluation.ts';

/** What is reported of one metric from minute 0 on, in place of what is reported while all is well. */
export interface Report {
  readonly samples: readonly Sample[];
  /** From this minute on all is well again. */
  readonly until: number;
}

/**
 * Reports by metric: a metric of ours by its name, a queue's or function's by the name of its output and its measure,
 * e.g. `QueueEscrow age` or `FunctionAccessToken Errors`, the HTTP API's as `HttpApi 5xx`.
 */
export type Reports = Readonly<Record<string, Report>>;

/** When an alarm fires and ends, and when it does not. */
export interface Scenario {
  /** Troubles, each of which alone makes this alarm fire, and no other. */
  readonly fires: readonly Reports[];
  /** Minutes from the beginning of the trouble until the alarm fires. */
  readonly after: number;
  /** Minutes from the beginning of the trouble until the alarm is OK again. */
  readonly ends: number;
  /** Near misses, each of which makes no alarm fire. */
  readonly stays: readonly Reports[];
  /** Whether somebody is woken. */
  readonly pages?: true;
}

/** A single value. */
const once = (value = 1): Report => ({ samples: [{ minute: 0, value }], until: 1 });

/** The same values every minute; of two, one is what a measure was before it rose, or of another request. */
const steadily = (minutes: number, ...values: readonly number[]): Report => ({
  samples: Array.from({ length: minutes }, (_, minute) => values.map((value) => ({ minute, value }))).flat(),
  until: minutes,
});

/** Nothing, where something is reported while all is well. */
export const silent = (minutes: number): Report => ({ samples: [], until: minutes });

/** A value every hour, as the hourly audit counts; or none in one of them. */
const hourly = (...values: readonly (number | undefined)[]): Report => ({
  samples: values.flatMap((value, hour) => (value === undefined ? [] : [{ minute: hour * 60, value }])),
  until: values.length * 60,
});

/** One value in each of several periods of five minutes, or none in one of them. */
const inPeriods = (...values: readonly (number | undefined)[]): Report => ({
  samples: values.flatMap((value, index) => (value === undefined ? [] : [{ minute: index * 5, value }])),
  until: values.length * 5,
});

/** Requests per minute, of which some are slow. */
const answers = (minutes: number, { fast, slow }: { readonly fast: number; readonly slow: number }): Report =>
  steadily(minutes, ...Array<number>(fast).fill(200), ...Array<number>(slow).fill(2500));

const connecting = [
  'ConnectLink',
  'OauthStart',
  'OauthCallback',
  'OauthCompany',
  'ConfirmConnection',
  'Disconnect',
  'ConnectServiceAccount',
];
const tokens = ['AccessToken', 'RotationSweep', 'TokenRotation', 'TokenRecovery'];

const each = (functions: readonly string[], measure: 'Errors' | 'Throttles', report: Report): Reports[] =>
  functions.map((name) => ({ [`Function${name} ${measure}`]: report }));

/** A metric that is counted only when something is wrong: CloudWatch goes on looking at it for two periods more. */
const counted = { after: 5, ends: 20 };

/** The same for an alarm on a metric of the audit, which counts every hour: its sum is 0 where nothing was counted. */
const audited = { after: 60, ends: 120 };

/**
 * What is reported while all is well, by metric: from before the scenario, as far back as an alarm looks, until its end.
 *
 * @param to the last minute
 */
export function backgroundUntil(to: number): ReadonlyMap<string, Sample[]> {
  const every = (step: number, value: number, from: number) => {
    const length = Math.ceil((to - from) / step);
    return Array.from({ length }, (_, index) => ({ minute: from + index * step, value }));
  };
  const everyMinute = (value: number) => every(1, value, -30);
  const queues = ['Events', 'EventsDeadLetter', 'Quarantine', 'Rotation', 'RotationDeadLetter', 'Escrow'];
  return new Map([
    ['FunctionRotationSweep Invocations', everyMinute(1)],
    ['webhookAnswerMs', everyMinute(200)],
    ...queues.flatMap((queue) =>
      [`Queue${queue} age`, `Queue${queue} length`, `Queue${queue} inHand`].map(
        (name) => [name, everyMinute(0)] as const,
      ),
    ),
  ]);
}

/** Every alarm of an environment, by its id. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'reauthorization-required': {
    fires: [{ reauthorizationRequired: once() }],
    ...counted,
    stays: [{ rotationReplaced: once(), connectionDisconnected: once() }],
  },
  'rotation-failing': {
    fires: [
      { rotationUnknown: inPeriods(1, 1, 1) },
      { rotationNotSent: inPeriods(1, 1, 1) },
      { rotationThrottled: inPeriods(1, 1, 1) },
      {
        rotationUnknown: inPeriods(1),
        rotationNotSent: inPeriods(undefined, 1),
        rotationThrottled: inPeriods(undefined, undefined, 1),
      },
    ],
    after: 15,
    ends: 20,
    stays: [{ rotationUnknown: inPeriods(1, 1) }, { rotationUnknown: inPeriods(1, 1, undefined, 1, 1) }],
  },
  'rotation-overdue': {
    fires: [{ sweepOverdue: steadily(10, 1) }],
    after: 10,
    ends: 25,
    stays: [{ sweepOverdue: steadily(5, 1) }, { sweepDue: steadily(60, 500) }],
    pages: true,
  },
  'tokens-past-expiry': { fires: [{ sweepPastExpiry: once() }], ...counted, stays: [], pages: true },
  'rotation-sweep-silent': {
    fires: [{ 'FunctionRotationSweep Invocations': silent(15) }],
    after: 15,
    ends: 20,
    stays: [
      { 'FunctionRotationSweep Invocations': silent(10) },
      { 'FunctionRotationSweep Invocations': inPeriods(undefined, undefined, 1, undefined, undefined, 1) },
    ],
    pages: true,
  },
  'client-credentials-refused': {
    fires: [{ clientCredentialsRefused: once() }],
    ...counted,
    stays: [],
    pages: true,
  },
  'wrong-environment': { fires: [{ wrongEnvironment: once() }], ...counted, stays: [], pages: true },
  'escrow-used': { fires: [{ rotationEscrowed: once() }], ...counted, stays: [{ rotationRecovered: once() }] },
  'escrow-not-landing': {
    fires: [{ escrowAgeSeconds: inPeriods(900) }],
    ...counted,
    stays: [{ escrowAgeSeconds: steadily(60, 899), 'QueueEscrow length': steadily(60, 5) }],
    pages: true,
  },
  'rotation-dead-letters': {
    fires: [{ 'QueueRotationDeadLetter length': steadily(5, 0, 1) }],
    after: 5,
    ends: 10,
    stays: [{ 'QueueRotation length': steadily(60, 500), 'QueueRotation age': steadily(60, 5000) }],
  },
  'callback-failing': {
    fires: [{ callbackMisconfigured: once() }, { callbackProcoreDown: once() }, { connectPageFailed: once() }],
    after: 5,
    ends: 10,
    stays: [{ callbackDenied: once(9), callbackExpired: once(9), callbackStranger: once(9) }],
  },
  'webhook-authorization-wrong': {
    fires: [{ webhookAuthorizationRetired: once() }],
    ...counted,
    stays: [{ webhookAuthorizationWrong: steadily(60, 9), webhookAuthorizationMissing: steadily(60, 9) }],
    pages: true,
  },
  'webhook-secret-unusable': {
    fires: [{ webhookSecretUnusable: once() }],
    ...counted,
    stays: [{ webhookAuthorizationWrong: steadily(60, 9), webhookAuthorizationMissing: steadily(60, 9) }],
    pages: true,
  },
  'webhook-intake-failing': {
    fires: [
      { webhookUnanswered: inPeriods(1, undefined, undefined, undefined, 1) },
      { 'FunctionWebhookIntake Errors': once(2) },
    ],
    after: 30,
    ends: 60,
    // The third is one request, which both count.
    stays: [
      { webhookUnanswered: once() },
      { webhookUnanswered: hourly(1, 1, 1) },
      { webhookUnanswered: once(), 'FunctionWebhookIntake Errors': once() },
    ],
    pages: true,
  },
  'http-api-failing': {
    fires: [{ 'HttpApi 5xx': once(3) }, { 'HttpApi 5xx': inPeriods(1, undefined, 1, undefined, undefined, 1) }],
    ...audited,
    stays: [{ 'HttpApi 5xx': hourly(2, 2, 2) }],
    pages: true,
  },
  'webhook-intake-slow': {
    fires: [{ webhookAnswerMs: answers(15, { fast: 48, slow: 1 }) }],
    after: 15,
    ends: 20,
    stays: [
      { webhookAnswerMs: answers(60, { fast: 199, slow: 1 }) },
      { webhookAnswerMs: answers(10, { fast: 0, slow: 50 }) },
      { webhookAnswerMs: steadily(60, 2499) },
    ],
  },
  'event-queue-old': {
    fires: [{ 'QueueEvents age': steadily(10, 0, 900) }],
    after: 10,
    ends: 15,
    stays: [
      { 'QueueEvents age': steadily(60, 899), 'QueueEvents length': steadily(60, 5000) },
      { 'QueueEvents age': steadily(5, 5000) },
    ],
  },
  'event-queue-full': {
    fires: [
      { 'QueueEvents length': steadily(5, 0, 80_000) },
      { 'QueueEvents length': steadily(5, 0, 30_000), 'QueueEvents inHand': steadily(5, 0, 50_000) },
    ],
    after: 5,
    ends: 10,
    stays: [{ 'QueueEvents length': steadily(60, 40_000), 'QueueEvents inHand': steadily(60, 39_999) }],
    pages: true,
  },
  'event-failing': {
    fires: [{ eventFailingLong: once() }],
    after: 20,
    ends: 40,
    stays: [{ eventFailed: steadily(60, 9) }],
  },
  'event-dead-letters': {
    fires: [{ 'QueueEventsDeadLetter length': steadily(5, 0, 1) }],
    after: 5,
    ends: 10,
    stays: [{ eventFailed: once(4) }],
  },
  quarantine: {
    fires: [{ 'QueueQuarantine length': steadily(5, 0, 1) }],
    after: 5,
    ends: 10,
    stays: [{ webhookRefused: once() }],
  },
  'quarantine-refused': {
    fires: [{ webhookQuarantineRefused: once() }],
    ...counted,
    stays: [{ webhookQuarantined: once() }],
  },
  'ledger-failing': {
    fires: [
      { ledgerUnread: inPeriods(1, 1, 1) },
      { ledgerUnwritten: inPeriods(1, 1, 1) },
      { ledgerUnread: inPeriods(1, undefined, 1), ledgerUnwritten: inPeriods(undefined, 1) },
    ],
    after: 15,
    ends: 20,
    stays: [{ ledgerUnread: inPeriods(9, 9), ledgerUnwritten: inPeriods(9, 9) }],
  },
  'subscription-inactive': {
    fires: [{ subscriptionInactive: hourly(1) }],
    ...audited,
    stays: [{ subscriptionRepaired: hourly(9) }],
  },
  'audit-jobs-failing': {
    fires: [{ auditJobsFailed: hourly(1, 1) }],
    after: 120,
    ends: 180,
    stays: [{ auditJobsFailed: hourly(9) }, { auditJobsFailed: hourly(1, undefined, 1) }],
  },
  'audit-behind': {
    fires: [{ auditOldestLookHours: hourly(6) }, { auditOldestLookHours: steadily(5, 2, 9) }],
    ...audited,
    stays: [{ auditOldestLookHours: steadily(120, 5, 5) }],
  },
  'vanished-held-back': { fires: [{ vanishedHeldBack: hourly(21) }], ...audited, stays: [] },
  'deliveries-discarded': {
    fires: [{ deliveriesDiscarded: hourly(1) }],
    ...audited,
    stays: [{ deliveriesRecovered: hourly(9) }],
    pages: true,
  },
  'webhook-silence': { fires: [{ webhookSilence: hourly(1) }], ...audited, stays: [] },
  'app-disconnected': {
    fires: [{ appDisconnected: once() }],
    ...counted,
    stays: [{ apiCallFailed: once(9), apiThrottled: once(9) }],
  },
  'rate-limit-nearly-spent': {
    fires: [{ rateBudgetLongLeftPercent: steadily(1, 50, 9) }],
    ...counted,
    stays: [{ rateBudgetLongLeftPercent: steadily(60, 10) }, { rateBudgetShortLeftPercent: once(0) }],
  },
  'connecting-errors': {
    fires: each(connecting, 'Errors', once()),
    after: 5,
    ends: 10,
    stays: each(connecting, 'Throttles', steadily(60, 1)),
  },
  'token-errors': {
    fires: [...each(tokens, 'Errors', inPeriods(1, undefined, 1)), ...each(tokens, 'Errors', once(2))],
    after: 15,
    ends: 30,
    stays: each(tokens, 'Errors', once()),
    pages: true,
  },
  'webhook-errors': {
    // SQS gives a batch back when its visibility time-out is over, six minutes later.
    fires: each(['WebhookWorker'], 'Errors', inPeriods(1, 1)),
    after: 15,
    ends: 30,
    stays: each(['WebhookIntake', 'WebhookWorker'], 'Errors', once()),
    pages: true,
  },
  'company-work-errors': {
    fires: each(['CompanyWork'], 'Errors', once()),
    ...audited,
    stays: each(['CompanyWork'], 'Throttles', steadily(60, 1)),
  },
  'webhooks-throttled': {
    fires: each(['WebhookIntake', 'WebhookWorker'], 'Throttles', once()),
    after: 5,
    ends: 10,
    stays: [],
    pages: true,
  },
  'tokens-throttled': {
    fires: each(tokens, 'Throttles', inPeriods(1, 1)),
    after: 10,
    ends: 15,
    stays: each(tokens, 'Throttles', once(9)),
    pages: true,
  },
};
