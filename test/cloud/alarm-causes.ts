/** One way in which an alarm comes to fire. */
export interface AlarmCause {
  /** What is wrong, in the words of a person. */
  readonly cause: string;
  /** What CloudWatch is told, named as in alarm-scenarios.ts. */
  readonly metric: string;
  /** How it gets there. */
  readonly how: string;
  /** A value that this cause makes. Default is 1, again and again while it lasts; `none` is silence. */
  readonly value?: number | 'none';
  /** How many minutes lie between two values. Default is 5. */
  readonly everyMinutes?: number;
  /**
   * Whether test/end-to-end/alarm-causes.test.ts makes it happen on the local system, and finds the metric there. What
   * it cannot make is counted by a use case, where test/house/signals.test.ts demands a test, or by AWS itself.
   */
  readonly driven?: true;
}

const line = 'a line of metrics in the log of';
const sqs = 'SQS counts its messages';
const lambda = 'Lambda counts failed invocations';
const throttled = 'Lambda counts what it refuses to start';
const unanswered = 'a metric filter on the access log';

/** Every cause of every alarm, by the alarm's id. */
export const alarmCauses: Readonly<Record<string, readonly AlarmCause[]>> = {
  'reauthorization-required': [
    {
      cause: 'Procore refuses a refresh token for good',
      metric: 'reauthorizationRequired',
      how: `${line} token-rotation`,
    },
  ],
  'rotation-failing': [
    {
      cause: 'no answer of the token endpoint',
      metric: 'rotationUnknown',
      how: `${line} token-rotation`,
      driven: true,
    },
    { cause: 'no way to the token endpoint', metric: 'rotationNotSent', how: `${line} token-rotation` },
    { cause: 'the token endpoint throttles', metric: 'rotationThrottled', how: `${line} token-rotation`, driven: true },
  ],
  'rotation-overdue': [
    {
      cause: 'token-rotation does not keep up, or does not run',
      metric: 'sweepOverdue',
      how: `${line} rotation-sweep, which counts what it finds every minute`,
      everyMinutes: 1,
      driven: true,
    },
  ],
  'tokens-past-expiry': [
    {
      cause: 'a token ran out before it was replaced',
      metric: 'sweepPastExpiry',
      how: `${line} token-rotation`,
      driven: true,
    },
  ],
  'rotation-sweep-silent': [
    {
      cause: 'the rule is disabled, or EventBridge may not invoke the function any more',
      metric: 'FunctionRotationSweep Invocations',
      how: 'Lambda counts no invocation any more; our logs are not needed',
      value: 'none',
    },
  ],
  'client-credentials-refused': [
    {
      cause: 'the client secret was replaced at Procore',
      metric: 'clientCredentialsRefused',
      how: `${line} the function that asked Procore`,
      driven: true,
    },
  ],
  'wrong-environment': [
    { cause: 'a token of another Procore', metric: 'wrongEnvironment', how: `${line} the function that looked at it` },
  ],
  'escrow-used': [
    { cause: 'DynamoDB refuses new tokens', metric: 'rotationEscrowed', how: `${line} token-rotation or access-token` },
  ],
  'escrow-not-landing': [
    {
      cause: 'token-recovery cannot store: DynamoDB out, key disabled, role changed',
      metric: 'escrowAgeSeconds',
      how: `${line} token-recovery, each time that SQS hands a token set out again`,
      value: 1200,
      driven: true,
    },
  ],
  'rotation-dead-letters': [
    { cause: 'token-rotation dies over a batch', metric: 'QueueRotationDeadLetter length', how: sqs },
  ],
  'callback-failing': [
    {
      cause: 'client id or secret is not Procore’s',
      metric: 'callbackMisconfigured',
      how: `${line} oauth-callback`,
      driven: true,
    },
    { cause: 'Procore is down', metric: 'callbackProcoreDown', how: `${line} oauth-callback`, driven: true },
    {
      cause: 'an error without a page of its own',
      metric: 'connectPageFailed',
      how: `${line} oauth-start`,
      driven: true,
    },
  ],
  'webhook-authorization-wrong': [
    {
      cause: 'a hook sends a value that was retired',
      metric: 'webhookAuthorizationRetired',
      how: `${line} webhook-intake`,
      driven: true,
    },
  ],
  'webhook-secret-unusable': [
    {
      cause: 'a slip in an edit of the secret',
      metric: 'webhookSecretUnusable',
      how: `${line} webhook-intake, as often as it reads the secret`,
    },
  ],
  'webhook-intake-failing': [
    { cause: 'SQS refuses, intake times out, the API throttles', metric: 'webhookUnanswered', how: unanswered },
    {
      cause: 'intake fails outright, e.g. without its secret; also while no log can be written',
      metric: 'FunctionWebhookIntake Errors',
      how: lambda,
      driven: true,
    },
  ],
  'http-api-failing': [
    {
      cause: 'API Gateway may not or cannot invoke a function; also without access logs',
      metric: 'HttpApi 5xx',
      how: 'API Gateway counts its answers',
    },
  ],
  'webhook-intake-slow': [
    { cause: 'slow services, many cold starts', metric: 'webhookAnswerMs', how: unanswered, value: 4000 },
  ],
  'event-queue-old': [
    {
      cause: 'the worker is slow, stuck, or without a consumer',
      metric: 'QueueEvents age',
      how: 'SQS measures the oldest message; it leaves none out, since the queue is FIFO',
      value: 1000,
    },
  ],
  'event-queue-full': [
    { cause: 'the worker is out for hours, or far too slow', metric: 'QueueEvents length', how: sqs, value: 90_000 },
    {
      cause: 'a system of the integrator is out: what fails is put off, and SQS counts it as in hand',
      metric: 'QueueEvents inHand',
      how: sqs,
      value: 90_000,
    },
  ],
  'event-failing': [
    {
      cause: 'an event, or all of a kind, that on-event.ts has not handled for 30 minutes',
      metric: 'eventFailingLong',
      how: `${line} webhook-worker`,
    },
  ],
  'event-dead-letters': [
    { cause: 'an event that nobody can handle', metric: 'QueueEventsDeadLetter length', how: sqs, driven: true },
  ],
  quarantine: [{ cause: 'a body that is no event', metric: 'QueueQuarantine length', how: sqs, driven: true }],
  'quarantine-refused': [
    { cause: 'a body that SQS takes never', metric: 'webhookQuarantineRefused', how: `${line} webhook-intake` },
  ],
  'ledger-failing': [
    { cause: 'DynamoDB does not write', metric: 'ledgerUnwritten', how: `${line} webhook-intake`, driven: true },
    { cause: 'DynamoDB does not read', metric: 'ledgerUnread', how: `${line} webhook-worker`, driven: true },
  ],
  'subscription-inactive': [
    {
      cause: 'a hook is missing or disabled',
      metric: 'subscriptionInactive',
      how: `${line} company-work`,
      everyMinutes: 60,
    },
  ],
  'audit-jobs-failing': [
    {
      cause: 'a company cannot be audited: no authorization, app disconnected',
      metric: 'auditJobsFailed',
      how: `${line} company-work`,
      everyMinutes: 60,
    },
  ],
  'audit-behind': [
    {
      cause: 'Procore’s limit leaves the audit too few calls, or a company’s looks fail',
      metric: 'auditOldestLookHours',
      how: `${line} company-work`,
      value: 7,
      everyMinutes: 60,
    },
    {
      cause: 'wake-ups are not worked: company-work fails or is throttled, and its sweep tells',
      metric: 'auditOldestLookHours',
      how: `${line} company-work`,
      value: 7,
    },
  ],
  'vanished-held-back': [
    {
      cause: 'many records are missing of a list, and Procore’s list says nothing of why',
      metric: 'vanishedHeldBack',
      how: `${line} company-work`,
      value: 21,
    },
  ],
  'deliveries-discarded': [
    {
      cause: 'Procore gave deliveries up that the audit cannot fetch',
      metric: 'deliveriesDiscarded',
      how: `${line} company-work`,
      everyMinutes: 60,
    },
  ],
  'webhook-silence': [
    {
      cause: 'no delivery for too long',
      metric: 'webhookSilence',
      how: `${line} company-work`,
      everyMinutes: 60,
    },
  ],
  'app-disconnected': [
    {
      cause: 'a company disconnected the app',
      metric: 'appDisconnected',
      how: `${line} the function that called Procore`,
    },
  ],
  'rate-limit-nearly-spent': [
    {
      cause: 'most of the hour’s calls are made',
      metric: 'rateBudgetLongLeftPercent',
      how: `${line} the function that called Procore`,
      value: 3,
    },
  ],
  'connecting-errors': [
    ...['OauthStart', 'OauthCallback', 'OauthCompany', 'ConfirmConnection', 'ConnectServiceAccount'].map((name) => ({
      cause: 'a crash or a time-out of a page',
      metric: `Function${name} Errors`,
      how: lambda,
    })),
    ...(['ConnectLink', 'Disconnect'] as const).map((name) => ({
      cause: 'DynamoDB out, key disabled',
      metric: `Function${name} Errors`,
      how: lambda,
      driven: true as const,
    })),
  ],
  'token-errors': [
    ...(['AccessToken', 'RotationSweep'] as const).map((name) => ({
      cause: 'DynamoDB out, key disabled: even though our own metrics may not come then',
      metric: `Function${name} Errors`,
      how: lambda,
      driven: true as const,
    })),
    ...['TokenRotation', 'TokenRecovery'].map((name) => ({
      cause: 'a crash or a time-out',
      metric: `Function${name} Errors`,
      how: lambda,
    })),
  ],
  'webhook-errors': [
    {
      cause: 'a crash, a time-out; SQS hands the batch out again after six minutes',
      metric: 'FunctionWebhookWorker Errors',
      how: lambda,
      everyMinutes: 6,
      driven: true,
    },
  ],
  'company-work-errors': [
    {
      cause: 'a sweep or a batch of slices fails outright',
      metric: 'FunctionCompanyWork Errors',
      how: lambda,
      everyMinutes: 60,
      driven: true,
    },
  ],
  'webhooks-throttled': ['WebhookIntake', 'WebhookWorker'].map((name) => ({
    cause: 'the account’s limit of concurrent executions is reached',
    metric: `Function${name} Throttles`,
    how: throttled,
  })),
  'tokens-throttled': ['AccessToken', 'RotationSweep', 'TokenRotation', 'TokenRecovery'].map((name) => ({
    cause: 'the account’s limit of concurrent executions is reached',
    metric: `Function${name} Throttles`,
    how: throttled,
  })),
};
