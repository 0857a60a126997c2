import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { QueueDepth } from '../status/facts.ts';

/**
 * Reads how many messages a queue holds, roughly. What was put off counts as in flight: nobody can receive it now.
 *
 * @see [GetQueueAttributes](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html)
 */
export async function readQueueDepth(client: SQSClient, queueUrl: string): Promise<QueueDepth> {
  const { Attributes: attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    }),
  );
  const number = (text = '0') => Number(text);
  return {
    waiting: number(attributes.ApproximateNumberOfMessages),
    inFlight:
      number(attributes.ApproximateNumberOfMessagesNotVisible) + number(attributes.ApproximateNumberOfMessagesDelayed),
  };
}
