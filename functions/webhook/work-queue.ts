import type { Try } from './try-record.ts';

/**
 * What the worker counts on about the queue of events, and the stack sets: how often SQS hands a message out before it
 * moves it to the dead-letter queue itself, which is as often as it can be told, and how long a message that was handed
 * out stays hidden when its worker dies, in seconds.
 *
 * @see [SetQueueAttributes](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html)
 */
export const eventQueueLimits = { receives: 1000, visibilitySeconds: 360 } as const;

/** A message as the event queue handed it out. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly receipt: string;
  readonly groupId: string;
  readonly body: string;
  /** How often SQS has handed it out, this time included. It proves nothing: not each of these times was a try. */
  readonly receiveCount: number;
  /** When it was sent, epoch seconds; a redrive sends it anew. */
  readonly sentAt: number;
  /** When SQS first handed it out, epoch seconds. */
  readonly firstReceivedAt: number;
}

/** A message as Lambda, and SQS itself, hand it out. */
export interface HandedOutMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** Its system attributes. */
  readonly attributes: Readonly<Partial<Record<string, string>>>;
}

/** Reads a message of the event queue as it was handed out. */
export function receivedMessage({ messageId, receiptHandle, body, attributes }: HandedOutMessage): ReceivedMessage {
  return {
    messageId,
    receipt: receiptHandle,
    // The queue is FIFO: there is always a group.
    groupId: attributes.MessageGroupId ?? '',
    body,
    receiveCount: Number(attributes.ApproximateReceiveCount),
    sentAt: Number(attributes.SentTimestamp) / 1000,
    firstReceivedAt: Number(attributes.ApproximateFirstReceiveTimestamp) / 1000,
  };
}

/**
 * Why a message went to the dead-letter queue. `tries_spent` is what versions before this one wrote.
 *
 * - `permanent`: `onEvent` threw a `Permanent` error.
 * - `fails_alone`: it failed while others of its kind succeeded.
 * - `failed_too_long`: it failed for as many hours as `giveUpAfterHours` says.
 * - `kills_worker`: the worker died with it, alone, twice.
 * - `retention`: it could not be handled in ten days, and SQS would delete it.
 * - `unreadable_message`, `wrong_environment`: it is none of this worker's messages.
 */
export type DeadLetterReason =
  | 'permanent'
  | 'fails_alone'
  | 'failed_too_long'
  | 'kills_worker'
  | 'retention'
  | 'tries_spent'
  | 'unreadable_message'
  | 'wrong_environment';

/** What is sent along with a dead letter. */
export interface DeadLetterNote {
  /** What a `Permanent` error said. */
  readonly detail?: string;
  /** The last try: the ledger may have refused to keep it. */
  readonly lastTry?: Try;
}

/** What the worker can do with messages besides handling them. */
export interface EventWorkQueue {
  /** Hides the messages of one group for some seconds; 0 offers them again at once. */
  postpone(messages: readonly ReceivedMessage[], seconds: number): Promise<void>;
  /** Sends a copy to the dead-letter queue. The original is deleted when it is reported as done. */
  deadLetter(message: ReceivedMessage, reason: DeadLetterReason, note?: DeadLetterNote): Promise<void>;
  /** Takes further messages, at most so many of ten, without waiting for more than a second. */
  receive(most: number): Promise<readonly ReceivedMessage[]>;
  /** Deletes messages that are done, at most ten, before something is run that may end the process. */
  delete(messages: readonly ReceivedMessage[]): Promise<void>;
}
