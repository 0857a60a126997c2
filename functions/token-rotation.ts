import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { attendBatch, type RotationMessage } from './connection/rotation-messages.ts';
import { observed, observer } from './middleware.ts';
import { rotationDependencies } from './wiring.ts';

/**
 * Works the rotation queue in batches of ten: rotates each connection that is due, or finishes what a crash left.
 *
 * Answers with the messages that are not done (the store or the secret failed, or too little time was left) and those
 * behind them in the same group; after five tries they are dead letters, and the sweep sends the connection again.
 */
export async function answerRotations(
  { Records: records }: SQSEvent,
  attend: (messages: readonly RotationMessage[]) => Promise<readonly string[]>,
): Promise<SQSBatchResponse> {
  const unhandled = await attend(
    records.map(({ messageId, body, attributes }) => ({
      messageId,
      group: attributes.MessageGroupId ?? messageId,
      body,
    })),
  );
  return { batchItemFailures: unhandled.map((itemIdentifier) => ({ itemIdentifier })) };
}

const dependencies = rotationDependencies(observer);

export const handler = observed((event: SQSEvent, context: Context) =>
  answerRotations(event, (messages) =>
    attendBatch({ ...dependencies, remaining: () => context.getRemainingTimeInMillis() }, messages),
  ),
);
