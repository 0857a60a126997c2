import { errorName, stackFrames } from '../connector-error.ts';
import { type Blame, blame } from './blame.ts';
import { subjectId } from './event-message.ts';
import { isCounted, keyWorks } from './evidence.ts';
import { backOffSeconds, isPastRetention, reasonToGiveUp } from './giving-up.ts';
import { longestUnclosed } from './killers.ts';
import { setAside } from './set-aside.ts';
import { HandlerTimeoutError } from './time-limit.ts';
import { toldError } from './told-error.ts';
import { failedTry, recordOf, type Try, type TryOutcome, type TryRecord, withTry } from './try-record.ts';
import type { WorkDependencies } from './work-dependencies.ts';
import { namesOf, readTries, type WorkItem } from './work-item.ts';
import type { DeadLetterReason } from './work-queue.ts';

/** The shortest pause of one that was asked to come later, and over how many more seconds those spread that were. */
const asked = { least: 5, spread: 60 } as const;

/** An event that has been failing for so many seconds is told to people. */
const failingLongSeconds = 30 * 60;

const outcomes: Readonly<Record<Blame['whose'], TryOutcome>> = {
  hopeless: 'permanent',
  nobodys: 'waiting',
  others: 'outside',
  perhaps_its_own: 'failed',
};

/**
 * Judges a failed try, and keeps it: whose fault it is, whether it counts, and whether the event is tried again.
 *
 * @param thrown anything
 * @param beganAt when the try began, epoch seconds
 * @returns `done` when the message went to the dead-letter queue, else the seconds to wait
 */
export async function judgeFailure(
  thrown: unknown,
  item: WorkItem,
  beganAt: number,
  dependencies: WorkDependencies,
): Promise<'done' | number> {
  const now = dependencies.clock();
  const error = legible(thrown, dependencies);
  const whose = blame(error);
  noteFailure(error, item, dependencies);
  tellBreaker(error, whose, item, now - beganAt, dependencies);
  const ran = { at: beganAt, durationMs: (now - beganAt) * 1000, outcome: outcomes[whose.whose] };
  const failed = failedTry(error, ran, dependencies.frameOf);
  const read = item.ledger === 'read' ? item : await readTries(item, dependencies);
  const before = recordOf(item.message, read === 'unreadable' ? undefined : read.tried, beganAt);
  const record = withTry(before, failed);
  // What cannot be read must not be overwritten by a record that knows of this try alone, but at the very end.
  const context = { item, failed, now, isReadable: read !== 'unreadable' };
  if (whose.whose === 'nobodys') return comeLater(whose.waitSeconds, record, context, dependencies);
  const failure = { ...record, failures: record.failures + 1 };
  if (whose.whose === 'hopeless') return giveUp('permanent', failure, context, dependencies, whose.detail);
  if (whose.whose === 'others') return decide(failure, false, context, dependencies);
  const succeededAt = context.isReadable ? await readEvidence(item, dependencies) : undefined;
  const counts = isCounted(before, succeededAt);
  const counted = counts ? { ...failure, counted: failure.counted + 1, lastCountedAt: now } : failure;
  return decide(counted, keyWorks(succeededAt, now), context, dependencies);
}

/**
 * Gives the error unless it throws when it is read: a stack that is no text, a getter of somebody else's. Such an error
 * must fail its own event, and neither the batch nor the record of the try.
 */
function legible(error: unknown, { frameOf }: Pick<WorkDependencies, 'frameOf'>): unknown {
  try {
    blame(error);
    stackFrames(error);
    toldError(error, frameOf);
    return error;
  } catch {
    return new Error('(an error that cannot be read)');
  }
}

/** The failed try, and when and how it was found. */
interface Failure {
  readonly item: WorkItem;
  readonly failed: Try;
  readonly now: number;
  /** Whether the ledger has told what came before. */
  readonly isReadable: boolean;
}

async function comeLater(
  waitSeconds: number,
  record: TryRecord,
  failure: Failure,
  dependencies: WorkDependencies,
): Promise<'done' | number> {
  const { item, now, isReadable } = failure;
  if (isPastRetention({ now, sentAt: item.message.sentAt })) {
    return giveUp('retention', record, failure, dependencies);
  }
  const isKept = !isReadable || (await keep(dependencies.ledger.keepTries(item.content, record), item, dependencies));
  const pause = Math.ceil(Math.max(waitSeconds, asked.least) + asked.spread * dependencies.randomFraction());
  return isKept ? pause : pauseOfUnkept(pause, item);
}

async function decide(
  record: TryRecord,
  works: boolean,
  failure: Failure,
  dependencies: WorkDependencies,
): Promise<'done' | number> {
  const { item, failed, now, isReadable } = failure;
  const { ledger, observer, randomFraction, giveUpAfterHours } = dependencies;
  const reason = reasonToGiveUp(record, { now, sentAt: item.message.sentAt, giveUpAfterHours });
  if (reason !== undefined) return giveUp(reason, record, failure, dependencies);
  // A count of receives proves nothing, but it is all there is.
  if (!isReadable) return backOffSeconds(item.message.receiveCount, randomFraction());
  const isKept = await keep(ledger.recordFailure(item.content, record), item, dependencies);
  if (now - record.firstTriedAt >= failingLongSeconds) {
    observer.count('eventFailingLong');
    observer.note('event.failing_long', {
      ...namesOf(item),
      ...(item.content.kind === 'webhook_event' && {
        companyId: item.content.event.companyId,
        resourceName: item.content.event.resourceName,
      }),
      errorName: failed.errorName,
      outcome: failed.outcome,
      count: record.failures,
      durationMs: Math.round((now - record.firstTriedAt) * 1000),
    });
  }
  const pause = backOffSeconds(record.failures, randomFraction(), works);
  return isKept ? pause : pauseOfUnkept(pause, item);
}

async function giveUp(
  reason: DeadLetterReason,
  record: TryRecord,
  { item, failed }: Pick<Failure, 'item' | 'failed'>,
  dependencies: WorkDependencies,
  detail?: string,
): Promise<'done' | number> {
  const backOff = await setAside(item.message, reason, dependencies, { lastTry: failed, ...(detail && { detail }) });
  const deadLettered = backOff === 'done' ? { reason, ...(detail && { detail }) } : undefined;
  const write = dependencies.ledger.recordFailure(item.content, record, deadLettered);
  const isKept = await keep(write, item, dependencies);
  return isKept || backOff === 'done' ? backOff : pauseOfUnkept(backOff, item);
}

/** @returns false when the ledger did not take the write, which is noted */
async function keep(
  write: Promise<void>,
  item: WorkItem,
  { observer }: Pick<WorkDependencies, 'observer'>,
): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    observer.count('ledgerUnwritten');
    observer.note('event.try_not_kept', { ...namesOf(item), errorName: errorName(error) });
    return false;
  }
}

/** The beginning of a suspect's try is written down and its end is not: it must not look as if the process had died. */
function pauseOfUnkept(pause: number, { tried }: WorkItem): number {
  return tried?.startedAt === undefined ? pause : Math.min(pause, longestUnclosed);
}

async function readEvidence(item: WorkItem, { evidence, observer }: WorkDependencies): Promise<number | undefined> {
  try {
    return await evidence.failed(item.key);
  } catch (error) {
    // Without evidence nothing counts: then age decides.
    observer.note('event.evidence_unread', { ...namesOf(item), errorName: errorName(error) });
    return undefined;
  }
}

function tellBreaker(
  error: unknown,
  { whose }: Blame,
  { key, content }: WorkItem,
  seconds: number,
  { breaker }: WorkDependencies,
): void {
  if (whose === 'nobodys' || whose === 'hopeless') breaker.ended(key);
  else breaker.failed(key, subjectId(content), error instanceof HandlerTimeoutError ? seconds : undefined);
}

function noteFailure(error: unknown, item: WorkItem, { observer }: WorkDependencies): void {
  observer.count('eventFailed');
  observer.note('event.failed', {
    ...namesOf(item),
    errorName: errorName(error),
    receiveCount: item.message.receiveCount,
    stack: stackFrames(error),
  });
}
