import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { sqsEventWorkQueue } from '../../functions/aws/sqs-event-queue.ts';
import { sqsDeadLetters } from '../../lib/operator/aws/sqs-dead-letters.ts';
import { memoryDeadLetters, memoryEventWorkQueue } from '../memory/event-queue.ts';
import { memorySqs } from '../memory/sqs.ts';
import { deadLettersContract, throttledDeadLettersContract } from './dead-letters.ts';
import { throttledSqs, useSqs } from './use-sqs.ts';

describe('in memory', () => {
  const clock = () => 0;
  deadLettersContract(async () => {
    const [events, dead] = [memorySqs(clock), memorySqs(clock)];
    return {
      letters: memoryDeadLetters(dead, events),
      workQueue: memoryEventWorkQueue(events, dead),
      events: async () => events.messages,
    };
  });
  throttledDeadLettersContract(memoryDeadLetters(memorySqs(clock), memorySqs(clock), () => 'throttled'));
});

describe('in SQS', () => {
  const used = useSqs();
  const setUp = () => {
    const { client } = used;
    const [events, dead] = [used.createQueue(), used.createQueue()];
    const letters = sqsDeadLetters({ client, queueUrl: dead.queueUrl, eventQueueUrl: events.queueUrl });
    return { client, events, dead, letters };
  };

  deadLettersContract(async () => {
    const { client, events, dead, letters } = setUp();
    const queues = { queueUrl: events.queueUrl, deadLetterQueueUrl: dead.queueUrl };
    return { letters, workQueue: sqsEventWorkQueue({ client, ...queues }), events: async () => events.messages() };
  });
  throttledDeadLettersContract(
    sqsDeadLetters({
      client: throttledSqs,
      queueUrl: 'https://sqs.example/dead.fifo',
      eventQueueUrl: 'https://sqs.example/events.fifo',
    }),
  );

  it('says of a letter that SQS itself has moved that it was received too often', async () => {
    const { client, dead, letters } = setUp();
    const moved = { QueueUrl: dead.queueUrl, MessageBody: '{}', MessageGroupId: 'g', MessageDeduplicationId: 'd' };
    await client.send(new SendMessageCommand(moved));
    expect(await letters.receive()).toMatchObject([{ reason: 'received_too_often', body: '{}', groupId: 'g' }]);
  });
});
