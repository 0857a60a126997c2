import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqsEventQueue, sqsEventWorkQueue } from '../../functions/aws/sqs-event-queue.ts';
import { sqsQuarantine } from '../../functions/aws/sqs-quarantine.ts';
import { quarantineMessage } from '../../functions/webhook/quarantine.ts';
import type { ReceivedMessage } from '../../functions/webhook/work.ts';
import { memoryEventQueue } from '../memory/event-queue.ts';
import { sampleEvent } from '../webhook/sample-events.ts';
import { eventQueueContract } from './event-queue.ts';

describe('in memory', () => {
  eventQueueContract(async () => {
    const queue = memoryEventQueue(() => 0);
    return { queue, messages: async () => queue.messages };
  });
});

describe('in SQS', () => {
  let server: FauxqsServer;
  let client: SQSClient;
  let made = 0;

  const createQueue = () => {
    made += 1;
    return server.createQueue(`events-${made}.fifo`, { attributes: { FifoQueue: 'true', VisibilityTimeout: '360' } });
  };
  const receive = async (queueUrl: string): Promise<readonly ReceivedMessage[]> => {
    const { Messages: messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['MessageGroupId', 'ApproximateReceiveCount'],
      }),
    );
    return messages.map((message) => ({
      messageId: message.MessageId ?? '',
      receipt: message.ReceiptHandle ?? '',
      groupId: message.Attributes?.MessageGroupId ?? '',
      body: message.Body ?? '',
      receiveCount: Number(message.Attributes?.ApproximateReceiveCount),
    }));
  };
  const inspect = (queueName: string) =>
    (server.inspectQueue(queueName)?.messages.ready ?? []).map((message) => ({
      body: message.body,
      groupId: message.messageGroupId ?? '',
      attributes: Object.fromEntries(
        Object.entries(message.messageAttributes).map(([name, { StringValue: text = '' }]) => [name, text]),
      ),
    }));

  beforeAll(async () => {
    server = await startFauxqs({ port: 0, logger: false });
    client = new SQSClient({
      endpoint: server.address,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  });

  afterAll(async () => {
    client.destroy();
    await server.stop();
  });

  eventQueueContract(async () => {
    const { queueUrl, queueName } = createQueue();
    return { queue: sqsEventQueue({ client, queueUrl }), messages: async () => inspect(queueName) };
  });

  it('offers a postponed group again in its order, and not before', async () => {
    const { queueUrl } = createQueue();
    const queue = sqsEventQueue({ client, queueUrl });
    for (const id of ['first', 'second']) {
      await queue.send({ kind: 'webhook_event', environment: 'sandbox', event: sampleEvent({ id }), receivedAt: 1 });
    }
    // The stand-in hands out one message of a group at a time; AWS may hand out more.
    const [first] = await receive(queueUrl);
    if (first === undefined) throw new Error('nothing received');
    const workQueue = sqsEventWorkQueue({ client, queueUrl, deadLetterQueueUrl: createQueue().queueUrl });
    await workQueue.postpone([first], 40);
    expect(await receive(queueUrl)).toEqual([]);
    await workQueue.postpone([first], 0);
    expect(await receive(queueUrl)).toMatchObject([{ messageId: first.messageId, receiveCount: 2 }]);
  });

  it('says so when a message cannot be postponed any more', async () => {
    const { queueUrl } = createQueue();
    const workQueue = sqsEventWorkQueue({ client, queueUrl, deadLetterQueueUrl: createQueue().queueUrl });
    const gone = { messageId: 'gone', receipt: 'gone', groupId: 'g', body: '{}', receiveCount: 1 };
    await expect(workQueue.postpone([gone], 5)).rejects.toThrow(/did not change the visibility of 1/);
  });

  it('sets a message aside with its reason, once for each message and not once for each event', async () => {
    const { queueUrl } = createQueue();
    const dead = createQueue();
    const send = () =>
      sqsEventQueue({ client, queueUrl }).send({
        kind: 'webhook_event',
        environment: 'sandbox',
        event: sampleEvent(),
        receivedAt: 1,
      });
    await send();
    const [message] = await receive(queueUrl);
    if (message === undefined) throw new Error('nothing received');
    const workQueue = sqsEventWorkQueue({ client, queueUrl, deadLetterQueueUrl: dead.queueUrl });
    await workQueue.deadLetter(message, 'permanent', `no such cost code\u0000${'x'.repeat(300)}`);
    await workQueue.deadLetter(message, 'permanent');
    await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.receipt }));
    expect(inspect(dead.queueName)).toEqual([
      {
        body: message.body,
        groupId: message.groupId,
        attributes: {
          kind: 'webhook_event',
          eventType: 'update',
          resourceName: 'RFIs',
          companyId: '1357908642',
          reason: 'permanent',
          detail: expect.stringMatching(/^no such cost code x{238}$/),
        },
      },
    ]);
    // As a redrive makes it: the same event in a new message.
    await workQueue.deadLetter({ ...message, messageId: 'after-redrive' }, 'tries_spent');
    expect(inspect(dead.queueName)).toHaveLength(2);
  });

  it('keeps a quarantined body of any bytes and cuts one that is too long', async () => {
    const { queueUrl, queueName } = server.createQueue('quarantine');
    const quarantine = sqsQuarantine({ client, queueUrl });
    expect(await quarantine.keep(quarantineMessage(Uint8Array.of(0, 255, 7), 'invalid_utf8', 5))).toBe('kept');
    expect(await quarantine.keep(quarantineMessage(new Uint8Array(6_000_000), 'oversize', 5))).toBe('kept');
    const [small, long] = inspect(queueName).map(({ body }) => JSON.parse(body));
    expect([...Buffer.from(small.bodyBase64, 'base64')]).toEqual([0, 255, 7]);
    expect(long).toMatchObject({ bytes: 6_000_000, truncated: true });
    expect(JSON.stringify(long).length).toBeLessThan(900_000);
  });

  it('tells what quarantine refuses for good from what it cannot take now', async () => {
    const message = quarantineMessage(new Uint8Array(1), 'invalid_json', 5);
    const { queueUrl } = server.createQueue('quarantine-2');
    const tooLong = { ...message, bodyBase64: 'x'.repeat(2_000_000) };
    expect(await sqsQuarantine({ client, queueUrl }).keep(tooLong)).toBe('refused');
    // Somebody has deleted the queue: an outage until it is repaired, and not the message's fault.
    await expect(sqsQuarantine({ client, queueUrl: `${queueUrl}-gone` }).keep(message)).rejects.toThrow();
    const nobody = new SQSClient({
      endpoint: 'http://127.0.0.1:9',
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    await expect(sqsQuarantine({ client: nobody, queueUrl }).keep(message)).rejects.toThrow();
    await expect(
      sqsEventQueue({ client: nobody, queueUrl }).send({
        kind: 'webhook_event',
        environment: 'sandbox',
        event: sampleEvent(),
        receivedAt: 1,
      }),
    ).rejects.toThrow();
  });
});
