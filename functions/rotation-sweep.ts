import type { Context } from 'aws-lambda';
import { dynamoDbClient, sqsClient } from './aws/clients.ts';
import { dynamoDbConnectionStore } from './aws/dynamodb-connection-store.ts';
import { sqsRotationQueue } from './aws/sqs-rotation-queue.ts';
import { sweepDueConnections } from './connection/sweep.ts';
import { observed, observer } from './middleware.ts';
import { readEnvironment, readSetting } from './settings.ts';
import { systemClock } from './system.ts';

const dependencies = {
  store: dynamoDbConnectionStore({
    client: dynamoDbClient(),
    table: readSetting('connectionsTable'),
    environment: readEnvironment(),
  }),
  queue: sqsRotationQueue({ client: sqsClient(), queueUrl: readSetting('rotationQueue') }),
  clock: systemClock,
  observer,
};

/**
 * Started every minute by a rule, whose event says nothing: sends the connections that are due to the rotation queue
 * and answers with `{due, overdue, queued}`. It reads keys only and changes nothing.
 *
 * It fails when part of what is due could not be queued. No failure is retried: the next minute is the retry.
 */
export const handler = observed((_event: unknown, context: Context) =>
  sweepDueConnections({ ...dependencies, remaining: () => context.getRemainingTimeInMillis() }),
);
