/** A message that was set aside from the event queue. */
export interface DeadLetter {
  readonly messageId: string;
  readonly receipt: string;
  readonly groupId: string;
  readonly body: string;
  /** Why; `received_too_often` when SQS itself moved it. */
  readonly reason: string;
  /** What a `Permanent` error said. */
  readonly detail?: string;
  /** When it was set aside, epoch seconds. */
  readonly sentAt: number;
}

/** The dead-letter queue of the event queue, as an operator works it. */
export interface DeadLetterQueue {
  /** How many messages it holds, roughly. */
  count(): Promise<number>;
  /**
   * Takes up to ten messages in hand, hidden from others for a minute. Of one group no further one comes until those in
   * hand are deleted or given back: it is a FIFO queue.
   */
  receive(): Promise<readonly DeadLetter[]>;
  /** Gives messages back untouched. */
  giveBack(letters: readonly DeadLetter[]): Promise<void>;
  /** Sends a copy to the event queue, with a deduplication id made of this message's own id. */
  redrive(letter: DeadLetter): Promise<void>;
  delete(letter: DeadLetter): Promise<void>;
}

/** What a redrive did. */
export interface Redriven {
  readonly redriven: number;
  /** Those that were looked at and not chosen. */
  readonly kept: number;
}

/**
 * Looks at the dead letters without taking any away. Of one resource, only the first few can be seen.
 *
 * @returns the letters, given back already
 */
export async function peekDeadLetters(queue: DeadLetterQueue, most: number): Promise<readonly DeadLetter[]> {
  const seen: DeadLetter[] = [];
  try {
    while (seen.length < most) {
      const some = await queue.receive();
      if (some.length === 0) break;
      seen.push(...some);
    }
  } finally {
    await queue.giveBack(seen);
  }
  return seen.slice(0, most);
}

/**
 * Sends dead letters to the event queue again, one resource's in their order: each is received, sent, then deleted. An
 * end between the last two leaves it in both queues, and repeating the redrive within 5 minutes sends it no second time.
 * One that fails again at once and comes back meanwhile is left alone.
 *
 * @param chosen which of them; those behind one that is not chosen, of the same resource, stay, too
 */
export async function redriveDeadLetters(
  queue: DeadLetterQueue,
  chosen: (letter: DeadLetter) => boolean,
  progress: (redriven: number) => void,
): Promise<Redriven> {
  const kept: DeadLetter[] = [];
  const sent = new Set<string>();
  let redriven = 0;
  try {
    for (;;) {
      const some = await queue.receive();
      if (some.length === 0) break;
      const held = new Set(kept.map(({ groupId }) => groupId));
      for (const letter of some) {
        if (held.has(letter.groupId) || sent.has(letter.body) || !chosen(letter)) {
          held.add(letter.groupId);
          kept.push(letter);
          continue;
        }
        await queue.redrive(letter);
        await queue.delete(letter);
        sent.add(letter.body);
        redriven += 1;
        progress(redriven);
      }
    }
  } finally {
    await queue.giveBack(kept);
  }
  return { redriven, kept: kept.length };
}
