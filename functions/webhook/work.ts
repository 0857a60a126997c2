import { errorName } from '../connector-error.ts';
import { shareAmongCompanies } from './company-share.ts';
import { readEventMessage } from './event-message.ts';
import { leastPause } from './giving-up.ts';
import { longestUnclosed } from './killers.ts';
import { runMessage } from './run-message.ts';
import { setAside } from './set-aside.ts';
import type { WorkDependencies } from './work-dependencies.ts';
import { examine, type WorkItem } from './work-item.ts';
import type { DeadLetterReason, ReceivedMessage } from './work-queue.ts';

/** No further event of a group is begun when less time than this is left, in milliseconds. */
const startReserve = 10_000;

/** How long a company's groups beyond its share wait, in seconds, and up to as long again by chance. */
const shareSeconds = 2;

/** A message that no worker of this environment can handle. */
interface Foreign {
  readonly message: ReceivedMessage;
  readonly reason: DeadLetterReason;
}

type Received = WorkItem | Foreign;

/** One resource's, or one connection's, messages of the batch, in order. */
interface Group {
  readonly company: string | undefined;
  readonly items: readonly Received[];
}

/** What has become of the batch so far. */
interface Progress {
  readonly done: Set<ReceivedMessage>;
  /** How many messages have been begun. */
  begun: number;
}

/**
 * Works a batch of the event queue, its groups side by side and each group in order. When a message fails, the rest of
 * its group stays unhandled and comes back with it after the same pause: SQS hands out no message of a group while
 * another one of it is in flight.
 *
 * Suspects, which may have ended a worker before, are run after all others, one after another, when those that are done
 * have been deleted: so none of them takes others along.
 *
 * @returns the ids of the messages that are not done, for `batchItemFailures`
 * @see [Partial batch responses](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html)
 */
export async function workBatch(
  messages: readonly ReceivedMessage[],
  dependencies: WorkDependencies,
): Promise<readonly string[]> {
  const progress: Progress = { done: new Set(), begun: 0 };
  const { worked, waiting } = shareAmongCompanies(await readGroups(messages, dependencies));
  const waitSeconds = Math.ceil(shareSeconds * (1 + dependencies.randomFraction()));
  const [suspects] = await Promise.all([
    Promise.all(worked.map((group) => workGroup(group.items, progress, dependencies))),
    Promise.all(waiting.map(({ items }) => postpone(items, waitSeconds, dependencies))),
  ]);
  await workSuspects(
    suspects.filter((rest) => rest.length > 0),
    progress,
    dependencies,
  );
  return messages.filter((message) => !progress.done.has(message)).map(({ messageId }) => messageId);
}

async function readGroups(
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
async function workGroup(
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

/** Works what suspects head, one message after another; those last of which a try is known to have had no end. */
async function workSuspects(
  groups: readonly (readonly Received[])[],
  progress: Progress,
  dependencies: WorkDependencies,
): Promise<void> {
  const deleted = new Set<ReceivedMessage>();
  const hasOpen = (items: readonly Received[]) => items.some((item) => 'isOpen' in item && item.isOpen);
  const inTurn = [...groups.filter((items) => !hasOpen(items)), ...groups.filter(hasOpen)];
  for (const items of inTurn) {
    for (const [index, item] of items.entries()) {
      const isInTime = progress.begun === 0 || dependencies.remaining() >= startReserve;
      if (isInTime) await deleteDone(progress, deleted, dependencies);
      const pause = isInTime ? await workItem(item, progress, dependencies) : 0;
      if (pause === 'done') continue;
      // A suspect that is to be back soon may have an open try: later it would look as if its process had died.
      const isSoon = 'isSuspect' in item && item.isSuspect && pause <= longestUnclosed;
      await postpone(items.slice(index), pause, dependencies, isSoon ? 0 : undefined);
      break;
    }
  }
}

/** Deletes what is done and was not deleted yet: it must not come again because the next one ends the process. */
async function deleteDone(
  { done }: Progress,
  deleted: Set<ReceivedMessage>,
  { queue, observer }: WorkDependencies,
): Promise<void> {
  const messages = [...done].filter((message) => !deleted.has(message));
  if (messages.length === 0) return;
  try {
    await queue.delete(messages);
    for (const message of messages) deleted.add(message);
  } catch (error) {
    observer.note('event.not_deleted', { errorName: errorName(error), count: messages.length });
  }
}

/** @returns `done`, also when the message went to the dead-letter queue; else the seconds to wait */
async function workItem(item: Received, progress: Progress, dependencies: WorkDependencies): Promise<'done' | number> {
  progress.begun += 1;
  const { message } = item;
  const ended = await ('reason' in item
    ? setAside(message, item.reason, dependencies)
    : runMessage(item, dependencies));
  if (ended === 'done') progress.done.add(message);
  return ended;
}

async function postpone(
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
