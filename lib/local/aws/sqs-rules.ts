import { createHash, createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { faultOfName } from '../../aws-names.ts';
import { AwsRefusal } from './answer.ts';
import { queueNameOfUrl, queueUrl } from './identity.ts';

const messageFields = {
  MessageBody: z.string().optional(),
  MessageGroupId: z.string().optional(),
  MessageDeduplicationId: z.string().optional(),
  DelaySeconds: z.number().optional(),
  MessageAttributes: z
    .record(
      z.string(),
      z.looseObject({ DataType: z.string(), StringValue: z.string().optional(), BinaryValue: z.string().optional() }),
    )
    .optional(),
};
const entrySchema = z.looseObject({ ...messageFields, Id: z.string(), ReceiptHandle: z.string().optional() });
const requestSchema = z.looseObject({
  ...messageFields,
  QueueUrl: z.string().optional(),
  QueueName: z.string().optional(),
  Attributes: z.record(z.string(), z.string()).optional(),
  ReceiptHandle: z.string().optional(),
  Entries: z.array(entrySchema).optional(),
});
type Entry = z.infer<typeof entrySchema>;
type Request = z.infer<typeof requestSchema>;
type Message = z.infer<z.ZodObject<typeof messageFields>> & { ReceiptHandle?: string | undefined };

const answerSchema = z.looseObject({
  QueueUrl: z.string().optional(),
  QueueUrls: z.array(z.string()).optional(),
  MD5OfMessageBody: z.string().optional(),
  Messages: z.array(z.looseObject({ Body: z.string(), ReceiptHandle: z.string() })).optional(),
  Successful: z.array(z.looseObject({ Id: z.string() })).optional(),
  Failed: z.array(z.unknown()).optional(),
});

/** A checked call: what to ask the stand-in, and how to answer the caller with what it says. */
export interface CheckedSqsCall {
  /** undefined when no entry of a batch is left to ask for. */
  readonly forward: Request | undefined;
  answer(standInAnswer: unknown): unknown;
}

const unsupported = /^(Start|List|Cancel)MessageMoveTasks?$|^ListDeadLetterSourceQueues$/;

/**
 * Checks a call to SQS for what AWS refuses and fauxqs accepts, and translates between the two where they differ:
 * queue URLs point at the front, receipt handles are bound to their queue, bodies may hold any character that AWS allows.
 *
 * @param endpoint the front's origin
 * @throws AwsRefusal for what AWS refuses, and for operations that fauxqs lacks
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function checkSqsCall(operation: string, parameters: unknown, endpoint: string): CheckedSqsCall {
  if (unsupported.test(operation)) {
    throw new AwsRefusal('UnsupportedOperation', `The local SQS does not know ${operation}.`);
  }
  const parsed = requestSchema.safeParse(parameters);
  if (!parsed.success) throw new AwsRefusal('InvalidParameterValue', z.prettifyError(parsed.error));
  const request = parsed.data;
  if (operation === 'CreateQueue') checkQueueName(request);
  const queue = queueNameOfUrl(request.QueueUrl ?? '');
  const sends = operation.startsWith('SendMessage');
  const failed: object[] = [];
  const answer = (said: unknown) => translateAnswer(answerSchema.parse(said), request, queue, endpoint, failed);
  if (!operation.endsWith('Batch')) return { forward: translateMessage(request, queue, sends), answer };

  const entries = request.Entries ?? [];
  checkBatch(entries);
  const left: Entry[] = [];
  for (const entry of entries) {
    try {
      left.push(translateMessage(entry, queue, sends));
    } catch (error) {
      if (!(error instanceof AwsRefusal)) throw error;
      failed.push({ Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { forward: left.length > 0 ? { ...request, Entries: left } : undefined, answer };
}

/** fauxqs takes names of any length. */
function checkQueueName({ QueueName: name = '', Attributes: attributes }: Request): void {
  const Properties = { QueueName: name, FifoQueue: attributes?.FifoQueue === 'true' };
  const fault = faultOfName({ logicalId: name, Type: 'AWS::SQS::Queue', Properties }, '');
  if (fault !== undefined) throw new AwsRefusal('InvalidParameterValue', fault);
}

/** fauxqs checks batches too, but it sees only what is left of them, and ids of any length. */
function checkBatch(entries: readonly Entry[]): void {
  const problem =
    (entries.length === 0 && 'EmptyBatchRequest') ||
    (entries.length > 10 && 'TooManyEntriesInBatchRequest') ||
    (entries.some(({ Id }) => !/^[\w-]{1,80}$/.test(Id)) && 'InvalidBatchEntryId') ||
    (new Set(entries.map(({ Id }) => Id)).size < entries.length && 'BatchEntryIdsNotDistinct');
  if (!problem) return;
  throw new AwsRefusal(problem, 'A batch has 1 to 10 entries with distinct ids of 1 to 80 letters, digits, - and _.');
}

function translateMessage<M extends Message>(message: M, queue: string, sends: boolean): M {
  if (sends) checkMessage(message, queue);
  return {
    ...message,
    ...(message.MessageBody !== undefined && { MessageBody: encodeBody(message.MessageBody) }),
    ...(message.ReceiptHandle !== undefined && { ReceiptHandle: openReceiptHandle(message.ReceiptHandle, queue) }),
  };
}

const idPattern = /^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/;
const forbiddenCharacter = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
const characters = '#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF';

function checkMessage(message: Message, queue: string): void {
  const invalid = (parameter: string, reason: string): never => {
    throw new AwsRefusal('InvalidParameterValue', `Value for parameter ${parameter} is invalid. Reason: ${reason}`);
  };
  for (const parameter of ['MessageGroupId', 'MessageDeduplicationId'] as const) {
    const id = message[parameter];
    if (id !== undefined && !idPattern.test(id)) {
      invalid(parameter, `${parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.`);
    }
  }
  if (message.MessageDeduplicationId !== undefined && !queue.endsWith('.fifo')) {
    invalid('MessageDeduplicationId', 'The request include parameter that is not valid for this queue type.');
  }
  const delay = message.DelaySeconds ?? 0;
  if (delay < 0 || delay > 900) invalid('DelaySeconds', 'DelaySeconds must be >= 0 and <= 900.');
  if (forbiddenCharacter.test(message.MessageBody ?? '')) {
    throw new AwsRefusal('InvalidMessageContents', `Invalid characters found. Valid are ${characters}.`);
  }
  const attributes = Object.entries(message.MessageAttributes ?? {});
  if (attributes.length > 10) {
    const reason = `Number of message attributes [${attributes.length}] exceeds the allowed maximum [10].`;
    throw new AwsRefusal('InvalidParameterValue', reason);
  }
  for (const [name, { DataType, StringValue, BinaryValue }] of attributes) {
    if (!(DataType.startsWith('Binary') ? BinaryValue : StringValue)) {
      invalid(name, `The message attribute '${name}' must contain a non-empty value for its type '${DataType}'.`);
    }
    if (forbiddenCharacter.test(StringValue ?? '')) invalid(name, `Valid unicode characters are ${characters}`);
  }
}

function translateAnswer(
  answer: z.infer<typeof answerSchema>,
  request: Request,
  queue: string,
  endpoint: string,
  failed: readonly object[],
): unknown {
  const atFront = (url: string) => queueUrl(endpoint, queueNameOfUrl(url));
  const bodies = new Map(request.Entries?.map((entry) => [entry.Id, entry.MessageBody]));
  const withDigest = <T extends object>(sent: T, body: string | undefined) =>
    'MD5OfMessageBody' in sent && body !== undefined ? { ...sent, MD5OfMessageBody: md5(body) } : sent;
  return {
    ...withDigest(answer, request.MessageBody),
    ...(answer.QueueUrl !== undefined && { QueueUrl: atFront(answer.QueueUrl) }),
    ...(answer.QueueUrls && { QueueUrls: answer.QueueUrls.map(atFront) }),
    ...(request.Entries && {
      Successful: answer.Successful?.map((sent) => withDigest(sent, bodies.get(sent.Id))) ?? [],
      Failed: [...(answer.Failed ?? []), ...failed],
    }),
    ...(answer.Messages && {
      Messages: answer.Messages.map((message) => {
        const Body = decodeBody(message.Body);
        const ReceiptHandle = sealReceiptHandle(message.ReceiptHandle, queue);
        return { ...message, Body, MD5OfBody: md5(Body), ReceiptHandle };
      }),
    }),
  };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

const receiptKey = randomBytes(16);

/** AWS binds receipt handles to their queue and refuses any other text; fauxqs accepts everything. */
function sealReceiptHandle(handle: string, queue: string): string {
  return `${handle}.${createHmac('sha256', receiptKey).update(`${queue} ${handle}`).digest('base64url')}`;
}

function openReceiptHandle(sealed: string, queue: string): string {
  const handle = sealed.slice(0, sealed.lastIndexOf('.'));
  if (sealReceiptHandle(handle, queue) === sealed) return handle;
  throw new AwsRefusal('ReceiptHandleIsInvalid', `The input receipt handle "${sealed}" is not a valid receipt handle.`);
}

// fauxqs refuses #x10000 and above, which SQS accepts. Each half of such a character travels as one of the private-use
// characters #xE000 to #xE7FF; the few bodies that use those themselves have them escaped with #xF8FF.
function encodeBody(body: string): string {
  return body.replace(/[\uE000-\uE7FF\uF8FF]/g, '\uF8FF$&').replace(/[\uD800-\uDFFF]/g, (half) => shift(half, 0x800));
}

function decodeBody(body: string): string {
  const halves = /\uF8FF([\uE000-\uE7FF\uF8FF])|[\uE000-\uE7FF]/g;
  return body.replace(halves, (half, escaped?: string) => escaped ?? shift(half, -0x800));
}

function shift(character: string, distance: number): string {
  return String.fromCharCode(character.charCodeAt(0) + distance);
}
