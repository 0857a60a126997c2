import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { dynamoDbClient, secretsManagerClient, sqsClient } from './aws/clients.ts';
import { dynamoDbLedger } from './aws/dynamodb-ledger.ts';
import { secretsManagerOAuthClient } from './aws/secrets-manager-oauth-client.ts';
import { sqsEventWorkQueue } from './aws/sqs-event-queue.ts';
import { observed, observer } from './middleware.ts';
import { onConnectionChange, onEvent } from './on-event.ts';
import { readEnvironment, readSetting } from './settings.ts';
import { systemClock, systemRandomFraction } from './system.ts';
import { type ReceivedMessage, workBatch } from './webhook/work.ts';

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

const shared = { environment: readEnvironment(), clock: systemClock, random: systemRandomFraction, observer };
const secret = { client: secretsManagerClient(), secretId: readSetting('oauthClientSecret') };
const urls = { queueUrl: readSetting('eventQueue'), deadLetterQueueUrl: readSetting('eventDeadLetterQueue') };
const dependencies = {
  ...shared,
  queue: sqsEventWorkQueue({ client: sqsClient(), ...urls }),
  ledger: dynamoDbLedger({ client: dynamoDbClient(), table: readSetting('deliveriesTable'), ...shared }),
  oauthClient: secretsManagerOAuthClient({ ...secret, ...shared }),
  handlers: { onEvent, onConnectionChange },
};

export const handler = observed((event: SQSEvent, context: Context) => {
  const remainingTime = () => context.getRemainingTimeInMillis();
  return answerBatch(event, (messages) => workBatch(messages, { ...dependencies, remainingTime }));
});
