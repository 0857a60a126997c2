import { ReceiveMessageCommand, SQSClient, SQSServiceException } from '@aws-sdk/client-sqs';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll } from 'vitest';
import type { ReceivedMessage } from '../../functions/webhook/work-queue.ts';
import type { QueuedMessage } from '../memory/sqs.ts';

/** A queue on the stand-in. */
export interface UsedQueue {
  readonly queueUrl: string;
  /** What lies on it and is in nobody's hand. */
  messages(): readonly QueuedMessage[];
  /** Receives as Lambda does for the worker. */
  receive(): Promise<readonly ReceivedMessage[]>;
}

/** An embedded stand-in for SQS, there while the tests of a file run. */
export interface UsedSqs {
  readonly client: SQSClient;
  /** Makes a new queue; `fifo` unless told otherwise. */
  createQueue(kind?: 'fifo' | 'standard'): UsedQueue;
}

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** A client of an SQS that throttles every call. */
export const throttledSqs = {
  send: () =>
    Promise.reject(
      new SQSServiceException({ name: 'RequestThrottled', message: 'Rate exceeded', $fault: 'client', $metadata: {} }),
    ),
} as unknown as SQSClient;

/** Gives the tests of a file a stand-in for SQS. */
export function useSqs(): UsedSqs {
  let server: FauxqsServer | undefined;
  let client: SQSClient | undefined;
  let made = 0;
  const running = <Part>(part: Part | undefined): Part => {
    if (part === undefined) throw new Error('SQS is only there while tests run.');
    return part;
  };

  beforeAll(async () => {
    server = await startFauxqs({ port: 0, logger: false });
    client = new SQSClient({ endpoint: server.address, region: 'us-east-1', credentials });
  });

  afterAll(async () => {
    client?.destroy();
    await server?.stop();
  });

  return {
    get client() {
      return running(client);
    },
    createQueue(kind = 'fifo') {
      made += 1;
      const [suffix, attributes] = kind === 'fifo' ? (['.fifo', { FifoQueue: 'true' }] as const) : (['', {}] as const);
      const { queueUrl, queueName } = running(server).createQueue(`queue-${made}${suffix}`, {
        attributes: { ...attributes, VisibilityTimeout: '360' },
      });
      return {
        queueUrl,
        messages: () =>
          (running(server).inspectQueue(queueName)?.messages.ready ?? []).map((message) => ({
            body: message.body,
            groupId: message.messageGroupId ?? '',
            attributes: Object.fromEntries(
              Object.entries(message.messageAttributes).map(([name, { StringValue: text = '' }]) => [name, text]),
            ),
          })),
        async receive() {
          const { Messages: messages = [] } = await running(client).send(
            new ReceiveMessageCommand({
              QueueUrl: queueUrl,
              MaxNumberOfMessages: 10,
              MessageSystemAttributeNames: ['All'],
            }),
          );
          return messages.map((message) => ({
            messageId: message.MessageId ?? '',
            receipt: message.ReceiptHandle ?? '',
            groupId: message.Attributes?.MessageGroupId ?? '',
            body: message.Body ?? '',
            receiveCount: Number(message.Attributes?.ApproximateReceiveCount),
            sentAt: Number(message.Attributes?.SentTimestamp) / 1000,
            firstReceivedAt: Number(message.Attributes?.ApproximateFirstReceiveTimestamp) / 1000,
          }));
        },
      };
    },
  };
}
