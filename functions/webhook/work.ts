import { shareAmongCompanies } from './company-share.ts';
import { takeMore } from './take-more.ts';
import type { WorkDependencies } from './work-dependencies.ts';
import { noProgress, postpone, readGroups, workGroup } from './work-groups.ts';
import type { ReceivedMessage } from './work-queue.ts';
import { workSuspects } from './work-suspects.ts';

/** How long a company's groups beyond its share wait, in seconds, and up to as long again by chance. */
const shareSeconds = 2;

/**
 * Works a batch of the event queue, its groups side by side and each group in order. When a message fails, the rest of
 * its group stays unhandled and comes back with it after the same pause: SQS hands out no message of a group while
 * another one of it is in flight. While the batch waits for a slow message, further ones are taken and worked.
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
  const progress = noProgress();
  const { worked, waiting } = shareAmongCompanies(await readGroups(messages, dependencies));
  const waitSeconds = Math.ceil(shareSeconds * (1 + dependencies.randomFraction()));
  const innocent = Promise.all(worked.map(({ items }) => workGroup(items, progress, dependencies)));
  await Promise.all([
    takeMore(innocent, progress, dependencies),
    ...waiting.map(({ items }) => postpone(items, waitSeconds, dependencies)),
  ]);
  const suspects = (await innocent).filter((rest) => rest.length > 0);
  await workSuspects(suspects, progress, dependencies);
  return messages.filter((message) => !progress.done.has(message)).map(({ messageId }) => messageId);
}
