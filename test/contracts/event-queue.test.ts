import { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { sqsEventQueue, sqsEventWorkQueue } from '../../functions/aws/sqs-event-queue.ts';
import { memoryEventQueue, memoryEventWorkQueue } from '../memory/event-queue.ts';
import { memorySqs } from '../memory/sqs.ts';
import { sampleEvent } from '../webhook/sample-events.ts';
import { eventQueueContract, eventWorkQueueContract, throttledEventQueueContract } from './event-queue.ts';
import { throttledSqs, useSqs } from './use-sqs.ts';

describe('in memory', () => {
  const clock = () => 0;
  eventQueueContract(async () => {
    const queue = memoryEventQueue(clock);
    return { queue, messages: async () => queue.messages };
  });
  eventWorkQueueContract(async () => {
    const [events, dead] = [memorySqs(clock), memorySqs(clock)];
    return {
      queue: memoryEventQueue(clock, undefined, events),
      workQueue: memoryEventWorkQueue(events, dead),
      receive: async () => events.receive(360),
      dead: async () => dead.messages,
    };
  });
  throttledEventQueueContract(async () => {
    const [events, dead] = [memorySqs(clock), memorySqs(clock)];
    const faults = () => 'throttled' as const;
    return {
      queue: memoryEventQueue(clock, faults, events),
      workQueue: memoryEventWorkQueue(events, dead, faults),
    };
  });
});

describe('in SQS', () => {
  const used = useSqs();

  eventQueueContract(async () => {
    const { queueUrl, messages } = used.createQueue();
    return { queue: sqsEventQueue({ client: used.client, queueUrl }), messages: async () => messages() };
  });
  eventWorkQueueContract(async () => {
    const { client } = used;
    const [events, dead] = [used.createQueue(), used.createQueue()];
    const { queueUrl } = events;
    return {
      queue: sqsEventQueue({ client, queueUrl }),
      workQueue: sqsEventWorkQueue({ client, queueUrl, deadLetterQueueUrl: dead.queueUrl }),
      receive: events.receive,
      dead: async () => dead.messages(),
    };
  });
  throttledEventQueueContract(async () => {
    const place = { client: throttledSqs, queueUrl: 'https://sqs.example/events.fifo' };
    return {
      queue: sqsEventQueue(place),
      workQueue: sqsEventWorkQueue({ ...place, deadLetterQueueUrl: 'https://sqs.example/dead.fifo' }),
    };
  });

  it('throws while no SQS answers', async () => {
    const nobody = new SQSClient({
      endpoint: 'http://127.0.0.1:9',
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    const { queueUrl } = used.createQueue();
    const event = sampleEvent();
    const queue = sqsEventQueue({ client: nobody, queueUrl });
    await expect(queue.send({ kind: 'webhook_event', environment: 'sandbox', event, receivedAt: 1 })).rejects.toThrow();
  });
});
