import type { Clock } from '../../functions/clock.ts';
import type { ConnectionChanges } from '../../functions/connection/connection-change.ts';
import type { EventQueue } from '../../functions/webhook/acceptance.ts';
import {
  deduplicationId,
  type EventMessage,
  filterAttributes,
  groupId,
  queueJson,
} from '../../functions/webhook/event-message.ts';

/** A message as it lies on the queue. */
export interface QueuedMessage {
  readonly body: string;
  readonly groupId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** SQS remembers a deduplication id for 5 minutes from the sending, whatever becomes of the message. */
const deduplicationSeconds = 300;

/** The sending side of the event queue in this process, with SQS's deduplication by a clock that a test can move. */
export function memoryEventQueue(
  clock: Clock,
): EventQueue & ConnectionChanges & { readonly messages: readonly QueuedMessage[] } {
  const messages: QueuedMessage[] = [];
  const sentAt = new Map<string, number>();

  async function send(message: EventMessage): Promise<'sent' | 'refused'> {
    const body = queueJson(message);
    if (Buffer.byteLength(body) > 1024 * 1024) return 'refused';
    const group = groupId(message);
    // As the stack sets the queue up: deduplication within the group.
    const key = `${group} ${deduplicationId(message)}`;
    if (clock() - (sentAt.get(key) ?? Number.NEGATIVE_INFINITY) >= deduplicationSeconds) {
      sentAt.set(key, clock());
      messages.push({ body, groupId: group, attributes: filterAttributes(message) });
    }
    return 'sent';
  }

  return {
    messages,
    send,
    async announce(change) {
      await send({ kind: 'connection_change', environment: change.environment, change });
    },
  };
}
