import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { RemainingTime } from './clock.ts';
import { observed, observer } from './middleware.ts';
import { endIfNotLoaded, failIfNotLoaded, loadOnce } from './webhook/load-handlers.ts';
import { workBatch } from './webhook/work.ts';
import { type ReceivedMessage, receivedMessage } from './webhook/work-queue.ts';
import { workerDependencies } from './wiring.ts';

/**
 * Works the event queue in batches of ten: webhook events go to `onEvent`, changes of connections to
 * `onConnectionChange` in on-event.ts.
 *
 * Answers with the messages that are not done: those that failed and, so that a resource's events stay in order, those
 * behind them in the same group. What is given up, by evidence or for its age, is in the dead-letter queue, and done.
 */
export async function answerBatch(
  { Records: records }: SQSEvent,
  work: (messages: readonly ReceivedMessage[]) => Promise<readonly string[]>,
): Promise<SQSBatchResponse> {
  const messages = records.map((record) => receivedMessage({ ...record, attributes: { ...record.attributes } }));
  return { batchItemFailures: (await work(messages)).map((itemIdentifier) => ({ itemIdentifier })) };
}

const handlers = loadOnce(() => import('#on-event'));
const dependencies = { ...workerDependencies(observer), handlers };

async function work(messages: readonly ReceivedMessage[], remaining: RemainingTime): Promise<readonly string[]> {
  const undone = await workBatch(messages, { ...dependencies, remaining }).finally(dependencies.release);
  if (undone.length === messages.length) await failIfNotLoaded(handlers);
  return undone;
}

const answer = observed((event: SQSEvent, context: Context) => {
  const remaining = () => context.getRemainingTimeInMillis();
  return answerBatch(event, (messages) => work(messages, remaining));
});

export const handler = (event: SQSEvent, context: Context) =>
  endIfNotLoaded(answer(event, context), () => process.exit(1));
