import { type TryRecord, withTry } from './try-record.ts';
import { eventQueueLimits, type ReceivedMessage } from './work-queue.ts';

/** In so many tries, one after another, a message may end its process, alone. */
const mostDeaths = 2;

/**
 * Tells whether an earlier receive of a message may have ended in the death of its worker, from what SQS says alone: after
 * a death it comes again no sooner than its visibility time-out ends. If so, the ledger is asked.
 */
export function mayHaveKilled(message: ReceivedMessage, now: number): boolean {
  return message.receiveCount > 1 && now - message.firstReceivedAt >= eventQueueLimits.visibilitySeconds;
}

/**
 * Tells whether a message is a suspect: it may have ended its process, so it is run alone. Its receives exceed the tries
 * that are recorded by more than this one, or a try began of which no end is known.
 *
 * Most suspects are innocent: a message is also received untried, with one of its group that fails or while Lambda is
 * throttled. It costs them a write.
 */
export function isSuspect(message: ReceivedMessage, kept: TryRecord | undefined, now: number): boolean {
  if (!mayHaveKilled(message, now)) return false;
  const { receiveCount = 0, startedAt } = kept?.messageId === message.messageId ? kept : {};
  return startedAt !== undefined || message.receiveCount - receiveCount > 1;
}

/** Tells whether a try of the message began of which no end is known. Of two suspects this one goes last. */
export function isOpen(message: ReceivedMessage, kept: TryRecord | undefined): boolean {
  return kept?.messageId === message.messageId && kept.startedAt !== undefined;
}

/** What comes again sooner before the end of its visibility time-out than this was put off by a living process; seconds. */
const beforeVisible = 120;

/** The pause, in seconds, after which a message whose try has an end that could not be written is back in time. */
export const longestUnclosed = 60;

/**
 * Closes a try of which no end is known. That is a failure, and a death if it is the very next receive, and comes when a
 * dead process's messages do. Otherwise the process may have lived, and the ledger not taken the end: nobody is given up
 * for that, and who does kill dies again.
 *
 * @param before the receive in which the try began
 * @param visibilitySeconds at least six times as long as a try can last, and 360 at least
 */
export function withDeath(
  record: TryRecord,
  before: Pick<TryRecord, 'receiveCount'> | undefined,
  now: number,
  visibilitySeconds: number = eventQueueLimits.visibilitySeconds,
): TryRecord {
  const { startedAt, deaths, failures, receiveCount } = record;
  if (startedAt === undefined) return record;
  const isNext = receiveCount === (before?.receiveCount ?? 0) + 1;
  if (!isNext || now - startedAt < visibilitySeconds - beforeVisible) {
    const text = 'How this try ended is not known.';
    return { ...withTry(record, { at: startedAt, outcome: 'outside', text }), deaths, failures: failures + 1 };
  }
  const closed = withTry(record, { at: startedAt, outcome: 'died', text: 'The worker ended in this try.' });
  return { ...closed, deaths: deaths + 1, failures: failures + 1 };
}

/** Tells whether the message has ended too many processes. */
export function isKiller({ deaths }: TryRecord): boolean {
  return deaths >= mostDeaths;
}
