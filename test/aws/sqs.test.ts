import type { ReceiveMessageCommandInput, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { sqsEventQueue, sqsEventWorkQueue } from '../../functions/aws/sqs-event-queue.ts';
import { sqsQuarantine } from '../../functions/aws/sqs-quarantine.ts';
import { isMessageRefused } from '../../functions/aws/sqs-refusal.ts';
import { sqsRotationQueue } from '../../functions/aws/sqs-rotation-queue.ts';
import { quarantineMessage } from '../../functions/webhook/quarantine.ts';
import { sampleEvent } from '../webhook/sample-events.ts';

type Answer = Error | Readonly<Record<string, unknown>>;

/** A client that gives these answers in their order, and what was sent with it. */
function answering(...answers: readonly Answer[]) {
  const left = [...answers];
  const sent: { readonly input: SendMessageCommand['input']; readonly options: { abortSignal?: AbortSignal } }[] = [];
  const client = {
    async send({ input }: SendMessageCommand, options = {}) {
      sent.push({ input, options });
      const answer = left.shift() ?? {};
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as SQSClient;
  return { client, sent };
}

const named = (name: string) => Object.assign(new Error(name), { name });
const queueUrl = 'https://sqs.example/queue';
const message = { kind: 'webhook_event', environment: 'sandbox', event: sampleEvent(), receivedAt: 1 } as const;
const change = {
  connectionId: 'acme',
  environment: 'sandbox',
  change: 'connected',
  generation: 1,
  reconnect: 'How.',
  at: 1,
} as const;

describe('a send to the event queue', () => {
  it.each(['AbortError', 'TimeoutError'])(
    'is repeated once, as it was, when its answer does not come: %s',
    async (name) => {
      const { client, sent } = answering(named(name));
      expect(await sqsEventQueue({ client, queueUrl }).send(message)).toBe('sent');
      expect(sent).toHaveLength(2);
      expect(sent[1]?.input).toEqual(sent[0]?.input);
      for (const { options } of sent) expect(options.abortSignal).toBeInstanceOf(AbortSignal);
    },
  );

  it('is not repeated again, nor when SQS has answered', async () => {
    const silent = answering(named('TimeoutError'), named('TimeoutError'));
    await expect(sqsEventQueue({ client: silent.client, queueUrl }).send(message)).rejects.toThrow('TimeoutError');
    expect(silent.sent).toHaveLength(2);
    const throttled = answering(named('RequestThrottled'));
    await expect(sqsEventQueue({ client: throttled.client, queueUrl }).send(message)).rejects.toThrow(
      'RequestThrottled',
    );
    expect(throttled.sent).toHaveLength(1);
  });

  it('of a connection’s change throws when SQS will never take it: an announcement has no quarantine', async () => {
    const { client } = answering(named('InvalidMessageContents'));
    await expect(sqsEventQueue({ client, queueUrl }).announce(change)).rejects.toThrow(
      'The event queue refused the change of connection "acme" as invalid.',
    );
  });
});

describe('a message that is postponed', () => {
  const received = {
    messageId: 'm',
    receipt: 'r',
    groupId: 'g',
    body: '{}',
    receiveCount: 1,
    sentAt: 1,
    firstReceivedAt: 2,
  };
  const postpone = (...answers: readonly Answer[]) => {
    const { client, sent } = answering(...answers);
    const queue = sqsEventWorkQueue({ client, queueUrl, deadLetterQueueUrl: queueUrl });
    return { sent, done: queue.postpone([received, { ...received, receipt: 's' }], 40) };
  };

  it('is hidden for as long as asked', async () => {
    const { sent, done } = postpone();
    await done;
    expect(sent.map(({ input }) => input)).toEqual([
      {
        QueueUrl: queueUrl,
        Entries: [
          { Id: '0', ReceiptHandle: 'r', VisibilityTimeout: 40 },
          { Id: '1', ReceiptHandle: 's', VisibilityTimeout: 40 },
        ],
      },
    ]);
  });

  it('and is not, says how many are not, and why', async () => {
    await expect(postpone({ Failed: [{ Id: '1', Code: 'ReceiptHandleIsInvalid' }] }).done).rejects.toThrow(
      'SQS did not change the visibility of 1 messages: ReceiptHandleIsInvalid.',
    );
    await expect(postpone({ Failed: [] }).done).resolves.toBeUndefined();
  });
});

describe('a dead letter', () => {
  it('has no detail where none is known', async () => {
    const { client, sent } = answering();
    const received = {
      messageId: 'm',
      receipt: 'r',
      groupId: 'g',
      body: 'not ours',
      receiveCount: 1,
      sentAt: 1,
      firstReceivedAt: 2,
    };
    await sqsEventWorkQueue({ client, queueUrl, deadLetterQueueUrl: `${queueUrl}-dead` }).deadLetter(
      received,
      'permanent',
    );
    expect(sent[0]?.input).toMatchObject({
      QueueUrl: `${queueUrl}-dead`,
      MessageGroupId: 'g',
      MessageBody: 'not ours',
    });
    expect(sent[0]?.input.MessageAttributes).toEqual({ reason: { DataType: 'String', StringValue: 'permanent' } });
  });
});

describe('the rotation queue', () => {
  const due = [1, 2, 3].map((rotateAt) => ({ connectionId: 'acme', rotateAt }));

  it('counts what SQS refuses of a batch', async () => {
    const { client } = answering({ Failed: [{ Id: '0' }, { Id: '2' }] });
    expect(await sqsRotationQueue({ client, queueUrl }).send(due)).toEqual({ refused: 2 });
  });

  it('asks nobody for nothing, which SQS refuses', async () => {
    const { client, sent } = answering();
    expect(await sqsRotationQueue({ client, queueUrl }).send([])).toEqual({ refused: 0 });
    expect(sent).toEqual([]);
  });
});

describe('the quarantine', () => {
  it('lets people filter by reason, and is asked once within a deadline', async () => {
    const { client, sent } = answering();
    expect(await sqsQuarantine({ client, queueUrl }).keep(quarantineMessage(new Uint8Array(1), 'oversize', 5))).toBe(
      'kept',
    );
    expect(sent[0]?.input.MessageAttributes).toEqual({ reason: { DataType: 'String', StringValue: 'oversize' } });
    expect(sent[0]?.options.abortSignal).toBeInstanceOf(AbortSignal);
  });
});

describe('a refusal by SQS', () => {
  it.each([
    'InvalidMessageContents',
    'InvalidParameterValue',
    'InvalidParameterValueException',
    'InvalidAttributeValue',
  ])('is about the message: %s', (name) => {
    expect(isMessageRefused(named(name))).toBe(true);
  });

  it.each(['RequestThrottled', 'QueueDoesNotExist', 'AccessDeniedException', 'InvalidSecurity', 'TimeoutError'])(
    'is an outage: %s',
    (name) => {
      expect(isMessageRefused(named(name))).toBe(false);
    },
  );

  it('is an error, whatever else has such a name', () => {
    expect(isMessageRefused({ name: 'InvalidMessageContents' })).toBe(false);
    expect(isMessageRefused(undefined)).toBe(false);
  });
});

describe('the worker’s own receive', () => {
  it('names itself, anew each time: repeated after a lost answer, it gets the messages of that answer', async () => {
    const { client, sent } = answering({}, {});
    const queue = sqsEventWorkQueue({ client, queueUrl, deadLetterQueueUrl: queueUrl });
    await queue.receive(10);
    await queue.receive(10);
    const ids = sent.map(({ input }) => (input as ReceiveMessageCommandInput).ReceiveRequestAttemptId);
    expect(ids).toEqual([expect.stringMatching(/^[\w-]{20,128}$/), expect.stringMatching(/^[\w-]{20,128}$/)]);
    expect(new Set(ids).size).toBe(2);
  });
});
