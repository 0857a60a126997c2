import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Escrow } from '../connection/escrow.ts';
import type { WaitingEscrow } from '../connection/escrow-messages.ts';

/**
 * Puts token sets on the escrow queue, the only queue that carries tokens. It is encrypted with SQS's own key, so that
 * one fault of ours does not take both table and escrow. It takes TLS only, and only `token-recovery` can read it.
 *
 * @returns the escrow; it throws what the SDK throws
 */
export function sqsEscrow({ client, queueUrl }: { readonly client: SQSClient; readonly queueUrl: string }): Escrow {
  return {
    async deposit(escrowed) {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(escrowed) }));
    },
  };
}

/**
 * Reads the escrow queue, for a `token-recovery` that no event source feeds. Messages that it does not remove come again
 * after the queue's visibility time-out.
 *
 * @returns what lies in escrow; it throws what the SDK throws
 */
export function sqsWaitingEscrow({
  client,
  queueUrl: QueueUrl,
}: {
  readonly client: SQSClient;
  readonly queueUrl: string;
}): WaitingEscrow {
  return {
    async receive() {
      // A second makes it ask all of the queue's servers, so that nothing waits unseen.
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ['SentTimestamp'],
        }),
      );
      return Messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', Attributes }) => {
        const sentAt = Number(Attributes?.SentTimestamp) / 1000;
        return { messageId: MessageId, receipt: ReceiptHandle, body: Body, sentAt };
      });
    },
    async remove(messages) {
      if (messages.length === 0) return;
      const Entries = messages.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }));
      // One that stays is landed again, which changes nothing.
      await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    },
  };
}
