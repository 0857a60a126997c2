import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type EventSource, startEventSource } from '../../../lib/local/runtime/event-source.ts';
import { type InvokeResult, type LogLine, TooManyExecutionsError } from '../../../lib/local/runtime/invocation.ts';
import { RuntimeStoppedError } from '../../../lib/local/runtime/runtime.ts';

let server: FauxqsServer;
let client: SQSClient;
const sources: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false, host: '127.0.0.1' });
  client = new SQSClient({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    useQueueUrlAsEndpoint: false,
  });
});
afterEach(async () => {
  for (const source of sources.splice(0)) await source.stop();
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});

let queues = 0;
async function createQueue(attributes: Record<string, string> = {}): Promise<string> {
  queues += 1;
  const name = `queue-${queues}${attributes.FifoQueue ? '.fifo' : ''}`;
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  return QueueUrl;
}

async function send(queueUrl: string, bodies: string[]): Promise<void> {
  const Entries = bodies.map((body, index) => ({ Id: String(index), MessageBody: body }));
  await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
}

/** @returns how many messages the queue holds, hidden ones included */
async function count(queueUrl: string): Promise<number> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
  );
  return Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible);
}

const answer = (payload: unknown): InvokeResult => ({ payload, requestId: 'r' });
const failure: InvokeResult = { payload: { errorType: 'Error' }, functionError: 'Unhandled', requestId: 'r' };
const bodies = (event: SQSEvent) => event.Records.map((record) => record.body);

/** Starts a source whose function is `invoke`; `calls` collects the events it got. */
function start(
  queueUrl: string,
  invoke: (event: SQSEvent, call: number) => InvokeResult | Promise<InvokeResult>,
  properties: Partial<EventSource> = {},
) {
  const calls: SQSEvent[] = [];
  const lines: LogLine[] = [];
  const source = startEventSource({
    client,
    queueUrl,
    functionName: 'worker',
    batchSize: 10,
    visibilityTimeoutSeconds: 30,
    reportBatchItemFailures: true,
    invoke: async (event) => {
      calls.push(event as SQSEvent);
      return invoke(event as SQSEvent, calls.length);
    },
    log: (line) => lines.push(line),
    ...properties,
  });
  sources.push(source);
  return { source, calls, lines };
}

/** Handles one batch with `invoke`, stops, and tells what is left in the queue. */
async function once(
  queueUrl: string,
  result: (event: SQSEvent) => InvokeResult,
  properties: Partial<EventSource> = {},
) {
  const called = Promise.withResolvers<void>();
  const { source, calls, lines } = start(
    queueUrl,
    (event) => {
      called.resolve();
      return result(event);
    },
    properties,
  );
  await called.promise;
  await source.stop();
  return { calls, lines, left: await count(queueUrl) };
}

test('gives the function the messages in the shape of an SQS event and deletes them when it succeeds', async () => {
  const queueUrl = await createQueue();
  await client.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: '{"id":1}',
      MessageAttributes: {
        text: { DataType: 'String', StringValue: 'x' },
        bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([255, 0]) },
      },
    }),
  );
  const { calls, left } = await once(queueUrl, () => answer(null), { reportBatchItemFailures: false });
  expect(calls).toEqual([
    {
      Records: [
        {
          messageId: expect.any(String),
          receiptHandle: expect.any(String),
          body: '{"id":1}',
          attributes: {
            ApproximateReceiveCount: '1',
            SentTimestamp: expect.stringMatching(/^\d{13}$/),
            ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
            SenderId: expect.any(String),
          },
          messageAttributes: {
            text: { stringValue: 'x', stringListValues: [], binaryListValues: [], dataType: 'String' },
            bytes: { binaryValue: '/wA=', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
          },
          md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
          md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
          eventSource: 'aws:sqs',
          eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:queue-${queues}`,
          awsRegion: 'us-east-1',
        },
      ],
    },
  ]);
  expect(left).toBe(0);
});

test('takes no more messages than the batch size', async () => {
  const queueUrl = await createQueue();
  await send(queueUrl, ['1', '2', '3']);
  const { calls, left } = await once(queueUrl, () => answer(null), { batchSize: 2, maximumConcurrency: 1 });
  expect(calls[0]?.Records).toHaveLength(2);
  expect(left).toBe(1);
});

test('refuses a batch size that needs more than one receive', () => {
  expect(() => start('http://localhost/0/q', () => answer(null), { batchSize: 100 })).toThrow('BatchSize 100');
});

test('deletes the others when the function reports which messages failed', async () => {
  const queueUrl = await createQueue();
  await send(queueUrl, ['good', 'bad', 'fine']);
  const { left, lines } = await once(queueUrl, (event) =>
    answer({
      batchItemFailures: event.Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({
        itemIdentifier: messageId,
      })),
    }),
  );
  expect(left).toBe(1);
  expect(lines).toEqual([]);
});

test.each([[null], [''], [{}], [{ batchItemFailures: null }], [{ batchItemFailures: [] }]])(
  'takes the answer %j as the success of all',
  async (payload) => {
    const queueUrl = await createQueue();
    await send(queueUrl, ['1', '2']);
    expect((await once(queueUrl, () => answer(payload))).left).toBe(0);
  },
);

test.each([
  [{ batchItemFailures: [{ itemIdentifier: 'unknown' }] }],
  [{ batchItemFailures: [{ itemIdentifier: '' }] }],
  [{ batchItemFailures: [{ itemIdentifier: null }] }],
  [{ batchItemFailures: [{ messageId: 'wrong key' }] }],
  [{ batchItemFailures: [null] }],
  [{ batchItemFailures: 'all' }],
  ['ok'],
  [[1]],
])('takes the malformed answer %j as the failure of all, and says so', async (payload) => {
  const queueUrl = await createQueue();
  await send(queueUrl, ['1', '2']);
  const { left, lines } = await once(queueUrl, () => answer(payload));
  expect(left).toBe(2);
  expect(lines.map(({ text }) => text).join()).toMatch(/stays in the queue.*must answer \{"batchItemFailures"/);
});

test('ignores what a function says about failures when the mapping does not ask for it', async () => {
  const queueUrl = await createQueue();
  await send(queueUrl, ['1']);
  const report = (event: SQSEvent) => answer({ batchItemFailures: [{ itemIdentifier: event.Records[0]?.messageId }] });
  expect((await once(queueUrl, report, { reportBatchItemFailures: false })).left).toBe(0);
});

test('deletes nothing when the function fails or cannot be invoked', async () => {
  for (const invoke of [
    () => failure,
    () => {
      throw new RuntimeStoppedError('worker');
    },
  ]) {
    const queueUrl = await createQueue();
    await send(queueUrl, ['1', '2']);
    expect(await once(queueUrl, invoke)).toMatchObject({ left: 2, lines: [] });
  }
});

test('gets a failed message again when the visibility time-out of the queue ends', async () => {
  const queueUrl = await createQueue({ VisibilityTimeout: '1' });
  await send(queueUrl, ['again']);
  const second = Promise.withResolvers<SQSEvent>();
  start(queueUrl, (event, call) => {
    if (call === 1) return failure;
    second.resolve(event);
    return answer(null);
  });
  const [record] = (await second.promise).Records;
  expect(record).toMatchObject({ body: 'again', attributes: { ApproximateReceiveCount: '2' } });
});

test('keeps the messages of one FIFO group in order, and groups apart', async () => {
  const queueUrl = await createQueue({ FifoQueue: 'true', VisibilityTimeout: '30' });
  for (const [group, body] of ['a1', 'a2', 'b1'].map((text) => [text[0], text])) {
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: body,
        MessageGroupId: group,
        MessageDeduplicationId: body,
      }),
    );
  }
  const first = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  const order: string[] = [];
  const { calls } = start(
    queueUrl,
    async (event) => {
      const [body = ''] = bodies(event);
      if (body === 'a1') await first.promise;
      order.push(body);
      if (body === 'b1') first.resolve();
      if (body === 'a2') done.resolve();
      return answer(null);
    },
    { batchSize: 1 },
  );
  await done.promise;
  expect(order).toEqual(['b1', 'a1', 'a2']);
  expect(calls[0]?.Records[0]?.attributes).toMatchObject({
    MessageGroupId: 'a',
    MessageDeduplicationId: 'a1',
    SequenceNumber: expect.any(String),
  });
});

test('works on no more batches at once than the maximum concurrency', async () => {
  const queueUrl = await createQueue();
  await send(queueUrl, ['1', '2', '3', '4']);
  let active = 0;
  let peak = 0;
  const both = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  start(
    queueUrl,
    async (_event, call) => {
      active += 1;
      peak = Math.max(peak, active);
      if (active === 2) both.resolve();
      await both.promise;
      // Time in which a third batch would come.
      for (let round = 0; round < 5; round += 1) await count(queueUrl);
      active -= 1;
      if (call === 4) done.resolve();
      return answer(null);
    },
    { batchSize: 1, maximumConcurrency: 2 },
  );
  await done.promise;
  expect(peak).toBe(2);
});

test('stops in the middle of a long poll at once, without a word', async () => {
  const { source, lines, calls } = start(await createQueue(), () => answer(null));
  await count(await createQueue());
  const before = performance.now();
  await source.stop();
  // The poll itself would last 20 s.
  expect(performance.now() - before).toBeLessThan(10_000);
  expect({ lines, calls }).toEqual({ lines: [], calls: [] });
});

test('says that it cannot receive, and goes on trying', async () => {
  const reported = Promise.withResolvers<LogLine>();
  start('http://127.0.0.1:1/000000000000/gone', () => answer(null), { log: reported.resolve });
  expect((await reported.promise).text).toMatch(/^Could not receive from gone, trying again in a second/);
});

test('tries a batch again for which the account has no execution free, without a further receipt', async () => {
  const queueUrl = await createQueue();
  await send(queueUrl, ['1']);
  const handled = Promise.withResolvers<void>();
  const { source, calls, lines } = start(queueUrl, (_, call) => {
    if (call === 1) throw new TooManyExecutionsError('worker', 10);
    handled.resolve();
    return answer(null);
  });
  await handled.promise;
  await source.stop();
  expect(calls.map(({ Records }) => Records[0]?.attributes.ApproximateReceiveCount)).toEqual(['1', '1']);
  expect(await count(queueUrl)).toBe(0);
  expect(lines).toEqual([]);
});

test('lets go of a throttled batch when its messages become visible: they are received again, untried', async () => {
  const queueUrl = await createQueue({ VisibilityTimeout: '1' });
  await send(queueUrl, ['1']);
  const handled = Promise.withResolvers<string | undefined>();
  const { source, lines } = start(
    queueUrl,
    ({ Records: [message] }) => {
      if (message?.attributes.ApproximateReceiveCount === '1') throw new TooManyExecutionsError('worker', 10);
      handled.resolve(message?.attributes.ApproximateReceiveCount);
      return answer(null);
    },
    { visibilityTimeoutSeconds: 1 },
  );
  expect(await handled.promise).toBe('2');
  await source.stop();
  expect(lines.map(({ text }) => text).join()).toMatch(/stays in the queue: TooManyExecutionsError/);
});
