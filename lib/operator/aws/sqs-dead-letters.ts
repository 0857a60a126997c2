import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { textAttributes } from '../../../functions/aws/sqs-event-queue.ts';
import { sha256 } from '../../../functions/sha256.ts';
import { filterAttributes, readEventMessage } from '../../../functions/webhook/event-message.ts';
import type { DeadLetter, DeadLetterQueue } from '../dead-letters.ts';

/** How long what is in hand stays hidden: long enough for a long list, short enough when an operator walks away. */
const inHandSeconds = 60;

/**
 * Works the dead-letter queue of events by what SQS has for all its queues: receive, send and delete. AWS's own redrive
 * does not renew deduplication ids, and nothing local has it.
 */
export function sqsDeadLetters({
  client,
  queueUrl,
  eventQueueUrl,
}: {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly eventQueueUrl: string;
}): DeadLetterQueue {
  return {
    async count() {
      const { Attributes: attributes = {} } = await client.send(
        new GetQueueAttributesCommand({
          QueueUrl: queueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      return Object.values(attributes).reduce((sum, number) => sum + Number(number), 0);
    },

    async receive() {
      const { Messages: messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: inHandSeconds,
          // Without waiting SQS asks a part of its servers only, and may say that there is nothing.
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ['MessageGroupId', 'SentTimestamp'],
          MessageAttributeNames: ['All'],
        }),
      );
      return messages.map(toDeadLetter);
    },

    async giveBack(letters) {
      for (const { receipt } of letters) {
        await client.send(
          new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle: receipt, VisibilityTimeout: 0 }),
        );
      }
    },

    async redrive({ body, groupId, messageId }) {
      const content = readEventMessage(body);
      await client.send(
        new SendMessageCommand({
          QueueUrl: eventQueueUrl,
          MessageBody: body,
          MessageGroupId: groupId,
          MessageDeduplicationId: sha256(`redrive ${messageId}`),
          ...(content && { MessageAttributes: textAttributes(filterAttributes(content)) }),
        }),
      );
    },

    async delete({ receipt }) {
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receipt }));
    },
  };
}

function toDeadLetter(message: Message): DeadLetter {
  const { MessageId: messageId = '', ReceiptHandle: receipt = '', Body: body = '' } = message;
  const attribute = (name: string) => message.MessageAttributes?.[name]?.StringValue;
  const detail = attribute('detail');
  return {
    messageId,
    receipt,
    body,
    groupId: message.Attributes?.MessageGroupId ?? '',
    reason: attribute('reason') ?? 'received_too_often',
    sentAt: Number(message.Attributes?.SentTimestamp ?? 0) / 1000,
    ...(detail !== undefined && { detail }),
  };
}
