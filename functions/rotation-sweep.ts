import type { Context } from 'aws-lambda';
import { dynamoDbClient, sqsClient } from './aws/clients.ts';
import { dynamoDbConnectionStore } from './aws/dynamodb-connection-store.ts';
import { sqsRotationQueue } from './aws/sqs-rotation-queue.ts';
import { type SweepReport, sweepDueConnections } from './connection/sweep.ts';
import { observed, observer } from './middleware.ts';
import { readEnvironment, readSetting } from './settings.ts';
import { systemClock } from './system.ts';

/**
 * Started every minute by a rule, whose event says nothing: sends the connections that are due to the rotation queue
 * and answers with counts. It reads keys only. A failure is not retried: the next minute is the retry.
 */
export async function answerSweep(deps: Parameters<typeof sweepDueConnections>[0]): Promise<SweepReport> {
  return sweepDueConnections(deps);
}

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

export const handler = observed((_event: unknown, context: Context) =>
  answerSweep({ ...dependencies, remaining: () => context.getRemainingTimeInMillis() }),
);
