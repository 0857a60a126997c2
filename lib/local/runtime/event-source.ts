import { setTimeout as pause } from 'node:timers/promises';
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type BackOff, pauseAfter } from '../../../functions/back-off.ts';
import { queueArn, queueNameOfUrl, region } from '../aws/identity.ts';
import { type InvokeResult, type LogLine, TooManyExecutionsError } from './invocation.ts';
import { RuntimeStoppedError } from './runtime.ts';

/** An event source mapping: which queue feeds which function, and how. */
export interface EventSource {
  /** The real client, pointed at the stand-in; its `queueUrl` must point there, too. */
  client: SQSClient;
  queueUrl: string;
  functionName: string;
  /** 1 to 10. */
  batchSize: number;
  /** How many batches the function may work on at once. Default is 5, with which Lambda begins. */
  maximumConcurrency?: number;
  /** The queue's visibility time-out, in seconds. */
  visibilityTimeoutSeconds: number;
  /** Whether the function says which messages of a batch failed. */
  reportBatchItemFailures: boolean;
  invoke(event: unknown): Promise<InvokeResult>;
  /** Gets a line for every fault of the mapping itself; a function's own error is in the function's log. */
  log(line: LogLine): void;
}

/** Between two tries of a throttled batch, in milliseconds. AWS says no more than that it backs off. */
const backOff: BackOff = { first: 500, most: 10_000, jitter: { from: 0.5, spread: 1 } };

/**
 * Feeds a queue's messages to a function in batches and deletes those that it handled. What failed stays, hidden, and
 * comes back when the queue's visibility time-out ends.
 *
 * While the account has no execution free, it works fewer batches at a time, down to one, and tries a batch again until
 * the visibility time-out of its messages ends. Then SQS hands them out again, and their receive count has gone up
 * without any try.
 *
 * @returns `stop`, which aborts the long poll and waits for the batches under way: stop the runtime at the same time
 *   to cut them short
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function startEventSource(source: EventSource): { stop(): Promise<void> } {
  if (source.batchSize > 10) {
    throw new Error(
      `BatchSize ${source.batchSize} of the event source mapping for ${source.functionName} is not supported locally: ` +
        'more than 10 messages take several receives and a batching window. Set it to 10 or less.',
    );
  }
  const stopping = new AbortController();
  const polling = poll(source, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await polling;
    },
  };
}

async function poll(source: EventSource, signal: AbortSignal): Promise<void> {
  const report = (text: string) => source.log({ functionName: source.functionName, stream: 'stderr', text });
  const batches = new Set<Promise<void>>();
  const most = source.maximumConcurrency ?? 5;
  let allowed = most;
  const back = (throttled: boolean) => {
    allowed = throttled ? Math.max(1, allowed - 1) : Math.min(most, allowed + 1);
  };
  while (!signal.aborted) {
    if (batches.size >= allowed) {
      await Promise.race(batches);
      continue;
    }
    try {
      const messages = await receive(source, signal);
      if (messages.length === 0) continue;
      const batch = handleWhenThereIsRoom(source, messages, signal, back)
        .catch((error: unknown) => {
          if (!(error instanceof RuntimeStoppedError))
            report(`A batch of ${queueNameOfUrl(source.queueUrl)} stays in the queue: ${String(error)}`);
        })
        .finally(() => batches.delete(batch));
      batches.add(batch);
    } catch (error) {
      if (signal.aborted) break;
      report(`Could not receive from ${queueNameOfUrl(source.queueUrl)}, trying again in a second: ${String(error)}`);
      await pause(1_000, undefined, { signal }).catch(() => {});
    }
  }
  await Promise.all(batches);
}

/** @param told gets whether a try was throttled */
async function handleWhenThereIsRoom(
  source: EventSource,
  messages: Message[],
  signal: AbortSignal,
  told: (throttled: boolean) => void,
): Promise<void> {
  const until = performance.now() + source.visibilityTimeoutSeconds * 1000;
  for (let tries = 1; ; tries++) {
    try {
      await handle(source, messages);
      return told(false);
    } catch (error) {
      if (!(error instanceof TooManyExecutionsError)) throw error;
      told(true);
      const milliseconds = pauseAfter(tries, backOff, Math.random());
      if (performance.now() + milliseconds >= until) throw error;
      await pause(milliseconds, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
    }
  }
}

async function receive({ client, queueUrl, batchSize }: EventSource, signal: AbortSignal): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: batchSize,
    WaitTimeSeconds: 20,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  });
  const { Messages = [] } = await client.send(command, { abortSignal: signal });
  return Messages;
}

async function handle(source: EventSource, messages: Message[]): Promise<void> {
  const result = await source.invoke({ Records: messages.map((message) => toRecord(message, source.queueUrl)) });
  if (result.functionError) return;
  const failed = source.reportBatchItemFailures ? readFailedIds(result.payload, messages) : new Set();
  if (failed === 'malformed') {
    throw new Error(
      `${source.functionName} must answer {"batchItemFailures":[{"itemIdentifier":MESSAGE_ID}]} with ids of this ` +
        'batch only; Lambda takes anything else as the failure of all.',
    );
  }
  const done = messages.filter((message) => !failed.has(message.MessageId));
  if (done.length === 0) return;
  const { Failed = [] } = await source.client.send(
    new DeleteMessageBatchCommand({
      QueueUrl: source.queueUrl,
      Entries: done.map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle })),
    }),
  );
  if (Failed.length > 0) throw new Error(`${Failed.length} handled messages could not be deleted: ${Failed[0]?.Code}`);
}

/** An empty answer, or one without a list, means that all succeeded. */
function readFailedIds(payload: unknown, messages: Message[]): Set<unknown> | 'malformed' {
  if (payload === null || payload === '') return new Set();
  if (typeof payload !== 'object' || Array.isArray(payload)) return 'malformed';
  const list = 'batchItemFailures' in payload ? payload.batchItemFailures : null;
  if (list === null) return new Set();
  if (!Array.isArray(list)) return 'malformed';
  const ids = new Set(list.map((item: unknown) => (item as { itemIdentifier?: unknown } | null)?.itemIdentifier));
  const known = new Set<unknown>(messages.map((message) => message.MessageId));
  return [...ids].every((id) => known.has(id)) ? ids : 'malformed';
}

function toRecord(message: Message, queueUrl: string): unknown {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([key, value]) => [
        key,
        {
          ...(value.StringValue !== undefined && { stringValue: value.StringValue }),
          ...(value.BinaryValue !== undefined && { binaryValue: Buffer.from(value.BinaryValue).toString('base64') }),
          stringListValues: [],
          binaryListValues: [],
          dataType: value.DataType,
        },
      ]),
    ),
    md5OfBody: message.MD5OfBody,
    ...(message.MD5OfMessageAttributes && { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn(queueNameOfUrl(queueUrl)),
    awsRegion: region,
  };
}
