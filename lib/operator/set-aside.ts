/** A message that was set aside, in an operator's hand. */
export interface InHand {
  readonly messageId: string;
  readonly receipt: string;
  /** Those of one group are worked in their order; absent in a queue without groups. */
  readonly groupId?: string;
}

/** A queue of messages that were set aside, as an operator works it. */
export interface SetAsideMessages<Message extends InHand> {
  /**
   * Takes up to ten messages in hand, hidden from others for a minute. Of one group no further one comes until those in
   * hand are deleted or given back, where the queue has groups.
   */
  receive(): Promise<readonly Message[]>;
  /** Gives messages back untouched. One that is not in hand any more is with the others already. */
  giveBack(messages: readonly Message[]): Promise<void>;
  delete(message: Message): Promise<void>;
}

/** What {@link goThrough} does with messages. */
export interface Walk<Message extends InHand> {
  /** Works a message and tells what becomes of it. It is deleted only after that. */
  readonly judge: (message: Message) => Promise<'done' | 'keep'>;
  /** Hears how many are done and how many were seen, after each one. */
  readonly progress: (done: number, seen: number) => void;
  /** Ends the walk: what has been begun is finished, all else is given back. */
  readonly signal: AbortSignal;
}

/** How a walk ended. */
export interface Walked {
  readonly done: number;
  /** Those that were seen and are still there. */
  readonly kept: number;
  /** Whether the signal was given: there may be more than was seen. */
  readonly interrupted: boolean;
}

/**
 * Shows every message of a queue once to `judge`, up to ten at a time, those of one group one after another. Behind a
 * message that is kept, those of its group are kept, too.
 *
 * Messages are told apart by their ids: what is kept is seen again after a minute, and a count would never end. It is
 * over when nothing comes, or when the same message is shown for the third time with nothing new in between.
 *
 * @throws the first error of `judge` or the queue, after all that is in hand was given back
 */
export async function goThrough<Message extends InHand>(
  queue: SetAsideMessages<Message>,
  { judge, progress, signal }: Walk<Message>,
): Promise<Walked> {
  const done = new Set<string>();
  const kept = new Map<string, Message>();
  const closedGroups = new Set<string>();
  const failures: unknown[] = [];
  const isEnding = () => signal.aborted || failures.length > 0;

  const keep = (message: Message) => {
    // Seen again, it has a new receipt: only that one gives it back.
    kept.set(message.messageId, message);
    if (message.groupId !== undefined) closedGroups.add(message.groupId);
  };
  const work = async (message: Message) => {
    const { messageId, groupId } = message;
    const isClosed = groupId !== undefined && closedGroups.has(groupId);
    if (!done.has(messageId)) {
      if (isEnding() || isClosed || kept.has(messageId) || (await judge(message)) === 'keep') return keep(message);
      done.add(messageId);
    }
    await queue.delete(message);
  };
  const workGroup = async (messages: readonly Message[]) => {
    for (const message of messages) {
      await work(message).catch((error: unknown) => {
        failures.push(error);
        keep(message);
      });
      progress(done.size, done.size + kept.size);
    }
  };

  let shownAgain = new Set<string>();
  try {
    while (!isEnding()) {
      const some = await queue.receive();
      if (some.length === 0) break;
      const isNew = ({ messageId }: Message) => !done.has(messageId) && !kept.has(messageId);
      if (some.some(isNew)) shownAgain = new Set();
      const isOver = some.some(({ messageId }) => shownAgain.has(messageId));
      for (const message of some) if (!isNew(message)) shownAgain.add(message.messageId);
      await Promise.all(groupsOf(some).map(workGroup));
      if (isOver) break;
    }
  } catch (error) {
    failures.push(error);
  }
  await queue.giveBack([...kept.values()]).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
  return { done: done.size, kept: kept.size, interrupted: signal.aborted };
}

function groupsOf<Message extends InHand>(messages: readonly Message[]): readonly (readonly Message[])[] {
  return [...Map.groupBy(messages, ({ groupId, messageId }) => groupId ?? messageId).values()];
}
