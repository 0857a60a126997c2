import type { ConnectionChange } from '../connection/connection-change.ts';
import { isProcoreEnvironmentName, type ProcoreEnvironmentName } from '../procore/environment.ts';
import type { BudgetClass } from '../procore/rate-room.ts';
import { sha256 } from '../sha256.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** The format of the messages that this version writes. It reads those without one, too, which are older. */
export const messageVersion = 1;

/** Where an event came from: Procore's own delivery, one that the audit fetched, or what we found or sent again. */
export type EventOrigin = 'live' | 'recovered' | 'reconciled' | 'backfilled' | 'replayed';

const budgetClasses: Readonly<Record<EventOrigin, BudgetClass>> = {
  live: 'foreground',
  replayed: 'foreground',
  recovered: 'background',
  reconciled: 'background',
  backfilled: 'background',
};

/**
 * Gives the fields that say where an event came from, for a new message.
 *
 * @returns version, origin and budget class
 */
export function provenance(origin: EventOrigin): Required<Pick<WebhookEventMessage, 'version' | 'origin' | 'class'>> {
  return { version: messageVersion, origin, class: budgetClasses[origin] };
}

/**
 * Tells where an event came from.
 *
 * @returns `live` also for a message that does not say so: those of older versions are, and a word of a later version
 * must not make an event wait
 */
export function originOf({ origin }: Pick<WebhookEventMessage, 'origin'>): EventOrigin {
  return origin !== undefined && Object.hasOwn(budgetClasses, origin) ? origin : 'live';
}

/** Tells what budget an event's calls use. @returns what the message says, else what its origin means */
export function budgetClassOf(message: Pick<WebhookEventMessage, 'origin' | 'class'>): BudgetClass {
  const { class: said } = message;
  return said === 'foreground' || said === 'background' ? said : budgetClasses[originOf(message)];
}

/** A webhook event on its way to `onEvent`. */
export interface WebhookEventMessage {
  readonly kind: 'webhook_event';
  /** The format of the message; absent in those of the first format. */
  readonly version?: number;
  readonly origin?: EventOrigin;
  readonly class?: BudgetClass;
  readonly environment: ProcoreEnvironmentName;
  readonly event: WebhookEvent;
  /** When intake took it, epoch seconds. */
  readonly receivedAt: number;
  /** Set when an operator sends the event again, and new each time: SQS would drop a copy of the first message. */
  readonly replayId?: string;
}

/** A connection's change on its way to `onConnectionChange`. */
export interface ConnectionChangeMessage {
  readonly kind: 'connection_change';
  /** The format of the message; absent in those of the first format. */
  readonly version?: number;
  readonly environment: ProcoreEnvironmentName;
  readonly change: ConnectionChange;
}

/**
 * A message of the event queue. Its JSON is the contract with a consumer that replaces the worker (`"worker": false`).
 */
export type EventMessage = WebhookEventMessage | ConnectionChangeMessage;

/** What a message is about: an event or a change of a connection. The ledger keeps both. */
export type Subject = Pick<WebhookEventMessage, 'kind' | 'event'> | Pick<ConnectionChangeMessage, 'kind' | 'change'>;

/**
 * Names what a message is about, the same for each of its messages.
 *
 * @returns the event's id; for a change of a connection, a digest of connection, change and generation
 */
export function subjectId(subject: Subject): string {
  if (subject.kind === 'webhook_event') return subject.event.id;
  const { connectionId, change, generation } = subject.change;
  return sha256(JSON.stringify([connectionId, change, generation]));
}

/** Whom a message is for, as far as failures of one say something about another. */
export interface WorkKey {
  /** The company of an event, the connection of a change: none of them may take the worker for itself. */
  readonly company: string;
  /** Company and resource name, or the connection, as 64 characters. */
  readonly key: string;
}

/** Tells whose failures and successes a message belongs to. */
export function workKey(subject: Subject): WorkKey {
  const [kind, company, what] =
    subject.kind === 'webhook_event'
      ? ['company', subject.event.companyId, subject.event.resourceName]
      : ['connection', subject.change.connectionId, 'changes'];
  return { company: JSON.stringify([kind, company]), key: sha256(JSON.stringify([kind, company, what])) };
}

/**
 * Names the resource that an event is about, as 64 characters that SQS allows as a group id (no spaces, at most 128).
 *
 * @returns the sha-256 of company, project, resource and id
 */
export function resourceKey(event: WebhookEvent): string {
  return sha256(JSON.stringify([event.companyId, event.projectId, event.resourceName, event.resourceId]));
}

/**
 * Gives the FIFO group: one resource's events, and one connection's changes, stay in order.
 *
 * @returns a MessageGroupId
 */
export function groupId(message: EventMessage): string {
  return message.kind === 'webhook_event' ? resourceKey(message.event) : sha256(message.change.connectionId);
}

/**
 * Gives the id by which SQS drops a second copy within 5 minutes.
 *
 * @returns a MessageDeduplicationId
 */
export function deduplicationId(message: EventMessage): string {
  if (message.kind === 'webhook_event') {
    const { event, replayId } = message;
    return sha256(replayId === undefined ? event.id : JSON.stringify([event.id, replayId]));
  }
  return subjectId(message);
}

/**
 * Gives the message attributes that a consumer can filter by. They are never empty: SQS refuses empty ones.
 *
 * @returns attribute names and their text values
 */
export function filterAttributes(message: EventMessage): Readonly<Record<string, string>> {
  if (message.kind === 'connection_change') return { kind: message.kind, change: message.change.change };
  const { eventType, resourceName, companyId } = message.event;
  return { kind: message.kind, eventType, resourceName, companyId };
}

/**
 * Writes JSON that SQS accepts. `JSON.stringify` escapes control characters and lone surrogates. This function also
 * escapes U+FFFE and U+FFFF, which SQS refuses, and characters beyond U+FFFF, about which the reference of SQS and its
 * error text disagree.
 *
 * @returns JSON text
 * @see [SendMessage](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html)
 */
export function queueJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\uD800-\uDFFF\uFFFE\uFFFF]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16)}`,
  );
}

/**
 * Reads a message body of the event queue.
 *
 * @returns the message, or undefined when we did not write the body
 */
export function readEventMessage(body: string): EventMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, environment, event, change } = value as Partial<Record<string, unknown>>;
  if (typeof environment !== 'string' || !isProcoreEnvironmentName(environment)) return undefined;
  const named = (inner: unknown, name: string) =>
    typeof inner === 'object' && inner !== null && typeof (inner as Record<string, unknown>)[name] === 'string';
  // Only intake and our own functions may send to the queue, so the outline is checked and the rest is trusted.
  if (kind === 'webhook_event' && named(event, 'id') && named(event, 'resourceId')) return value as WebhookEventMessage;
  if (kind === 'connection_change' && named(change, 'connectionId')) return value as ConnectionChangeMessage;
  return undefined;
}
