import { GetQueueAttributesCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { RotationQueue } from '../connection/sweep.ts';
import { sha256 } from '../sha256.ts';

/** The body of a rotation message. */
export interface RotationMessageBody {
  readonly connectionId: string;
  /** The time that the sweep found, epoch seconds. The worker compares it with the stored one. */
  readonly rotateAt: number;
}

/** Makes an id for SQS. A connection id can have characters that SQS does not allow, and is too long with a time. */
function idOf(...parts: (string | number)[]): string {
  return sha256(JSON.stringify(parts));
}

/**
 * Sends due connections to the FIFO rotation queue. The messages of one connection are a group, so they are worked one
 * at a time. The deduplication id is made of connection and `rotateAt`, which every claim, replacement, cool-down and
 * verdict moves. So a connection is not queued twice within 5 minutes, unless it has become due again.
 *
 * @returns the queue; it throws what the SDK throws
 * @see [MessageDeduplicationId](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html)
 */
export function sqsRotationQueue({
  client,
  queueUrl,
}: {
  readonly client: SQSClient;
  readonly queueUrl: string;
}): RotationQueue {
  return {
    async send(connections) {
      if (connections.length === 0) return { refused: 0 };
      const { Failed = [] } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: connections.map(({ connectionId, rotateAt }, index) => ({
            Id: String(index),
            MessageBody: JSON.stringify({ connectionId, rotateAt } satisfies RotationMessageBody),
            MessageGroupId: idOf(connectionId),
            MessageDeduplicationId: idOf(connectionId, rotateAt),
          })),
        }),
      );
      return { refused: Failed.length };
    },

    async waiting() {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({
          QueueUrl: queueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes;
      return Number(ApproximateNumberOfMessages ?? 0) + Number(ApproximateNumberOfMessagesNotVisible ?? 0);
    },
  };
}
