import { GetQueueAttributesCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { WakeUpBody, WakeUps } from '../jobs/wake-ups.ts';

/**
 * Sends wake-ups to the `company-work` queue, which keeps no order and may deliver one twice: the job's lease decides.
 *
 * @returns the queue; it throws what the SDK throws
 */
export function sqsWakeUps({ client, queueUrl }: { readonly client: SQSClient; readonly queueUrl: string }): WakeUps {
  return {
    async send(jobIds) {
      // SQS refuses an empty batch.
      if (jobIds.length === 0) return { refused: 0 };
      const { Failed = [] } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: jobIds.map((jobId, index) => ({
            Id: String(index),
            MessageBody: JSON.stringify({ jobId } satisfies WakeUpBody),
          })),
        }),
      );
      return { refused: Failed.length };
    },

    async waiting() {
      const { Attributes: attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
      );
      return Number(attributes.ApproximateNumberOfMessages ?? 0);
    },
  };
}
