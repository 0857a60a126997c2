import type { Clock } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { EventMessage } from './event-message.ts';
import type { Ledger } from './ledger.ts';
import { parseDelivery } from './parse.ts';
import { type Quarantine, type QuarantineMessage, quarantineMessage } from './quarantine.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** The FIFO queue that feeds `webhook-worker`. */
export interface EventQueue {
  /**
   * Sends a message; a second one with the same deduplication id is dropped for 5 minutes. Throws on throttling,
   * outage and missing permission, after which the message may or may not be on the queue.
   *
   * @returns `refused` when the queue will never take this message
   */
  send(message: EventMessage): Promise<'sent' | 'refused'>;
}

/** What acceptance needs. */
export interface AcceptanceDependencies {
  readonly environment: ProcoreEnvironmentName;
  readonly queue: EventQueue;
  readonly ledger: Pick<Ledger, 'find' | 'record'>;
  readonly quarantine: Quarantine;
  readonly clock: Clock;
  readonly observer: Observer;
}

/**
 * How a delivery ended. All but `unavailable` are acknowledged; `discarded` is a body that quarantine itself refuses
 * for good, of which the hash is logged.
 */
export type Acceptance = 'accepted' | 'duplicate' | 'quarantined' | 'discarded' | 'unavailable';

/**
 * SQS drops a second copy within 5 minutes of the first. An event younger than 2 minutes was sent, if at all, within
 * the 5 minutes, even when Procore's clock leads ours by 3: no look-up needed.
 */
const youngSeconds = 120;

/**
 * Accepts an authenticated delivery so that no crash can lose it: look up what is not young, send, then record.
 *
 * Nothing is marked before it is sent, so there is nothing to roll back: dying after the send means at most a second
 * sending, if the redelivery comes after the queue's 5 minutes. Acknowledged and never delivered does not happen.
 *
 * Time: with the bounds of the adapters (600 ms for each call to the ledger, 2 s for the queue or the quarantine) the
 * answer comes after at most 3.8 s, when ledger and queue hang in every call, and 4.8 s when the secret's re-reading
 * hangs, too; Procore waits 5 s.
 *
 * @returns how it ended; throws nothing expected
 * @see https://developers.procore.com/documentation/webhooks (a failure pauses every later delivery)
 */
export async function acceptDelivery(body: Uint8Array, dependencies: AcceptanceDependencies): Promise<Acceptance> {
  const receivedAt = dependencies.clock();
  const parsed = parseDelivery(body);
  if ('unreadable' in parsed) return quarantineDelivery(body, parsed.unreadable, receivedAt, dependencies);
  const { event } = parsed;
  if (!isYoung(event, receivedAt) && (await isKnown(event, dependencies))) {
    return duplicate(event, dependencies);
  }
  let sent: 'sent' | 'refused';
  try {
    sent = await dependencies.queue.send({
      kind: 'webhook_event',
      environment: dependencies.environment,
      event,
      receivedAt,
    });
  } catch (error) {
    return unavailable('webhook.queue_unavailable', error, dependencies);
  }
  // Answered with 503 it would come back for 12 hours and hold up everything behind it.
  if (sent === 'refused') return quarantineDelivery(body, 'queue_refused', receivedAt, dependencies);
  const recorded = await record(event, receivedAt, dependencies);
  if (recorded === 'known') return duplicate(event, dependencies);
  dependencies.observer.count('webhookAccepted');
  return 'accepted';
}

function duplicate(event: WebhookEvent, { observer }: AcceptanceDependencies): Acceptance {
  observer.count('webhookDuplicate');
  observer.note('webhook.duplicate', { eventId: event.id });
  return 'duplicate';
}

function isYoung({ occurredAt }: WebhookEvent, now: number): boolean {
  return occurredAt !== null && now - occurredAt >= 0 && now - occurredAt <= youngSeconds;
}

async function isKnown(event: WebhookEvent, { ledger, observer }: AcceptanceDependencies): Promise<boolean> {
  try {
    return (await ledger.find(event.id)) !== undefined;
  } catch (error) {
    // Accepting needs the queue alone: better a second time than not at all.
    observer.count('ledgerUnread');
    observer.note('webhook.ledger_unread', { eventId: event.id, errorName: errorName(error) });
    return false;
  }
}

async function record(
  event: WebhookEvent,
  receivedAt: number,
  { ledger, observer }: AcceptanceDependencies,
): Promise<'recorded' | 'known' | 'unwritten'> {
  const once = () => ledger.record(event, receivedAt);
  try {
    return await once().catch(once);
  } catch (error) {
    // The event is on the queue; refusing it now would only bring it again.
    observer.count('ledgerUnwritten');
    observer.note('webhook.ledger_unwritten', { eventId: event.id, errorName: errorName(error) });
    return 'unwritten';
  }
}

async function quarantineDelivery(
  body: Uint8Array,
  reason: QuarantineMessage['reason'],
  receivedAt: number,
  dependencies: AcceptanceDependencies,
): Promise<Acceptance> {
  const { quarantine, observer } = dependencies;
  const message = quarantineMessage(body, reason, receivedAt);
  const { bytes, sha256 } = message;
  try {
    if ((await quarantine.keep(message)) === 'kept') {
      observer.count('webhookQuarantined');
      observer.note('webhook.quarantined', { reason, bytes, sha256 });
      return 'quarantined';
    }
  } catch (error) {
    return unavailable('webhook.quarantine_unavailable', error, dependencies);
  }
  observer.count('webhookQuarantineRefused');
  observer.note('webhook.quarantine_refused', { reason, bytes, sha256 });
  return 'discarded';
}

function unavailable(note: string, error: unknown, { observer }: AcceptanceDependencies): Acceptance {
  observer.count('webhookRefused');
  observer.note(note, { errorName: errorName(error) });
  return 'unavailable';
}
