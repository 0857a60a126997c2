import type { Context, ScheduledEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { type EscrowMessage, recoverBatch, recoverWaiting } from './connection/escrow-messages.ts';
import { observed, observer } from './middleware.ts';
import { recoveryDependencies } from './wiring.ts';

/** What can be done about the escrow. Each answers with the ids of the messages that stay in it. */
export interface Recoveries {
  recoverBatch(messages: readonly EscrowMessage[]): Promise<readonly string[]>;
  /** For a function that no queue feeds. */
  recoverWaiting(): Promise<readonly string[]>;
}

/**
 * Works the escrow queue: stores the token sets that DynamoDB refused before. In an account that may run few functions
 * at once, a rule starts it every minute, and it looks into the queue itself.
 *
 * Answers with the messages that stay in escrow, because DynamoDB (or, for a set to be revoked, Procore's secret) still
 * refuses. No message is set aside: each is tried for 14 days.
 */
export async function answerRecoveries(
  event: SQSEvent | ScheduledEvent,
  recoveries: Recoveries,
): Promise<SQSBatchResponse> {
  const unhandled =
    'Records' in event
      ? await recoveries.recoverBatch(
          event.Records.map(({ messageId, body, attributes }) => ({
            messageId,
            body,
            sentAt: Number(attributes.SentTimestamp) / 1000,
          })),
        )
      : await recoveries.recoverWaiting();
  return { batchItemFailures: unhandled.map((itemIdentifier) => ({ itemIdentifier })) };
}

const { waiting, ...shared } = recoveryDependencies(observer);

export const handler = observed((event: SQSEvent | ScheduledEvent, context: Context) => {
  const dependencies = { ...shared, remaining: () => context.getRemainingTimeInMillis() };
  return answerRecoveries(event, {
    recoverBatch: (messages) => recoverBatch(dependencies, messages),
    recoverWaiting: () => recoverWaiting(dependencies, waiting),
  });
});
