import { type RedactedJson, redactFields, redactText } from './redact.ts';
import { sha256 } from './sha256.ts';

/**
 * Every metric that use cases count, in the namespace `ProcoreConnector` with the dimensions `stack` and `environment`.
 */
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
  'escrowAgeSeconds',
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
  'webhookAuthorizationRetired',
  'webhookSecretUnusable',
  'webhookRefused',
  'ledgerUnread',
  'ledgerUnwritten',
  'subscriptionInactive',
  'subscriptionRepaired',
  'auditJobsFailed',
  'auditOldestLookHours',
  'vanishedHeldBack',
  'deliveriesRecovered',
  'deliveriesDiscarded',
  'webhookSilence',
  'eventHandled',
  'eventUnsubscribed',
  'eventFailed',
  'eventFailingLong',
  'eventDeadLettered',
  'apiCallFailed',
  'apiThrottled',
  'appDisconnected',
  'rateBudgetLongLeftPercent',
  'rateBudgetShortLeftPercent',
] as const;

/** The name of a metric. */
export type MetricName = (typeof metricNames)[number];

/**
 * What is counted for each webhook that goes well. SQS counts the same of the event queue, at no charge: messages sent
 * and deleted. Published by us, each would be a line of 300 bytes a webhook, a twentieth of what a webhook costs.
 */
const toldByAws: readonly MetricName[] = ['webhookAccepted', 'eventHandled'];

/** Tells whether a metric is not published, since one of AWS's own metrics says the same. */
export function isToldByAws(metric: MetricName): boolean {
  return toldByAws.includes(metric);
}

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

type ObservedFieldName = (typeof observedFieldNames)[number];

/** Fields of one log line. */
export type ObservedFields = { readonly [Field in ObservedFieldName]?: string | number | undefined } & {
  /** What the integrator's code logs; see `webhook/own-log.ts`. */
  readonly fields?: RedactedJson | undefined;
};

/** Digits, a ULID or a UUID, which are Procore's ids; or an id that we made of a digest. None of them says anything. */
const plainId =
  /^(\d{1,40}|[0-7][0-9A-HJKMNP-TV-Z]{25}|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|reconciled-[\da-f]{64})$/i;

/**
 * What fields that come from a webhook's body look like. A sender who has the header can send any text in them, and Procore
 * may change its ids, so another form is no reason to refuse an event. But no such text may reach the log.
 */
const plainForms: Readonly<Partial<Record<ObservedFieldName, RegExp>>> = {
  companyId: plainId,
  eventId: plainId,
  eventType: /^[a-z]{1,20}(_[a-z]{1,20}){0,2}$/,
  projectId: plainId,
  resourceId: plainId,
  // Up to eight words with the punctuation of a title, e.g. "Purchase Order Contract Line Items".
  resourceName: /^[A-Za-z&/()',-]{1,20}( [A-Za-z&/()',-]{1,20}){0,7}$/,
};

/** As much of a sentence or a stack is written, in characters. */
const longestSentence = 4000;

/** These hold sentences, or names, which others may have written in part. */
const sentences: ReadonlySet<ObservedFieldName> = new Set(['errorName', 'reason', 'stack']);

/**
 * Gives what is written of the fields of a log line: the named ones that hold a text or a number. A text of a webhook's
 * body that has not its plain form is replaced by its digest, so that lines about the same thing still belong together.
 * Sentences are redacted, and so is what the integrator's code logs, below `fields`.
 *
 * @param fields may hold anything
 */
export function loggedFields(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, RedactedJson>> {
  const written: Record<string, RedactedJson> = {};
  for (const name of observedFieldNames) {
    const value = fields[name];
    if (typeof value === 'string') written[name] = plainText(name, value);
    if (typeof value === 'number') written[name] = value;
  }
  if (typeof fields.fields === 'object' && fields.fields !== null) written.fields = redactFields(fields.fields);
  return written;
}

function plainText(name: ObservedFieldName, value: string): string {
  if (sentences.has(name)) return redactText(value, longestSentence);
  return plainForms[name]?.test(value) === false ? digest(value) : value;
}

/** @returns e.g. `sha256:9f86d081884c7d659a2feaa0c55ad015` */
function digest(text: string): string {
  return `sha256:${sha256(text).slice(0, 32)}`;
}

/** What use cases tell about themselves: log lines by literal event name, and metrics. */
export interface Observer {
  /** Writes one structured log line, e.g. `note('rotation.claimed', { connectionId, generation })`. */
  note(event: string, fields?: ObservedFields): void;
  /** Adds to a metric of this invocation; by 1 unless told. */
  count(metric: MetricName, amount?: number): void;
}

/** Tells nobody: for the command line and for the integrator's own functions, whose callers see results and errors. */
export const silentObserver: Observer = { note() {}, count() {} };
