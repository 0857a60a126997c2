import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Escrow } from '../connection/escrow.ts';

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
