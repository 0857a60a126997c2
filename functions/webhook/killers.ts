import { type TryRecord, withTry } from './try-record.ts';
import { eventQueueLimits, type ReceivedMessage } from './work-queue.ts';

/** In so many tries a message may end its process, alone. */
const mostDeaths = 2;

/**
 * Tells whether an earlier receive of a message may have ended in the death of its worker, from what SQS says alone: after
 * a death it comes again no sooner than its visibility time-out ends. If so, the ledger is asked.
 */
export function mayHaveKilled(message: ReceivedMessage, now: number): boolean {
  return message.receiveCount > 1 && now - message.firstReceivedAt >= eventQueueLimits.visibilitySeconds;
}

/**
 * When the end of a try that was written down as begun cannot be written down, its message is put off for so many seconds
 * at most, and comes again sooner than after a death: that proves that the process lived. Otherwise an outage of the
 * ledger would make killers of innocents.
 */
export const livingSeconds = { pause: 60, within: eventQueueLimits.visibilitySeconds / 2 } as const;

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

/**
 * Closes a try that ended with its process: that is a failure, and a death. One that comes again too soon for that has
 * ended without a word.
 */
export function withDeath(record: TryRecord, now: number): TryRecord {
  const { startedAt, deaths, failures } = record;
  if (startedAt === undefined) return record;
  if (now - startedAt < livingSeconds.within) return { ...record, startedAt: undefined };
  const closed = withTry(record, { at: startedAt, outcome: 'died', text: 'The worker ended in this try.' });
  return { ...closed, deaths: deaths + 1, failures: failures + 1 };
}

/** Tells whether the message has ended too many processes. */
export function isKiller({ deaths }: TryRecord): boolean {
  return deaths >= mostDeaths;
}
