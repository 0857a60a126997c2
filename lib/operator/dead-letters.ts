import { sha256 } from '../../functions/sha256.ts';
import { goThrough, type InHand, type SetAsideMessages, type Walk, type Walked } from './set-aside.ts';

/** A message that was set aside from the event queue. */
export interface DeadLetter extends InHand {
  readonly groupId: string;
  readonly body: string;
  /** Why; `received_too_often` when SQS itself moved it. */
  readonly reason: string;
  /** What a `Permanent` error said. */
  readonly detail?: string;
  /** When it was set aside, epoch seconds. */
  readonly sentAt: number;
}

/** The dead-letter queue of the event queue, as an operator works it: a FIFO queue. */
export interface DeadLetterQueue extends SetAsideMessages<DeadLetter> {
  /** How many messages it holds, roughly. */
  count(): Promise<number>;
  /** Sends a copy to the event queue, with a deduplication id made of this message's own id. */
  redrive(letter: DeadLetter): Promise<void>;
}

/**
 * Looks at the dead letters without taking any away. Of one resource, only the first few can be seen.
 *
 * @param signal ends the look
 * @returns the letters, given back already
 */
export async function peekDeadLetters(
  queue: DeadLetterQueue,
  most: number,
  signal: AbortSignal,
): Promise<readonly DeadLetter[]> {
  const seen = new Map<string, DeadLetter>();
  try {
    while (seen.size < most && !signal.aborted) {
      const some = await queue.receive();
      const before = seen.size;
      for (const letter of some) seen.set(letter.messageId, letter);
      if (seen.size === before) break;
    }
  } finally {
    await queue.giveBack([...seen.values()]);
  }
  return [...seen.values()].slice(0, most);
}

/**
 * Sends dead letters to the event queue again, one resource's in their order: each is received, sent, then deleted. An
 * end between the last two leaves it in both queues, and repeating the redrive within 5 minutes sends it no second time.
 * One that fails again at once and comes back meanwhile is left alone.
 *
 * @param chosen which of them; those behind one that is not chosen, of the same resource, stay, too
 * @throws what the queue throws, after all that is in hand was given back
 */
export function redriveDeadLetters(
  queue: DeadLetterQueue,
  chosen: (letter: DeadLetter) => boolean,
  walk: Omit<Walk<DeadLetter>, 'judge'>,
): Promise<Walked> {
  // What comes back has a new id and the same body.
  const sent = new Set<string>();
  const judge = async (letter: DeadLetter) => {
    const content = sha256(letter.body);
    if (sent.has(content) || !chosen(letter)) return 'keep';
    await queue.redrive(letter);
    sent.add(content);
    return 'done';
  };
  return goThrough(queue, { ...walk, judge });
}
