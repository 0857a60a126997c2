import type { RemainingTime } from '../clock.ts';
import type { Whose } from './company-traces.ts';

/** A message that is in hand: nobody else sees it for some minutes. */
export interface MessageInHand {
  readonly messageId: string;
  readonly receipt: string;
  readonly body: string;
}

/** A queue of messages that were set aside, which no function works. */
export interface SetAsideQueue {
  /** Takes up to ten messages in hand. @returns none when none can be seen */
  receive(): Promise<readonly MessageInHand[]>;
  delete(messages: readonly MessageInHand[]): Promise<void>;
  /** Lets others see messages again at once. */
  giveBack(messages: readonly MessageInHand[]): Promise<void>;
}

/** What became of a walk through a queue. */
export interface QueueWalk {
  readonly deleted: number;
  /** Messages of which nobody can tell whose they are. They stay. */
  readonly unknown: number;
  /** Whether the queue was gone through until it showed no more. */
  readonly isWhole: boolean;
}

/** A queue has no more to show when it answers so often in a row without a message. */
const emptyAnswers = 2;

/**
 * Goes through a queue and deletes what is of an erased company. All others are in hand until the walk ends, so that each is
 * seen once, and are then given back. A walk that is killed leaves them hidden for some minutes.
 */
export async function walkQueue(
  queue: SetAsideQueue,
  whose: (body: string) => Whose,
  remaining: RemainingTime,
): Promise<QueueWalk> {
  const others: MessageInHand[] = [];
  let [deleted, unknown, empty] = [0, 0, 0];
  try {
    while (empty < emptyAnswers && remaining() > 0) {
      const some = await queue.receive();
      empty = some.length === 0 ? empty + 1 : 0;
      const judged = some.map((message) => ({ message, whose: whose(message.body) }));
      const ofErased = judged.filter((each) => each.whose === 'erased').map(({ message }) => message);
      others.push(...some.filter((message) => !ofErased.includes(message)));
      if (ofErased.length > 0) await queue.delete(ofErased);
      deleted += ofErased.length;
      unknown += judged.filter((each) => each.whose === 'unknown').length;
    }
  } finally {
    await queue.giveBack(others);
  }
  return { deleted, unknown, isWhole: empty >= emptyAnswers };
}
