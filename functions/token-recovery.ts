import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { type EscrowMessage, recoverBatch } from './connection/escrow-messages.ts';
import { observed, observer } from './middleware.ts';
import { connectionDependencies } from './wiring.ts';

/**
 * Works the escrow queue: stores the token sets that DynamoDB refused before.
 *
 * Answers with the messages that stay in escrow, because DynamoDB (or, for a set to be revoked, Procore's secret) still
 * refuses. No message is set aside: each is tried for 14 days.
 */
export async function answerRecoveries(
  { Records: records }: SQSEvent,
  recover: (messages: readonly EscrowMessage[]) => Promise<readonly string[]>,
): Promise<SQSBatchResponse> {
  const unhandled = await recover(
    records.map(({ messageId, body, attributes }) => ({
      messageId,
      body,
      sentAt: Number(attributes.SentTimestamp) / 1000,
    })),
  );
  return { batchItemFailures: unhandled.map((itemIdentifier) => ({ itemIdentifier })) };
}

const dependencies = connectionDependencies(observer);

export const handler = observed((event: SQSEvent, context: Context) =>
  answerRecoveries(event, (messages) =>
    recoverBatch({ ...dependencies, remaining: () => context.getRemainingTimeInMillis() }, messages),
  ),
);
