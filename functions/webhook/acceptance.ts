import type { Clock } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { type EventMessage, type EventOrigin, provenance } from './event-message.ts';
import type { Ledger } from './ledger.ts';
import { parseDelivery } from './parse.ts';
import { type Quarantine, type QuarantineMessage, quarantineMessage } from './quarantine.ts';
import type { IsErased } from './tombstones.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** The FIFO queue that feeds `webhook-worker`. */
export interface EventQueue {
  /**
   * Sends a message. A second one with the same deduplication id is dropped for 5 minutes.
   *
   * @returns `refused` when the queue will never take this message
   * @throws on throttling, outage and missing permission; the message may be on the queue all the same
   */
  send(message: EventMessage): Promise<'sent' | 'refused'>;
}

/** What {@link acceptDelivery} needs. */
export interface AcceptanceDependencies {
  readonly environment: ProcoreEnvironmentName;
  readonly queue: EventQueue;
  readonly ledger: Pick<Ledger, 'find' | 'record'>;
  readonly quarantine: Quarantine;
  /** @default none has been erased */
  readonly isErased?: IsErased;
  readonly clock: Clock;
  readonly observer: Observer;
  /** Counts what a hook has delivered, beside the ledger's write; it throws nothing. Absent where Procore delivers nothing. */
  readonly countDelivered?: (event: WebhookEvent) => Promise<void>;
}

/**
 * How a delivery ended. All but `unavailable` are acknowledged. A `discarded` body is one that the quarantine refuses
 * for good: only its hash is logged. An `erased` one is of a company that has been erased: nothing of it is kept.
 */
export type Acceptance = 'accepted' | 'duplicate' | 'erased' | 'quarantined' | 'discarded' | 'unavailable';

/**
 * An event that is younger than this needs no look-up in the ledger. SQS drops a second copy within 5 minutes of the
 * first, and the first copy of such an event is not older than that, even if Procore's clock is 3 minutes ahead.
 */
const youngSeconds = 120;

/**
 * Accepts an authenticated delivery so that no crash can lose it: looks the event up unless it is young, sends it to
 * the queue, then records it.
 *
 * Nothing is recorded before it is sent, so nothing needs to be rolled back. A crash after the send can lead to a
 * second message, if Procore delivers again after the queue's 5 minutes. An event that was acknowledged is always
 * delivered.
 *
 * The adapters bound the time: 600 ms for each call to the ledger, 2 s for the queue or the quarantine. The answer
 * comes after 3.8 s at most when ledger and queue hang in every call, and after 4.8 s when reading the secret again
 * hangs as well. Procore waits 5 s, and a failure pauses every later delivery.
 *
 * @param origin where the delivery came from. Default is Procore itself
 * @returns how it ended; an outage is an answer, not an error
 * @see [Webhooks](https://developers.procore.com/documentation/webhooks)
 */
export async function acceptDelivery(
  body: Uint8Array,
  dependencies: AcceptanceDependencies,
  origin: EventOrigin = 'live',
): Promise<Acceptance> {
  const receivedAt = dependencies.clock();
  const parsed = parseDelivery(body);
  if ('unreadable' in parsed) return quarantineDelivery(body, parsed.unreadable, receivedAt, dependencies);
  const { event } = parsed;
  const [isErased, isDuplicate] = await Promise.all([
    dependencies.isErased?.(event.companyId),
    !isYoung(event, receivedAt) && isKnown(event, dependencies),
  ]);
  if (isErased) {
    dependencies.observer.note('webhook.erased', { eventId: event.id });
    return 'erased';
  }
  if (isDuplicate) return duplicate(event, dependencies);
  let sent: 'sent' | 'refused';
  try {
    sent = await dependencies.queue.send({
      kind: 'webhook_event',
      ...provenance(origin),
      environment: dependencies.environment,
      event,
      receivedAt,
    });
  } catch (error) {
    return unavailable('webhook.queue_unavailable', error, dependencies);
  }
  // After a 503 it would come back for 12 hours, and everything behind it would wait.
  if (sent === 'refused') return quarantineDelivery(body, 'queue_refused', receivedAt, dependencies);
  const [recorded] = await Promise.all([record(event, receivedAt, dependencies), dependencies.countDelivered?.(event)]);
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
    // Acceptance needs only the queue. An event that comes twice is better than one that does not come.
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
    // The event is on the queue. If it were refused now, it would only come again.
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
