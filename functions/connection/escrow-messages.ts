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

/** A message that was taken out of the queue by hand. */
export interface WaitingEscrowMessage extends EscrowMessage {
  readonly receipt: string;
}

/** What lies in escrow, for a function that no queue feeds. */
export interface WaitingEscrow {
  /** Takes up to ten messages and hides them for some minutes. */
  receive(): Promise<readonly WaitingEscrowMessage[]>;
  /** Removes messages whose token sets have landed. */
  remove(messages: readonly WaitingEscrowMessage[]): Promise<void>;
}

/** No further batch is taken when less time than this is left, in milliseconds: ten writes, with their repetitions. */
const batchReserve = 20_000;

/**
 * Lands what lies in escrow, batch by batch, until nothing is left or the time is over. What could not land stays.
 *
 * @returns the ids of the messages that were seen and stay in escrow
 */
export async function recoverWaiting(
  dependencies: ConnectionDependencies,
  waiting: WaitingEscrow,
): Promise<readonly string[]> {
  const staying: string[] = [];
  do {
    const messages = await waiting.receive();
    if (messages.length === 0) break;
    const unhandled = await recoverBatch(dependencies, messages);
    await waiting.remove(messages.filter(({ messageId }) => !unhandled.includes(messageId)));
    staying.push(...unhandled);
  } while (dependencies.remaining() > batchReserve);
  return staying;
}
