import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Escrow } from '../connection/escrow.ts';

/**
 * Puts token sets on the escrow queue, the only queue that carries tokens: encrypted by SQS's own key, so that a fault
 * of ours does not take table and escrow together, over TLS only, and readable by `token-recovery` alone.
 */
export function sqsEscrow({ client, queueUrl }: { readonly client: SQSClient; readonly queueUrl: string }): Escrow {
  return {
    async deposit(escrowed) {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(escrowed) }));
    },
  };
}
