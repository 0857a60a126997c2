import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { dynamoDbConnectionStore } from '../../../functions/aws/dynamodb-connection-store.ts';
import { sqsRotationQueue } from '../../../functions/aws/sqs-rotation-queue.ts';
import { attendBatch } from '../../../functions/connection/rotation-messages.ts';
import { rotationBatch, sweepDueConnections } from '../../../functions/connection/sweep.ts';
import { systemClock, systemRandomFraction, systemRandomId, systemSleep } from '../../../functions/system.ts';
import { clientOptions } from '../../../lib/local/template/provision.ts';
import { memoryTokenEndpoint } from '../../memory/token-endpoint.ts';
import { answerQuestions } from '../processes.ts';

/** `sweep` sends what is due to the queue; `rotate` works these connections as token-rotation does. */
export type SweepQuestion =
  | { readonly job: 'sweep'; readonly endpoint: string; readonly table: string; readonly queueUrl: string }
  | { readonly job: 'rotate'; readonly endpoint: string; readonly table: string; readonly connectionIds: string[] };

/** What one job took. */
export interface SweepAnswer {
  readonly handled: number;
  readonly seconds: number;
  readonly reads: number;
  readonly writes: number;
  readonly peakMemoryMb: number;
}

const observer = { note: () => {}, count: () => {} };

answerQuestions<SweepQuestion, SweepAnswer>(async (question) => {
  const calls = { reads: 0, writes: 0 };
  const client = new DynamoDBClient(clientOptions(question.endpoint));
  client.middlewareStack.add(
    (next, { commandName }) => {
      return (call) => {
        calls[commandName === 'UpdateItemCommand' ? 'writes' : 'reads'] += 1;
        return next(call);
      };
    },
    // Every try of the wire counts, not only every command.
    { step: 'finalizeRequest', priority: 'low' },
  );
  const store = dynamoDbConnectionStore({ client, table: question.table, environment: 'sandbox' });
  // The bench sweeps more at once than one minute's sweep need: it may take as long as it takes.
  const shared = { store, clock: systemClock, remaining: () => 3_600_000, observer };
  const began = performance.now();

  async function sweep(queueUrl: string): Promise<number> {
    const sqs = new SQSClient(clientOptions(question.endpoint));
    // Nobody works this queue, and all are to be sent: it counts as one whose messages are worked as fast as they come.
    const queue = { ...sqsRotationQueue({ client: sqs, queueUrl }), waiting: async () => 0 };
    return (await sweepDueConnections({ ...shared, queue })).queued;
  }
  async function rotate(connectionIds: readonly string[]): Promise<number> {
    const dependencies = {
      ...shared,
      tokenEndpoint: memoryTokenEndpoint(systemClock, 'client-1'),
      oauthClient: { read: async () => ({ clientId: 'client-1', clientSecret: 'secret-1' }) },
      escrow: { deposit: () => Promise.reject(new Error('DynamoDB refused.')) },
      changes: { announce: async () => {} },
      sleep: systemSleep,
      randomFraction: systemRandomFraction,
      randomId: systemRandomId,
      keepReplaced: true,
      remaining: () => 60_000,
      listCompanies: async () => ({ outcome: 'unavailable' }) as const,
    };
    let handled = 0;
    for (let start = 0; start < connectionIds.length; start += rotationBatch) {
      const batch = connectionIds.slice(start, start + rotationBatch);
      const messages = batch.map((connectionId) => ({
        messageId: connectionId,
        group: connectionId,
        body: JSON.stringify({ connectionId }),
      }));
      handled += batch.length - (await attendBatch(dependencies, messages)).length;
    }
    return handled;
  }

  const handled = question.job === 'sweep' ? await sweep(question.queueUrl) : await rotate(question.connectionIds);
  const seconds = (performance.now() - began) / 1000;
  return { handled, seconds, ...calls, peakMemoryMb: process.resourceUsage().maxRSS / 1024 };
});
