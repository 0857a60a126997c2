import { randomUUID } from 'node:crypto';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { ConnectionChanges } from '../connection/connection-change.ts';
import { sha256 } from '../sha256.ts';
import type { EventQueue } from '../webhook/acceptance.ts';
import {
  deduplicationId,
  type EventMessage,
  filterAttributes,
  groupId,
  messageVersion,
  queueJson,
  readEventMessage,
} from '../webhook/event-message.ts';
import {
  type DeadLetterNote,
  type EventWorkQueue,
  type ReceivedMessage,
  receivedMessage,
} from '../webhook/work-queue.ts';
import { withinMs } from './deadline.ts';
import { isMessageRefused } from './sqs-refusal.ts';

/** How long each of two tries may take, in milliseconds: intake has to answer Procore within 5 s. */
const tryMs = 1000;

/** Writes texts as message attributes of SQS. @returns attributes by name */
export function textAttributes(texts: Readonly<Record<string, string>>): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, { DataType: 'String', StringValue: text }]),
  );
}

function isTimeOut(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

/**
 * Sends accepted events and changes of connections to the FIFO queue of events.
 *
 * @returns the sending side of the queue; a call ends after 2 s at the latest
 */
export function sqsEventQueue({
  client,
  queueUrl,
}: {
  readonly client: SQSClient;
  readonly queueUrl: string;
}): EventQueue & ConnectionChanges {
  async function send(message: EventMessage): Promise<'sent' | 'refused'> {
    const input: SendMessageCommandInput = {
      QueueUrl: queueUrl,
      MessageBody: queueJson(message),
      MessageGroupId: groupId(message),
      MessageDeduplicationId: deduplicationId(message),
      MessageAttributes: textAttributes(filterAttributes(message)),
    };
    const once = () => withinMs(tryMs, (abortSignal) => client.send(new SendMessageCommand(input), { abortSignal }));
    try {
      await once().catch((error: unknown) => {
        // The deduplication id makes a second try harmless when the first one arrived after all.
        if (isTimeOut(error)) return once();
        throw error;
      });
      return 'sent';
    } catch (error) {
      if (isMessageRefused(error)) return 'refused';
      throw error;
    }
  }

  return {
    send,
    async announce(change) {
      const { environment } = change;
      const answer = await send({ kind: 'connection_change', version: messageVersion, environment, change });
      if (answer === 'refused') {
        throw new Error(`The event queue refused the change of connection "${change.connectionId}" as invalid.`);
      }
    },
  };
}

/**
 * Tells about how many messages wait in the queue of events.
 *
 * @returns a function that throws what the SDK throws
 */
export function sqsWaitingEvents({
  client,
  queueUrl,
}: {
  readonly client: SQSClient;
  readonly queueUrl: string;
}): () => Promise<number> {
  return async () => {
    const { Attributes: attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    return Number(attributes.ApproximateNumberOfMessages ?? 0);
  };
}

/**
 * Lets the worker put off the messages that it received, or send them to the dead-letter queue.
 *
 * @returns the working side of the event queue and its dead-letter queue
 */
export function sqsEventWorkQueue({
  client,
  queueUrl,
  deadLetterQueueUrl,
}: {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}): EventWorkQueue {
  return {
    async postpone(messages, seconds) {
      const { Failed: failed = [] } = await client.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: queueUrl,
          // At most ten, as many as the worker's batches have.
          Entries: messages.map(({ receipt }, index) => ({
            Id: String(index),
            ReceiptHandle: receipt,
            VisibilityTimeout: seconds,
          })),
        }),
      );
      if (failed.length > 0) {
        throw new Error(`SQS did not change the visibility of ${failed.length} messages: ${failed[0]?.Code}.`);
      }
    },

    async deadLetter(message, reason, note) {
      const content = readEventMessage(message.body);
      await client.send(
        new SendMessageCommand({
          QueueUrl: deadLetterQueueUrl,
          MessageBody: message.body,
          MessageGroupId: message.groupId,
          // Made of the message, not of its event: after a redrive the same event may come here again within 5 minutes.
          MessageDeduplicationId: sha256(message.messageId),
          MessageAttributes: textAttributes({
            ...(content && filterAttributes(content)),
            reason,
            ...noteAttributes(note),
          }),
        }),
      );
    },

    receive: (most) => receiveMessages(client, queueUrl, most),

    async delete(messages) {
      const { Failed: failed = [] } = await client.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: messages.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt })),
        }),
      );
      if (failed.length > 0) throw new Error(`SQS did not delete ${failed.length} messages: ${failed[0]?.Code}.`);
    },
  };
}

async function receiveMessages(client: SQSClient, queueUrl: string, most: number): Promise<readonly ReceivedMessage[]> {
  const { Messages: messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: most,
      WaitTimeSeconds: 1,
      // The SDK repeats a call whose answer did not come. Without an id the messages of the lost answer, and their groups,
      // would be out of reach until their visibility time-out ends. A throttled call cannot be repeated with it.
      // @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-receiverequestattemptid-request-parameter.html
      ReceiveRequestAttemptId: randomUUID(),
      MessageSystemAttributeNames: ['All'],
    }),
  );
  return messages.map(({ MessageId, ReceiptHandle, Body, Attributes }) =>
    receivedMessage({
      messageId: MessageId ?? '',
      receiptHandle: ReceiptHandle ?? '',
      body: Body ?? '',
      attributes: Attributes ?? {},
    }),
  );
}

/**
 * Writes what goes along with a dead letter as texts that SQS takes.
 *
 * @returns attributes by name: `detail`, at most 256 characters, and `lastTry`, JSON of a `Try`
 */
export function noteAttributes({ detail, lastTry }: DeadLetterNote = {}): Readonly<Record<string, string>> {
  return {
    ...(detail && { detail: attributeText(detail) }),
    ...(lastTry && { lastTry: queueJson(lastTry) }),
  };
}

/** SQS refuses control characters, halves of surrogate pairs, and U+FFFE and U+FFFF. */
function attributeText(text: string): string {
  return text.slice(0, 256).replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, ' ');
}
