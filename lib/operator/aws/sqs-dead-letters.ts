import { GetQueueAttributesCommand, type Message, SendMessageCommand } from '@aws-sdk/client-sqs';
import { textAttributes } from '../../../functions/aws/sqs-event-queue.ts';
import { sha256 } from '../../../functions/sha256.ts';
import { filterAttributes, readEventMessage } from '../../../functions/webhook/event-message.ts';
import type { DeadLetter, DeadLetterQueue } from '../dead-letters.ts';
import { deleteMessage, giveBack, type SetAsideQueue, takeInHand } from './messages-in-hand.ts';

/**
 * Works the dead-letter queue of events by what SQS has for all its queues: receive, send and delete. AWS's own redrive
 * does not renew deduplication ids, and nothing local has it.
 */
export function sqsDeadLetters({
  eventQueueUrl,
  ...queue
}: SetAsideQueue & { readonly eventQueueUrl: string }): DeadLetterQueue {
  const { client, queueUrl } = queue;
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
      return (await takeInHand(queue)).map(toDeadLetter);
    },

    giveBack: (letters) => giveBack(queue, letters),

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

    delete: (letter) => deleteMessage(queue, letter),
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
