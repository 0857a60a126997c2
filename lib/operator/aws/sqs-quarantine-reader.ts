import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { QuarantinedDelivery, QuarantineReader } from '../../../functions/webhook/quarantine.ts';

/** How long what is in hand stays hidden from other operators. */
const inHandSeconds = 60;

/** Shows and empties the quarantine queue. */
export function sqsQuarantineReader({
  client,
  queueUrl,
}: {
  readonly client: SQSClient;
  readonly queueUrl: string;
}): QuarantineReader {
  return {
    async receive() {
      const { Messages: messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: inHandSeconds,
          WaitTimeSeconds: 1,
        }),
      );
      return messages.map(
        ({ ReceiptHandle: receipt = '', Body: body = '{}' }): QuarantinedDelivery => ({
          ...JSON.parse(body),
          receipt,
        }),
      );
    },
    async giveBack(deliveries) {
      for (const { receipt } of deliveries) {
        await client.send(
          new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle: receipt, VisibilityTimeout: 0 }),
        );
      }
    },
    async delete({ receipt }) {
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receipt }));
    },
  };
}
