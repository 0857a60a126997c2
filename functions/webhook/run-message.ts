import { errorName } from '../connector-error.ts';
import { budgetClassOf } from './event-message.ts';
import { backOffSeconds, isPastRetention } from './giving-up.ts';
import { judgeFailure } from './judge-failure.ts';
import { isKiller, longestUnclosed, withDeath } from './killers.ts';
import { readMarks } from './marks.ts';
import { ownLog } from './own-log.ts';
import { setAside } from './set-aside.ts';
import { withTimeLimit } from './time-limit.ts';
import { recordOf, type TryRecord, withTry } from './try-record.ts';
import type { WorkDependencies } from './work-dependencies.ts';
import { namesOf, readTries, type WorkItem } from './work-item.ts';
import type { DeadLetterReason } from './work-queue.ts';

/** Time kept at the end for keeping a failure, and for putting messages off or aside; milliseconds. */
const endReserve = 5_000;

/**
 * Runs the integrator's code for a message, unless its key is left alone for a while.
 *
 * @returns `done`, also when the message went to the dead-letter queue; else the seconds to wait
 */
export async function runMessage(item: WorkItem, dependencies: WorkDependencies): Promise<'done' | number> {
  const { breaker, clock } = dependencies;
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
  await keepSuccess(begun, beganAt, dependencies);
  return 'done';
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
  const record = withDeath(recordOf(message, item.tried, now), item.tried, now);
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
  const { handlers, observer, sleep, remaining } = dependencies;
  const log = ownLog(observer);
  const inTime = (work: (signal: AbortSignal) => Promise<void>) =>
    withTimeLimit(Math.max(remaining() - endReserve, 0), sleep, work);
  if (content.kind === 'connection_change') {
    return inTime(async (signal) => (await handlers()).onConnectionChange(content.change, { log, signal }));
  }
  const { event } = content;
  const marked = { ...event, marks: await readMarks(event, dependencies) };
  const budgetClass = budgetClassOf(content);
  const procore = dependencies.companyClient(event.companyId, () => remaining() - endReserve, budgetClass);
  await inTime(async (signal) => (await handlers()).onEvent(marked, { log, signal, procore }));
}

/** Keeps that a message was handled. To handle it again because that cannot be written would be worse. */
async function keepSuccess(item: WorkItem, beganAt: number, dependencies: WorkDependencies): Promise<void> {
  const { ledger, evidence, observer, clock } = dependencies;
  const { content, tried, message } = item;
  const now = clock();
  const durationMs = Math.round((now - beganAt) * 1000);
  const record = tried && withTry(recordOf(message, tried, beganAt), { at: beganAt, durationMs, outcome: 'handled' });
  await Promise.all([
    ledger.markHandled(content, now, record).catch((error: unknown) => {
      observer.count('ledgerUnwritten');
      observer.note('event.not_marked', { ...namesOf(item), errorName: errorName(error) });
    }),
    evidence.succeeded(item.key, beganAt).catch((error: unknown) => {
      observer.note('event.evidence_unwritten', { ...namesOf(item), errorName: errorName(error) });
    }),
  ]);
}
