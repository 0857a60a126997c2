import { errorName } from '../connector-error.ts';
import { shareAmongCompanies } from './company-share.ts';
import type { WorkDependencies } from './work-dependencies.ts';
import { deleteDone, type Group, type Progress, postpone, readGroups, workGroup } from './work-groups.ts';
import type { ReceivedMessage } from './work-queue.ts';

/** When a worker that waits for a message takes further ones, and how long it goes on with it; milliseconds. */
const waiting = { from: 2000, reserve: 15_000 } as const;

/** As many messages are under way at once as in a batch; those that hang do not count. */
const atOnce = 10;

/** A message that has run for so many seconds hangs, as far as others are concerned. */
const hangsAfter = 10;

/** A message that has run for so many seconds is slow: no further one of its key is taken up beside it. */
const slowAfter = 5;

/**
 * How long is put off what cannot run beside what is under way (at most: never longer than that has run already, so that
 * code which just takes some seconds is hardly held up), and what is beyond a company's share; in seconds, and up to as
 * long again by chance.
 */
const putOffSeconds = { beside: 20, beyondShare: 2 } as const;

/**
 * Takes further messages from the queue while the batch waits for a slow one. Without that, a company whose system hangs
 * would hold a worker for a minute, and after a few of its events all of them: SQS gives a worker its next batch only when
 * the last one has ended.
 *
 * Messages of a key of which one is slow are put off, so that hanging ones do not pile up; and so are suspects, which must
 * be alone.
 *
 * @param batch ends when the batch has ended, as far as nothing has to be alone
 */
export async function takeMore(
  batch: Promise<unknown>,
  progress: Progress,
  dependencies: WorkDependencies,
): Promise<void> {
  const { sleep, remaining } = dependencies;
  const rounds = new Set<Promise<void>>();
  let isOver = false;
  const over = batch.then(() => {
    isOver = true;
  });
  for (;;) {
    await Promise.race([over, sleep(waiting.from)]);
    if (isOver || remaining() < waiting.reserve) break;
    // SQS hands out no further message of a group before those that are done are deleted, and Lambda waits with that.
    await deleteDone(progress, dependencies);
    const messages = await receive(freeFor(progress, dependencies), dependencies);
    if (messages.length === 0) continue;
    const round = workFurther(messages, progress, dependencies).finally(() => rounds.delete(round));
    rounds.add(round);
  }
  await Promise.all([over, ...rounds]);
}

/** How many more messages may be under way. */
function freeFor({ running }: Progress, { clock }: WorkDependencies): number {
  const young = [...running.values()].filter((since) => clock() - since < hangsAfter);
  return Math.max(atOnce - young.length, 0);
}

async function receive(most: number, { queue, observer }: WorkDependencies): Promise<readonly ReceivedMessage[]> {
  if (most === 0) return [];
  try {
    return await queue.receive(most);
  } catch (error) {
    observer.note('event.none_taken', { errorName: errorName(error) });
    return [];
  }
}

async function workFurther(
  messages: readonly ReceivedMessage[],
  progress: Progress,
  dependencies: WorkDependencies,
): Promise<void> {
  const { clock, randomFraction } = dependencies;
  const now = clock();
  const ranFor = new Map<string, number>();
  for (const [item, since] of progress.running) {
    if ('key' in item) ranFor.set(item.key, Math.max(ranFor.get(item.key) ?? 0, now - since));
  }
  const isSlow = (key: string) => (ranFor.get(key) ?? 0) >= slowAfter;
  const mayRun = ({ items }: Group) =>
    items.every((item) => !('key' in item) || (!item.isSuspect && !isSlow(item.key)));
  /** Suspects wait until the batch has ended. */
  const besideSeconds = ({ items }: Group) =>
    Math.max(
      ...items.map((item) => ('key' in item && !item.isSuspect ? (ranFor.get(item.key) ?? 0) : putOffSeconds.beside)),
    );
  const groups = await readGroups(messages, dependencies);
  const { worked, waiting: beyondShare } = shareAmongCompanies(groups.filter(mayRun));
  const putOff = ({ items }: Group, seconds: number) =>
    postpone(items, Math.ceil(seconds * (1 + randomFraction())), dependencies);
  await Promise.all([
    ...worked.map(({ items }) => workGroup(items, progress, dependencies)),
    ...groups
      .filter((group) => !mayRun(group))
      .map((group) => putOff(group, Math.min(besideSeconds(group), putOffSeconds.beside))),
    ...beyondShare.map((group) => putOff(group, putOffSeconds.beyondShare)),
  ]);
  await deleteDone(progress, dependencies);
}
