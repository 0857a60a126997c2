import type { ReceivedMessage } from '../../../functions/webhook/work-queue.ts';
import { Heap } from '../heap.ts';

/** A message as it lies on the queue. */
export interface FifoMessage {
  readonly messageId: string;
  readonly groupId: string;
  readonly body: string;
  /** Epoch seconds. */
  readonly sentAt: number;
  readonly sequence: number;
  receiveCount: number;
  firstReceivedAt: number | undefined;
  receipt: string | undefined;
  visibleAt: number;
}

interface Group {
  readonly messages: FifoMessage[];
  /** While a message of it is in flight none is handed out. */
  lockedUntil: number;
}

/** How the queue is set up; those of the stack, or smaller ones to come to their end sooner. */
export interface FifoLimits {
  readonly visibilitySeconds: number;
  readonly maxReceiveCount: number;
  readonly retentionSeconds: number;
  /** So many of the oldest messages, those in flight among them, are looked at for the next one to hand out. */
  readonly lookAhead: number;
}

/** What the queue does by itself. */
export interface FifoWatch {
  /** It deleted a message for its age. */
  expired(message: FifoMessage): void;
  /** It moved a message to the dead-letter queue, since it was received too often. */
  moved(message: FifoMessage): void;
  deleted(message: FifoMessage): void;
}

/**
 * A FIFO queue of SQS with as many groups as there are resources: fast enough for a hundred thousand messages.
 *
 * @see [FIFO quotas](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-fifo.html)
 * @see [Using the message group id](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagegroupid-property.html)
 */
export class SimulatedFifo {
  readonly messages = new Map<string, FifoMessage>();
  readonly #groups = new Map<string, Group>();
  readonly #byReceipt = new Map<string, FifoMessage>();
  /** Groups that can be handed out, in the order in which they came to that. */
  readonly #ready = new Set<Group>();
  /** The others, by when their lock ends; what is not true any more is skipped. */
  readonly #locked = new Heap<Group>();
  readonly #clock: () => number;
  readonly #limits: FifoLimits;
  readonly #watch: FifoWatch;
  #sent = 0;

  constructor(clock: () => number, limits: FifoLimits, watch: FifoWatch) {
    this.#clock = clock;
    this.#limits = limits;
    this.#watch = watch;
  }

  send({ body, groupId }: { readonly body: string; readonly groupId: string }): FifoMessage {
    this.#sent += 1;
    const message: FifoMessage = {
      messageId: `m${this.#sent}`,
      ...{ groupId, body, sentAt: this.#clock(), sequence: this.#sent },
      ...{ receiveCount: 0, firstReceivedAt: undefined, receipt: undefined, visibleAt: 0 },
    };
    this.messages.set(message.messageId, message);
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = { messages: [], lockedUntil: 0 };
      this.#groups.set(groupId, group);
    }
    group.messages.push(message);
    if (group.lockedUntil <= this.#clock()) this.#ready.add(group);
    return message;
  }

  /** When a group can next be handed out, epoch seconds; undefined when there is none. */
  nextReadyAt(): number | undefined {
    this.#unlock();
    const last = this.#lastInSight();
    for (const { messages } of this.#ready) {
      if (messages.some(({ sequence }) => sequence <= last)) return this.#clock();
    }
    return this.#locked.first()?.at;
  }

  /** Hands out messages of one group after the other, each group's in order. */
  receive(most: number): readonly ReceivedMessage[] {
    this.#unlock();
    const last = this.#lastInSight();
    const handedOut: ReceivedMessage[] = [];
    for (const group of this.#ready) {
      if (handedOut.length >= most) break;
      this.#expireOld(group);
      for (const message of [...group.messages]) {
        if (handedOut.length >= most || message.sequence > last) break;
        if (message.receiveCount >= this.#limits.maxReceiveCount) {
          this.#remove(message);
          this.#watch.moved(message);
        } else handedOut.push(this.#handOut(message, group));
      }
    }
    return handedOut;
  }

  /** @returns false when the message is not in the hand of whoever has this receipt */
  changeVisibility(receipt: string, seconds: number): boolean {
    const message = this.#inHand(receipt);
    if (message === undefined) return false;
    message.visibleAt = this.#clock() + seconds;
    this.#lock(this.#groupOf(message));
    return true;
  }

  /** Deletes a message that is in the hand of whoever has this receipt. */
  delete(receipt: string): boolean {
    const message = this.#inHand(receipt);
    if (message === undefined) return false;
    this.#remove(message);
    this.#watch.deleted(message);
    return true;
  }

  #inHand(receipt: string): FifoMessage | undefined {
    const message = this.#byReceipt.get(receipt);
    return message?.receipt === receipt && message.visibleAt > this.#clock() ? message : undefined;
  }

  #groupOf({ groupId }: FifoMessage): Group {
    return this.#groups.get(groupId) as Group;
  }

  #handOut(message: FifoMessage, group: Group): ReceivedMessage {
    const now = this.#clock();
    if (message.receipt !== undefined) this.#byReceipt.delete(message.receipt);
    message.receiveCount += 1;
    message.firstReceivedAt ??= now;
    message.receipt = `${message.messageId}/${message.receiveCount}`;
    message.visibleAt = now + this.#limits.visibilitySeconds;
    this.#byReceipt.set(message.receipt, message);
    this.#lock(group);
    const { messageId, receipt, groupId, body, receiveCount, sentAt, firstReceivedAt } = message;
    return { messageId, receipt, groupId, body, receiveCount, sentAt, firstReceivedAt };
  }

  #lock(group: Group): void {
    const lockedUntil = Math.max(0, ...group.messages.map(({ visibleAt }) => visibleAt));
    if (lockedUntil === group.lockedUntil) return;
    group.lockedUntil = lockedUntil;
    this.#ready.delete(group);
    this.#locked.put(lockedUntil, group);
  }

  #unlock(): void {
    const now = this.#clock();
    for (let first = this.#locked.first(); first !== undefined; first = this.#locked.first()) {
      const { at, item: group } = first;
      const isTrue = at === group.lockedUntil && group.messages.length > 0;
      if (isTrue && at > now) return;
      this.#locked.take();
      if (isTrue) this.#ready.add(group);
    }
  }

  #remove(message: FifoMessage): void {
    this.messages.delete(message.messageId);
    if (message.receipt !== undefined) this.#byReceipt.delete(message.receipt);
    const group = this.#groupOf(message);
    group.messages.splice(group.messages.indexOf(message), 1);
    if (group.messages.length > 0) {
      this.#lock(group);
      return;
    }
    this.#ready.delete(group);
    this.#groups.delete(message.groupId);
  }

  /** Deletes what is too old, in all groups. */
  expire(): void {
    for (const group of [...this.#groups.values()]) this.#expireOld(group);
  }

  #expireOld(group: Group): void {
    const now = this.#clock();
    for (const message of [...group.messages]) {
      if (now < message.sentAt + this.#limits.retentionSeconds) return;
      this.#remove(message);
      this.#watch.expired(message);
    }
  }

  /** The last message that is looked at. */
  #lastInSight(): number {
    if (this.messages.size <= this.#limits.lookAhead) return Number.POSITIVE_INFINITY;
    let left = this.#limits.lookAhead;
    for (const { sequence } of this.messages.values()) if (--left === 0) return sequence;
    return Number.POSITIVE_INFINITY;
  }
}
