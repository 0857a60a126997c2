import { errorName } from '../connector-error.ts';
import { readEventMessage } from './event-message.ts';
import { leastPause } from './giving-up.ts';
import { runMessage } from './run-message.ts';
import { setAside } from './set-aside.ts';
import type { WorkDependencies } from './work-dependencies.ts';
import { examine, type WorkItem } from './work-item.ts';
import type { DeadLetterReason, ReceivedMessage } from './work-queue.ts';

/** No further event is begun when less time than this is left, in milliseconds. */
export const startReserve = 10_000;

/** As many messages as one call of SQS deletes. */
const deletedAtOnce = 10;

/** A message that no worker of this environment can handle. */
interface Foreign {
  readonly message: ReceivedMessage;
  readonly reason: DeadLetterReason;
}

/** A message, read; without a key when no worker of this environment can handle it. */
export type Received = WorkItem | Foreign;

/** One resource's, or one connection's, messages, in order. */
export interface Group {
  /** Whom they are for; undefined when no worker of this environment can handle them. */
  readonly company: string | undefined;
  readonly items: readonly Received[];
}

/** What has become of the messages of an invocation so far. */
export interface Progress {
  readonly done: Set<ReceivedMessage>;
  /** What of it the worker has deleted itself. */
  readonly deleted: Set<ReceivedMessage>;
  /** What is under way, and since when, epoch seconds. */
  readonly running: Map<Received, number>;
  /** How many messages have been begun. */
  begun: number;
}

/** Begins with nothing done. */
export function noProgress(): Progress {
  return { done: new Set(), deleted: new Set(), running: new Map(), begun: 0 };
}

/** Reads messages, and looks up those that may be suspects. @returns them by their FIFO group */
export async function readGroups(
  messages: readonly ReceivedMessage[],
  dependencies: WorkDependencies,
): Promise<readonly Group[]> {
  const items = await Promise.all(messages.map((message) => readMessage(message, dependencies)));
  return [...Map.groupBy(items, ({ message }) => message.groupId).values()].map((group) => ({
    company: group
      .map((item) => ('company' in item ? item.company : undefined))
      .find((company) => company !== undefined),
    items: group,
  }));
}

async function readMessage(message: ReceivedMessage, dependencies: WorkDependencies): Promise<Received> {
  const content = readEventMessage(message.body);
  if (content === undefined) return { message, reason: 'unreadable_message' };
  if (content.environment !== dependencies.environment) return { message, reason: 'wrong_environment' };
  return examine(message, content, dependencies);
}

/**
 * Works a group up to its first suspect.
 *
 * @returns the suspect and those behind it, whose turn comes later; none when the group has to wait
 */
export async function workGroup(
  items: readonly Received[],
  progress: Progress,
  dependencies: WorkDependencies,
): Promise<readonly Received[]> {
  for (const [index, item] of items.entries()) {
    if ('isSuspect' in item && item.isSuspect) return items.slice(index);
    // The first one is always begun. Otherwise a function with a short time-out would never handle anything.
    const isInTime = index === 0 || dependencies.remaining() >= startReserve;
    const pause = isInTime ? await workItem(item, progress, dependencies) : 0;
    if (pause === 'done') continue;
    await postpone(items.slice(index), pause, dependencies);
    return [];
  }
  return [];
}

/**
 * Deletes what is done and was not deleted yet. Lambda deletes only when the invocation has ended well.
 */
export async function deleteDone({ done, deleted }: Progress, { queue, observer }: WorkDependencies): Promise<void> {
  const messages = [...done].filter((message) => !deleted.has(message));
  for (let index = 0; index < messages.length; index += deletedAtOnce) {
    const some = messages.slice(index, index + deletedAtOnce);
    // Two may be about to delete the same.
    for (const message of some) deleted.add(message);
    await queue.delete(some).catch((error: unknown) => {
      for (const message of some) deleted.delete(message);
      observer.note('event.not_deleted', { errorName: errorName(error), count: some.length });
    });
  }
}

/**
 * Works one message.
 *
 * @returns `done`, also when it went to the dead-letter queue; else the seconds to wait
 */
export async function workItem(
  item: Received,
  progress: Progress,
  dependencies: WorkDependencies,
): Promise<'done' | number> {
  progress.begun += 1;
  progress.running.set(item, dependencies.clock());
  const { message } = item;
  try {
    const ended = await ('reason' in item
      ? setAside(message, item.reason, dependencies)
      : runMessage(item, dependencies));
    if (ended === 'done') progress.done.add(message);
    return ended;
  } finally {
    progress.running.delete(item);
  }
}

/**
 * Puts messages of one group off.
 *
 * @param least the shortest pause; without it, as long as lets their receives last
 */
export async function postpone(
  items: readonly Received[],
  seconds: number,
  { queue, observer, clock }: WorkDependencies,
  least?: number,
): Promise<void> {
  const messages = items.map(({ message }) => message);
  const pause = Math.max(seconds, least ?? Math.max(...messages.map((message) => leastPause(message, clock()))));
  await queue.postpone(messages, pause).catch((error: unknown) => {
    // They come again all the same after the queue's visibility time-out.
    observer.note('event.not_postponed', { errorName: errorName(error), count: messages.length });
  });
}
