import type { Clock } from '../../functions/clock.ts';
import type { ConnectionChanges } from '../../functions/connection/connection-change.ts';
import { sha256 } from '../../functions/sha256.ts';
import type { EventQueue } from '../../functions/webhook/acceptance.ts';
import {
  deduplicationId,
  type EventMessage,
  filterAttributes,
  groupId,
  messageVersion,
  queueJson,
  readEventMessage,
} from '../../functions/webhook/event-message.ts';
import { type EventWorkQueue, eventQueueLimits } from '../../functions/webhook/work-queue.ts';
import type { DeadLetterQueue } from '../../lib/operator/dead-letters.ts';
import { memoryPort, type PortFaults } from './port.ts';
import { type MemorySqs, memorySqs, type QueuedMessage } from './sqs.ts';

/** The sending side of the event queue in this process, with SQS's deduplication by a clock that a test can move. */
export function memoryEventQueue(
  clock: Clock,
  faults?: PortFaults,
  queue: MemorySqs = memorySqs(clock),
): EventQueue & ConnectionChanges & { readonly messages: readonly QueuedMessage[] } {
  const send = (message: EventMessage) =>
    queue.send({
      body: queueJson(message),
      groupId: groupId(message),
      deduplicationId: deduplicationId(message),
      attributes: filterAttributes(message),
    });
  const port: EventQueue & ConnectionChanges = {
    send: async (message) => send(message),
    async announce(change) {
      if (
        send({ kind: 'connection_change', version: messageVersion, environment: change.environment, change }) ===
        'refused'
      ) {
        throw new Error(`The queue refused the change of "${change.connectionId}".`);
      }
    },
  };
  return Object.assign(memoryPort('event queue', port, faults), { messages: queue.messages });
}

/** The worker's hold on the messages of one queue, with its dead-letter queue. */
export function memoryEventWorkQueue(events: MemorySqs, dead: MemorySqs, faults?: PortFaults): EventWorkQueue {
  const port: EventWorkQueue = {
    async postpone(messages, seconds) {
      const failed = messages.filter(({ receipt }) => !events.changeVisibility(receipt, seconds));
      if (failed.length > 0) throw new Error(`SQS did not change the visibility of ${failed.length} messages.`);
    },
    async deadLetter(message, reason, { detail, lastTry } = {}) {
      const content = readEventMessage(message.body);
      const shown = detail?.slice(0, 256).replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, ' ');
      const note = { ...(shown && { detail: shown }), ...(lastTry && { lastTry: queueJson(lastTry) }) };
      const sent = dead.send({
        body: message.body,
        groupId: message.groupId,
        deduplicationId: sha256(message.messageId),
        attributes: { ...(content && filterAttributes(content)), reason, ...note },
      });
      if (sent === 'refused') throw new Error('The dead-letter queue refused the message.');
    },
    async delete(messages) {
      for (const { receipt } of messages) events.delete(receipt);
    },
    receive: async (most) => events.receive(eventQueueLimits.visibilitySeconds, most),
  };
  return memoryPort('event work queue', port, faults);
}

/** How long what is in an operator's hand stays hidden, in seconds. */
const inHandSeconds = 60;

/** The dead-letter queue of an event queue, as an operator works it. */
export function memoryDeadLetters(dead: MemorySqs, events: MemorySqs, faults?: PortFaults): DeadLetterQueue {
  const port: DeadLetterQueue = {
    count: async () => dead.messages.length,
    receive: async () =>
      dead.receive(inHandSeconds).map(({ messageId, receipt, body, groupId, attributes, sentAt }) => ({
        messageId,
        receipt,
        body,
        groupId,
        reason: attributes.reason ?? 'received_too_often',
        sentAt,
        ...(attributes.detail !== undefined && { detail: attributes.detail }),
      })),
    async giveBack(letters) {
      for (const { receipt } of letters) dead.changeVisibility(receipt, 0);
    },
    async redrive({ body, groupId, messageId }) {
      const content = readEventMessage(body);
      const deduplicationId = sha256(`redrive ${messageId}`);
      events.send({ body, groupId, deduplicationId, ...(content && { attributes: filterAttributes(content) }) });
    },
    async delete({ receipt }) {
      dead.delete(receipt);
    },
  };
  return memoryPort('dead-letter queue', port, faults);
}
