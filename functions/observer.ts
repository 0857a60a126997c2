/** Every metric that the functions emit, in the namespace `ProcoreConnector` with the dimension `environment`. */
export const metricNames = [
  'connectionAuthorized',
  'connectionDisconnected',
  'callbackSucceeded',
  'callbackDenied',
  'callbackExpired',
  'callbackStranger',
  'callbackMisconfigured',
  'callbackProcoreDown',
  'connectPageFailed',
  'rotationClaimed',
  'rotationReplaced',
  'rotationUnknown',
  'rotationReplayed',
  'rotationNotSent',
  'rotationThrottled',
  'rotationEscrowed',
  'rotationRecovered',
  'reauthorizationRequired',
  'clientCredentialsRefused',
  'wrongEnvironment',
  'sweepDue',
  'sweepOverdue',
  'sweepPastExpiry',
  'webhookAccepted',
  'webhookDuplicate',
  'webhookQuarantined',
  'webhookQuarantineRefused',
  'webhookAuthorizationMissing',
  'webhookAuthorizationWrong',
  'webhookRefused',
  'ledgerUnread',
  'ledgerUnwritten',
  'subscriptionInactive',
  'subscriptionRepaired',
  'subscriptionAuditFailed',
  'deliveriesRecovered',
  'deliveriesDiscarded',
  'webhookSilence',
  'eventHandled',
  'eventUnsubscribed',
  'eventFailed',
  'eventDeadLettered',
  'apiCallFailed',
  'apiThrottled',
  'appDisconnected',
  'rateBudgetHourLeftPercent',
  'rateBudgetSpikeLeftPercent',
] as const;

/** The name of a metric. */
export type MetricName = (typeof metricNames)[number];

/**
 * The only fields that a log line may have: none of them can hold a token, a code, a state or a secret.
 * Text fields hold identifiers, literal codes or counts, never what somebody sent.
 */
export const observedFieldNames = [
  'attemptNumber',
  'bytes',
  'cause',
  'code',
  'companyId',
  'connectionId',
  'count',
  'durationMs',
  'errorName',
  'eventId',
  'eventType',
  'generation',
  'grant',
  'method',
  'notBefore',
  'outcome',
  'path',
  'projectId',
  'reason',
  'receiveCount',
  'referenceId',
  'resourceId',
  'resourceName',
  'rotateAt',
  'sha256',
  'stack',
  'status',
] as const;

/** Fields of one log line. */
export type ObservedFields = { readonly [Field in (typeof observedFieldNames)[number]]?: string | number | undefined };

/** What use cases tell about themselves: log lines by literal event name, and metrics. */
export interface Observer {
  /** Writes one structured log line, e.g. `note('rotation.claimed', { connectionId, generation })`. */
  note(event: string, fields?: ObservedFields): void;
  /** Adds to a metric of this invocation; by 1 unless told. */
  count(metric: MetricName, amount?: number): void;
}

/** Tells nobody: for the command line and for the integrator's own functions, whose callers see results and errors. */
export const silentObserver: Observer = { note() {}, count() {} };
