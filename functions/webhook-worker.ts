import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { onConnectionChange, onEvent } from '#on-event';
import { observed, observer } from './middleware.ts';
import { type ReceivedMessage, workBatch } from './webhook/work.ts';
import { workerDependencies } from './wiring.ts';

/**
 * Works the event queue in batches of ten: webhook events go to `onEvent`, changes of connections to
 * `onConnectionChange` in on-event.ts.
 *
 * Answers with the messages that are not done: those that failed and, so that a resource's events stay in order, those
 * behind them in the same group. What can never succeed, or failed five times, is in the dead-letter queue, and done.
 */
export async function answerBatch(
  { Records: records }: SQSEvent,
  work: (messages: readonly ReceivedMessage[]) => Promise<readonly string[]>,
): Promise<SQSBatchResponse> {
  const messages = records.map(({ messageId, receiptHandle, body, attributes }) => ({
    messageId,
    receipt: receiptHandle,
    // The queue is FIFO: there is always a group.
    groupId: attributes.MessageGroupId ?? '',
    body,
    receiveCount: Number(attributes.ApproximateReceiveCount),
  }));
  return { batchItemFailures: (await work(messages)).map((itemIdentifier) => ({ itemIdentifier })) };
}

const dependencies = { ...workerDependencies(observer), handlers: { onEvent, onConnectionChange } };

export const handler = observed((event: SQSEvent, context: Context) => {
  const remaining = () => context.getRemainingTimeInMillis();
  return answerBatch(event, (messages) => workBatch(messages, { ...dependencies, remaining }));
});
