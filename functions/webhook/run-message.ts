import { type BackOff, pauseAfter } from '../back-off.ts';
import { errorName } from '../connector-error.ts';
import { nameInEvent } from '../procore/resource-names.ts';
import { budgetClassOf } from './event-message.ts';
import { backOffSeconds, isPastRetention } from './giving-up.ts';
import { judgeFailure } from './judge-failure.ts';
import { isKiller, longestUnclosed, withDeath } from './killers.ts';
import { readMarks } from './marks.ts';
import { ownLog } from './own-log.ts';
import { setAside } from './set-aside.ts';
import { withTimeLimit } from './time-limit.ts';
import { recordOf, type TryRecord, withTry } from './try-record.ts';
import type { HandledMark, WorkDependencies } from './work-dependencies.ts';
import { namesOf, readTries, type WorkItem } from './work-item.ts';
import type { DeadLetterReason } from './work-queue.ts';

/** Time kept at the end for keeping a failure, and for putting messages off or aside; milliseconds. */
const endReserve = 5_000;

/** How often a mark is tried, and the pauses between, in milliseconds: four seconds in all. */
const mostMarks = 5;
const markBackOff: BackOff = { first: 250, most: 2000 };

/** An event whose mark the ledger refuses stays on the queue for so long after its first receive, in seconds. */
export const longestUnmarked = 900;

/** As many events whose mark is not written yet a process remembers: the last ones. */
const mostUnmarked = 1000;

/**
 * Runs the integrator's code for a message, unless its key is left alone for a while. What is of an erased company goes
 * unhandled, and nothing is written about it.
 *
 * @returns `done`, also when the message went to the dead-letter queue; else the seconds to wait
 */
export async function runMessage(item: WorkItem, dependencies: WorkDependencies): Promise<'done' | number> {
  const { breaker, clock, unmarked } = dependencies;
  if (await isOfErased(item, dependencies)) return 'done';
  const handled = unmarked.get(item.message.messageId);
  if (handled !== undefined) return keepMark(item, handled, dependencies);
  const held = breaker.hold(item.key);
  if (held !== undefined) return comeLater(item, held, dependencies);
  const begun = item.isSuspect ? await begin(item, dependencies) : item;
  if (begun === 'done' || typeof begun === 'number') {
    breaker.ended(item.key);
    return begun;
  }
  const beganAt = clock();
  try {
    await handle(begun, dependencies);
  } catch (error) {
    return judgeFailure(error, begun, beganAt, dependencies);
  }
  breaker.succeeded(item.key);
  dependencies.observer.count('eventHandled');
  return keepSuccess(begun, beganAt, dependencies);
}

async function isOfErased({ content }: WorkItem, { isErased, observer }: WorkDependencies): Promise<boolean> {
  if (content.kind !== 'webhook_event' || (await isErased?.(content.event.companyId)) !== true) return false;
  observer.note('event.erased', { eventId: content.event.id });
  return true;
}

/** Puts a message off untried. @returns the seconds to wait; `done` when it was put off until SQS would delete it */
async function comeLater(item: WorkItem, seconds: number, dependencies: WorkDependencies): Promise<'done' | number> {
  const { message } = item;
  const now = dependencies.clock();
  if (!isPastRetention({ now, sentAt: message.sentAt })) return seconds;
  const read = item.ledger === 'read' ? item : await readTries(item, dependencies);
  // What cannot be read must not be overwritten by a record of no try.
  if (read === 'unreadable') return setAside(message, 'retention', dependencies);
  return setTriedAside(item, recordOf(message, read.tried, now), 'retention', dependencies);
}

/**
 * Writes down that a suspect is about to be run, so that its death, should it end the process, can be told from that of
 * others.
 *
 * @returns the suspect with its record; `done` when it has ended too many processes; the seconds to wait when the ledger
 * does not take it: nothing that may kill is run unnoticed
 */
async function begin(item: WorkItem, dependencies: WorkDependencies): Promise<WorkItem | 'done' | number> {
  const { ledger, observer, clock, randomFraction } = dependencies;
  const { message, content } = item;
  if (item.ledger === 'unreadable') {
    return comeLater(item, backOffSeconds(message.receiveCount, randomFraction()), dependencies);
  }
  const now = clock();
  const record = withDeath(recordOf(message, item.tried, now), item.tried, now, dependencies.visibilitySeconds);
  if (isKiller(record)) return setTriedAside(item, record, 'kills_worker', dependencies);
  const tried: TryRecord = { ...record, startedAt: now };
  try {
    await ledger.keepTries(content, tried);
  } catch (error) {
    observer.count('ledgerUnwritten');
    observer.note('event.start_not_kept', { ...namesOf(item), errorName: errorName(error) });
    // Perhaps it was kept, and only the answer was lost: it must not look as if the process had died.
    const pause = Math.min(backOffSeconds(message.receiveCount, randomFraction()), longestUnclosed);
    return comeLater(item, pause, dependencies);
  }
  return { ...item, tried };
}

/** Sends a message to the dead-letter queue for what is known of its tries, and keeps that it is there. */
async function setTriedAside(
  item: WorkItem,
  record: TryRecord,
  reason: DeadLetterReason,
  dependencies: WorkDependencies,
): Promise<'done' | number> {
  const lastTry = record.tries.at(-1);
  const ended = await setAside(item.message, reason, dependencies, { ...(lastTry && { lastTry }) });
  if (ended !== 'done') return ended;
  await dependencies.ledger.recordFailure(item.content, record, { reason }).catch((error: unknown) => {
    dependencies.observer.count('ledgerUnwritten');
    dependencies.observer.note('event.try_not_kept', { ...namesOf(item), errorName: errorName(error) });
  });
  return 'done';
}

async function handle({ content }: WorkItem, dependencies: WorkDependencies): Promise<void> {
  const { environment, handlers, observer, reads, sleep, remaining, secret } = dependencies;
  const log = ownLog(observer);
  const inTime = (work: (signal: AbortSignal) => Promise<void>) =>
    withTimeLimit(Math.max(remaining() - endReserve, 0), sleep, work);
  if (content.kind === 'connection_change') {
    reads.connectionChanged(environment, content.change.connectionId);
    return inTime(async (signal) => (await handlers()).onConnectionChange(content.change, { log, signal, secret }));
  }
  const { event } = content;
  const changed = [event.resourceName, ...event.relatedResources.map(({ name }) => name)];
  reads.resourceChanged(environment, event.companyId, changed.map(nameInEvent));
  const marked = { ...event, marks: await readMarks(event, dependencies) };
  const budgetClass = budgetClassOf(content);
  const procore = dependencies.companyClient(event.companyId, () => remaining() - endReserve, budgetClass);
  await inTime(async (signal) => (await handlers()).onEvent(marked, { log, signal, secret, procore }));
}

/**
 * Writes a mark, and tries again for some seconds: those behind it in its group wait meanwhile, so that an older one among
 * them does not come unmarked.
 */
async function markPatiently(mark: () => Promise<void>, { sleep, remaining }: WorkDependencies): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await mark();
    } catch (error) {
      const pauseMs = pauseAfter(tries, markBackOff);
      if (tries >= mostMarks || remaining() - pauseMs < endReserve) throw error;
      await sleep(pauseMs);
    }
  }
}

async function keepSuccess(item: WorkItem, beganAt: number, dependencies: WorkDependencies): Promise<'done' | number> {
  const { evidence, observer, clock } = dependencies;
  const { tried, message } = item;
  const now = clock();
  const durationMs = Math.round((now - beganAt) * 1000);
  const record = tried && withTry(recordOf(message, tried, beganAt), { at: beganAt, durationMs, outcome: 'handled' });
  const [ended] = await Promise.all([
    keepMark(item, { at: now, record }, dependencies),
    evidence.succeeded(item.key, beganAt).catch((error: unknown) => {
      observer.note('event.evidence_unwritten', { ...namesOf(item), errorName: errorName(error) });
    }),
  ]);
  return ended;
}

/**
 * Keeps that a message was handled. As long as the ledger does not take it, an event stays on the queue, and so do those
 * behind it: an older one among them would come as if it were the newest. This process does not run it again; another one
 * does, since delivery is at least once.
 *
 * @returns `done`; the seconds to wait when the mark is not written
 */
async function keepMark(
  item: WorkItem,
  handled: HandledMark,
  dependencies: WorkDependencies,
): Promise<'done' | number> {
  const { ledger, observer, clock, randomFraction, unmarked } = dependencies;
  const { content, message } = item;
  const { messageId, firstReceivedAt, receiveCount } = message;
  unmarked.delete(messageId);
  try {
    await markPatiently(() => ledger.markHandled(content, handled.at, handled.record), dependencies);
    return 'done';
  } catch (error) {
    observer.count('ledgerUnwritten');
    observer.note('event.not_marked', { ...namesOf(item), errorName: errorName(error) });
  }
  const isOrdered = content.kind === 'webhook_event' && content.event.occurredAt !== null;
  if (!isOrdered || clock() - firstReceivedAt >= longestUnmarked) return 'done';
  const [oldest] = unmarked.keys();
  if (oldest !== undefined && unmarked.size >= mostUnmarked) unmarked.delete(oldest);
  unmarked.set(messageId, handled);
  return Math.min(backOffSeconds(receiveCount, randomFraction()), longestUnclosed);
}
