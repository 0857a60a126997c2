import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, test } from 'vitest';
import { useFront } from './front.ts';

const local = useFront();
let sqs: SQSClient;
let url: string;
let fifoUrl: string;

beforeAll(async () => {
  sqs = local.sqs();
  url = await createQueue('plain');
  fifoUrl = await createQueue('ordered.fifo', { FifoQueue: 'true' });
});

async function createQueue(QueueName: string, Attributes?: Record<string, string>): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, ...(Attributes && { Attributes }) }));
  return QueueUrl ?? '';
}

const send = (message: Partial<SendMessageCommandInput>) =>
  sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x', ...message }));
const sendOrdered = (message: Partial<SendMessageCommandInput>) =>
  send({ QueueUrl: fifoUrl, MessageGroupId: 'g', MessageDeduplicationId: crypto.randomUUID(), ...message });
const receive = async (queueUrl: string) =>
  (await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }))).Messages ?? [];
const attributes = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${n}`, { DataType: 'String', StringValue: 'v' }]));

describe('queue URLs', () => {
  test('point at the front, whoever asks', async () => {
    const expected = `${local.front().endpoint}/000000000000/plain`;
    expect(url).toBe(expected);
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'plain' }))).QueueUrl).toBe(expected);
    expect((await sqs.send(new ListQueuesCommand({}))).QueueUrls).toContain(expected);
  });

  test('of queues that do not exist are refused as AWS does it', async () => {
    await expect(send({ QueueUrl: `${url}-no` })).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  });
});

describe('the name of a queue', () => {
  const tooLong = 'q'.repeat(81);
  const fifo = { FifoQueue: 'true' };
  test.each<[string, string, Record<string, string> | undefined, RegExp]>([
    ['more than 80 characters', tooLong, undefined, /81 characters; at most 80/],
    ['more than 80 with .fifo', `${'q'.repeat(76)}.fifo`, fifo, /81 characters; at most 80/],
    ['a dot in it', 'queue.one', undefined, /characters that AWS refuses/],
    ['no .fifo where it is FIFO', 'queue', fifo, /ends with .fifo; got "queue"/],
    ['.fifo where it is not', 'queue.fifo', undefined, /and of no other/],
  ])('is refused with %s', async (_case, name, attributes, message) => {
    await expect(createQueue(name, attributes)).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringMatching(message),
    });
  });

  test('may have 80 characters', async () => {
    expect(await createQueue('q'.repeat(80))).toMatch(/q{80}$/);
    expect(await createQueue(`${'q'.repeat(75)}.fifo`, fifo)).toMatch(/q{75}\.fifo$/);
  });
});

describe('a message', () => {
  test('keeps every character that SQS allows, and its digest', async () => {
    const queue = await createQueue('characters');
    const bodies = [
      '😀 héllo\t\r\n',
      '\uE000\uF8FF\uE7FF',
      '\uF8FF😀\uE001',
      '\uD7FF\uFFFD',
      '{"id":9007199254740993}',
    ];
    for (const MessageBody of bodies) await send({ QueueUrl: queue, MessageBody });
    // The client itself compares the digests, here and when sending.
    expect((await receive(queue)).map(({ Body }) => Body)).toEqual(bodies);
  });

  test('of 1 MiB is taken and one byte more is refused', async () => {
    const queue = await createQueue('large');
    await send({ QueueUrl: queue, MessageBody: 'x'.repeat(1_048_576) });
    await expect(send({ QueueUrl: queue, MessageBody: 'x'.repeat(1_048_577) })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
  });

  test.each(['\u0000', 'a\u0008', '\uFFFE', '\uD800'])('with the forbidden character %j is refused', async (body) => {
    await expect(send({ MessageBody: body })).rejects.toMatchObject({ name: 'InvalidMessageContents' });
  });

  test.each<[string, Partial<SendMessageCommandInput>, RegExp]>([
    ['eleven attributes', { MessageAttributes: attributes(11) }, /\[11\] exceeds the allowed maximum \[10\]/],
    ['an empty attribute', { MessageAttributes: { a: { DataType: 'String', StringValue: '' } } }, /'a' must contain/],
    [
      'a forbidden character in an attribute',
      { MessageAttributes: { a: { DataType: 'String', StringValue: '\u0001' } } },
      /#x9/,
    ],
    ['a deduplication id on a standard queue', { MessageDeduplicationId: 'd' }, /not valid for this queue type/],
    ['a delay of more than 15 minutes', { DelaySeconds: 901 }, /<= 900/],
    ['a group id with a space', { MessageGroupId: 'a b' }, /MessageGroupId can only include/],
  ])('with %s is refused', async (_name, message, reason) => {
    await expect(send(message)).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringMatching(reason),
    });
  });

  test('with ten attributes is taken', async () => {
    await expect(send({ MessageAttributes: attributes(10) })).resolves.toHaveProperty('MessageId');
  });
});

describe('group and deduplication ids', () => {
  test('may hold all of ASCII that is visible, up to 128 characters', async () => {
    const visible = Array.from({ length: 94 }, (_, n) => String.fromCharCode(33 + n)).join('');
    const id = visible.padEnd(128, 'x');
    await expect(sendOrdered({ MessageGroupId: id, MessageDeduplicationId: id })).resolves.toHaveProperty('MessageId');
  });

  test.each(['a b', 'é', '', 'x'.repeat(129), 'a\n'])('refuse %j', async (id) => {
    await expect(sendOrdered({ MessageGroupId: id })).rejects.toMatchObject({
      message: expect.stringContaining('MessageGroupId'),
    });
    await expect(sendOrdered({ MessageDeduplicationId: id })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });
});

describe('a batch', () => {
  const entry = (Id: string, MessageBody = 'x') => ({ Id, MessageBody });
  const sendBatch = (Entries: ReturnType<typeof entry>[]) =>
    sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));

  test('is done but for the entries that are refused', async () => {
    const { Successful, Failed } = await sendBatch([entry('a'), entry('b', '\u0000'), entry('c', '😀')]);
    expect(Successful?.map(({ Id }) => Id)).toEqual(['a', 'c']);
    expect(Failed).toMatchObject([{ Id: 'b', Code: 'InvalidMessageContents', SenderFault: true }]);
  });

  test('of nothing but refused entries is answered', async () => {
    const { Successful, Failed } = await sendBatch([entry('a', '\u0000')]);
    expect([Successful, Failed?.length]).toEqual([[], 1]);
  });

  test.each([
    ['no entry', [], 'EmptyBatchRequest'],
    ['eleven entries', Array.from({ length: 11 }, (_, n) => entry(`e${n}`)), 'TooManyEntriesInBatchRequest'],
    ['one id twice', [entry('a'), entry('a')], 'BatchEntryIdsNotDistinct'],
    ['an id with a dot', [entry('a.b')], 'InvalidBatchEntryId'],
    ['an id of 81 characters', [entry('x'.repeat(81))], 'InvalidBatchEntryId'],
    [
      'more than 1 MiB together',
      [entry('a', 'x'.repeat(600_000)), entry('b', 'x'.repeat(600_000))],
      'BatchRequestTooLong',
    ],
  ])('with %s is refused', async (_name, entries, name) => {
    await expect(sendBatch(entries)).rejects.toMatchObject({ name });
  });
});

describe('a receipt handle', () => {
  test('deletes its message, and is refused when it is of another queue or made up', async () => {
    const queue = await createQueue('receipts');
    await send({ QueueUrl: queue });
    const [message] = await receive(queue);
    const ReceiptHandle = message?.ReceiptHandle ?? '';
    const refused = { name: 'ReceiptHandleIsInvalid' };
    const remove = (QueueUrl: string, handle: string) =>
      sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: handle }));
    await expect(remove(url, ReceiptHandle)).rejects.toMatchObject(refused);
    await expect(remove(queue, 'made-up')).rejects.toMatchObject(refused);
    const change = new ChangeMessageVisibilityCommand({
      QueueUrl: queue,
      ReceiptHandle: 'made-up',
      VisibilityTimeout: 0,
    });
    await expect(sqs.send(change)).rejects.toMatchObject(refused);
    const Entries = [
      { Id: 'good', ReceiptHandle },
      { Id: 'bad', ReceiptHandle: 'made-up' },
    ];
    const { Successful, Failed } = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queue, Entries }));
    expect(Successful).toEqual([{ Id: 'good' }]);
    expect(Failed).toMatchObject([{ Id: 'bad', Code: 'ReceiptHandleIsInvalid' }]);
  });
});

test('operations that fauxqs lacks are refused by name', async () => {
  const move = new StartMessageMoveTaskCommand({ SourceArn: 'arn:aws:sqs:us-east-1:000000000000:plain' });
  await expect(sqs.send(move)).rejects.toThrow('StartMessageMoveTask');
});

test('a message moves to the dead-letter queue after its receives', async () => {
  const dead = await createQueue('dead.fifo', { FifoQueue: 'true' });
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead.fifo',
    maxReceiveCount: 2,
  });
  const queue = await createQueue('tried.fifo', { FifoQueue: 'true', VisibilityTimeout: '0', RedrivePolicy });
  await sendOrdered({ QueueUrl: queue });
  const received = [await receive(queue), await receive(queue), await receive(queue)];
  expect(received.map(({ length }) => length)).toEqual([1, 1, 0]);
  expect(await receive(dead)).toHaveLength(1);
});
