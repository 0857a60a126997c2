import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { MessageInHand, SetAsideQueue } from '../webhook/walk-queue.ts';

/** How long what is in hand stays hidden, in seconds: longer than a slice of a job goes on. */
const inHandSeconds = 120;

/** SQS takes so many in one call. */
const mostInCall = 10;

/** Works a queue of messages that were set aside, for an erasure. What SQS refuses is not in hand any more. */
export function sqsSetAside(queue: { readonly client: SQSClient; readonly queueUrl: string }): SetAsideQueue {
  const { client, queueUrl: QueueUrl } = queue;
  const inTens = async (
    messages: readonly MessageInHand[],
    send: (some: readonly MessageInHand[]) => Promise<unknown>,
  ) => {
    for (let from = 0; from < messages.length; from += mostInCall) await send(messages.slice(from, from + mostInCall));
  };
  const entry = ({ receipt }: MessageInHand, index: number) => ({ Id: String(index), ReceiptHandle: receipt });
  return {
    async receive() {
      const { Messages: messages = [] } = await client.send(
        // Without waiting SQS asks a part of its servers only, and may say that there is nothing.
        new ReceiveMessageCommand({
          ...{ QueueUrl, MaxNumberOfMessages: mostInCall, VisibilityTimeout: inHandSeconds, WaitTimeSeconds: 1 },
        }),
      );
      return messages.map(({ MessageId: messageId = '', ReceiptHandle: receipt = '', Body: body = '' }) => ({
        ...{ messageId, receipt, body },
      }));
    },

    delete: (messages) =>
      inTens(messages, async (some) => {
        const { Failed: failed = [] } = await client.send(
          new DeleteMessageBatchCommand({ QueueUrl, Entries: some.map(entry) }),
        );
        if (failed.length > 0) throw new Error(`SQS did not delete ${failed.length} messages: ${failed[0]?.Code}.`);
      }),

    giveBack: (messages) =>
      inTens(messages, (some) => {
        const Entries = some.map((message, index) => ({ ...entry(message, index), VisibilityTimeout: 0 }));
        return client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
      }),
  };
}
