import type { ConnectionChange } from '../connection/connection-change.ts';
import { isProcoreEnvironmentName, type ProcoreEnvironmentName } from '../procore/environment.ts';
import { sha256 } from '../sha256.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** A webhook event on its way to `onEvent`. */
export interface WebhookEventMessage {
  readonly kind: 'webhook_event';
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
  readonly environment: ProcoreEnvironmentName;
  readonly change: ConnectionChange;
}

/**
 * A message of the event queue. Its JSON is the contract with a consumer that replaces the worker (`"worker": false`).
 */
export type EventMessage = WebhookEventMessage | ConnectionChangeMessage;

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
  const { connectionId, change, generation } = message.change;
  return sha256(JSON.stringify([connectionId, change, generation]));
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
