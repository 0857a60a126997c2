import type { Clock } from '../../functions/clock.ts';

/** What is sent to a queue. */
export interface SentMessage {
  readonly body: string;
  /** Of a FIFO queue; a standard one has no groups. */
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A message as it is handed out. */
export interface HandedOut {
  readonly messageId: string;
  readonly receipt: string;
  readonly body: string;
  readonly groupId: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Epoch seconds. */
  readonly sentAt: number;
  /** How often it has been handed out, this time included. */
  readonly receiveCount: number;
  /** Epoch seconds. */
  readonly firstReceivedAt: number;
}

/** A message as it lies on the queue. */
export interface QueuedMessage {
  readonly body: string;
  readonly groupId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A queue in this process, as SQS keeps it; nothing waits by itself. */
export interface MemorySqs {
  /** What was sent and not deleted, in hand or not, oldest first; it goes on changing. */
  readonly messages: readonly QueuedMessage[];
  /** @returns `refused` when SQS would never take the message */
  send(message: SentMessage): 'sent' | 'refused';
  /** Hands out up to ten, or as many as asked for; of a group with a message in hand no further one comes. */
  receive(visibilitySeconds: number, most?: number): readonly HandedOut[];
  /** @returns false when the message is not in the hand of whoever has this receipt */
  changeVisibility(receipt: string, seconds: number): boolean;
  /** Deletes the message, if it is in the hand of whoever has this receipt. */
  delete(receipt: string): void;
}

/** SQS remembers a deduplication id for 5 minutes from the sending, whatever becomes of the message. */
const deduplicationSeconds = 300;
/** As the stack sets the queues up. */
const retentionSeconds = 14 * 24 * 3600;
const mostBytes = 1024 * 1024;

interface Kept {
  readonly message: QueuedMessage;
  readonly messageId: string;
  readonly sentAt: number;
  receiveCount: number;
  receipt?: string;
  firstReceivedAt?: number;
  visibleAt: number;
}

/** The control characters that SQS refuses, halves of surrogate pairs, U+FFFE and U+FFFF. */
const isRefused = (text: string) => /[^\P{Cc}\t\n\r\u007F-\u009F]|[\p{Cs}\uFFFE\uFFFF]/u.test(text);

/** Makes an empty queue by a clock that a test can move; one without group ids is a standard queue. */
export function memorySqs(clock: Clock): MemorySqs {
  const kept: Kept[] = [];
  const messages: QueuedMessage[] = [];
  let made = 0;
  const sentAt = new Map<string, number>();
  const current = () => kept.filter((each) => clock() < each.sentAt + retentionSeconds);
  const inHand = (each: Kept) => each.visibleAt > clock();
  const heldBy = (receipt: string) => current().find((each) => each.receipt === receipt && inHand(each));

  return {
    messages,
    send({ body, groupId = '', deduplicationId, attributes = {} }) {
      const texts = [body, ...Object.entries(attributes).flat()];
      if (texts.some((text) => isRefused(text))) return 'refused';
      if (Buffer.byteLength(texts.join('')) > mostBytes) return 'refused';
      // As the stack sets the queues up: deduplication within the group.
      const key = deduplicationId === undefined ? undefined : JSON.stringify([groupId, deduplicationId]);
      if (key !== undefined) {
        if (clock() - (sentAt.get(key) ?? Number.NEGATIVE_INFINITY) < deduplicationSeconds) return 'sent';
        sentAt.set(key, clock());
      }
      made += 1;
      const message = { body, groupId, attributes };
      const messageId = `message-${made}`;
      kept.push({ messageId, message, sentAt: clock(), receiveCount: 0, visibleAt: clock() });
      messages.push(message);
      return 'sent';
    },
    receive(visibilitySeconds, most = 10) {
      const held = new Set(
        current()
          .filter((each) => inHand(each) && each.message.groupId !== '')
          .map(({ message }) => message.groupId),
      );
      const free = current().filter((each) => !inHand(each) && !held.has(each.message.groupId));
      return free.slice(0, most).map((each) => {
        each.receiveCount += 1;
        const receipt = `${each.messageId} for the ${each.receiveCount}. time`;
        each.receipt = receipt;
        each.visibleAt = clock() + visibilitySeconds;
        each.firstReceivedAt ??= clock();
        const { messageId, message, sentAt, receiveCount, firstReceivedAt } = each;
        return { ...message, messageId, receipt, sentAt, receiveCount, firstReceivedAt };
      });
    },
    changeVisibility(receipt, seconds) {
      const held = heldBy(receipt);
      if (held) held.visibleAt = clock() + seconds;
      return held !== undefined;
    },
    delete(receipt) {
      const held = heldBy(receipt);
      if (held === undefined) return;
      kept.splice(kept.indexOf(held), 1);
      messages.splice(messages.indexOf(held.message), 1);
    },
  };
}
