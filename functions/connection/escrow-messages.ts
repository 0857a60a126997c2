import type { ConnectionDependencies } from './dependencies.ts';
import type { EscrowedTokenSet } from './escrow.ts';
import { handleMessage } from './handle-message.ts';
import { recoverTokens } from './recovery.ts';

/** A message of the escrow queue. */
export interface EscrowMessage {
  readonly messageId: string;
  /** JSON of an {@link EscrowedTokenSet}. */
  readonly body: string;
  /** When it was put into escrow, epoch seconds. */
  readonly sentAt: number;
}

/**
 * Lands a batch of escrowed token sets, and counts the age of the oldest one that does not land. SQS's own metric of
 * the oldest message's age leaves a message out once it was received three times, which is any that does not land.
 *
 * @see [Metrics of SQS](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html)
 *
 * @returns the ids of the messages that stay in escrow
 */
export async function recoverBatch(
  dependencies: ConnectionDependencies,
  messages: readonly EscrowMessage[],
): Promise<readonly string[]> {
  const remaining = await Promise.all(
    messages.map(async (message) => {
      const { messageId, body } = message;
      const isHandled = await handleMessage(dependencies, messageId, async () => {
        // Only our own functions may send to the escrow queue.
        await recoverTokens(dependencies, JSON.parse(body) as EscrowedTokenSet);
        return true;
      });
      return isHandled ? [] : [message];
    }),
  );
  const unhandled = remaining.flat();
  if (unhandled.length > 0) {
    const oldest = unhandled.reduce((one, { sentAt }) => Math.min(one, sentAt), Number.POSITIVE_INFINITY);
    dependencies.observer.count('escrowAgeSeconds', Math.max(0, Math.round(dependencies.clock() - oldest)));
  }
  return unhandled.map(({ messageId }) => messageId);
}
