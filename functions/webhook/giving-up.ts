import { type BackOff, pauseAfter } from '../back-off.ts';
import type { TryRecord } from './try-record.ts';
import { type DeadLetterReason, eventQueueLimits } from './work-queue.ts';

/** So many failures that count, over so many seconds from the first try, are the event's own fault. */
const convicting = { failures: 5, overSeconds: 600 } as const;

/** Nothing is given up for its age before so many tries over so many seconds. */
const tooOld = { failures: 3, overSeconds: 60 } as const;

/** When a message that cannot be handled is set aside, whatever the reason: SQS deletes it after 14 days. */
export const retentionSeconds = 10 * 24 * 3600;

/** In seconds; up to a quarter less by chance, so that events which failed together do not come back together. */
const backOff: BackOff = { first: 5, most: 10 * 60, jitter: { from: 1, spread: -0.25 } };

/** SQS hides a message for 12 hours at most from its receive on; in seconds, with an hour to spare. */
const longestPause = 11 * 3600;

/** The longest pause of an event whose key works: its fault is then found within an hour; seconds. */
const longestAlone = 60;

/** So many receives are free: for two days of the longest pauses. Those that are left have to last until retention. */
const freeReceives = 400;

/** What giving up depends on besides the tries. */
export interface Age {
  readonly now: number;
  /** When the message was sent, epoch seconds. */
  readonly sentAt: number;
  readonly giveUpAfterHours: number;
}

/**
 * Tells whether to give an event up after a failure. Neither a count of receives nor one of failures decides, but
 * evidence (others of its key succeed all the while) and age.
 *
 * @returns why to give it up; undefined to try it again
 */
export function reasonToGiveUp(
  { counted, failures, firstTriedAt }: TryRecord,
  { now, sentAt, giveUpAfterHours }: Age,
): DeadLetterReason | undefined {
  const tried = now - firstTriedAt;
  if (counted >= convicting.failures && tried >= convicting.overSeconds) return 'fails_alone';
  const isOld = now - sentAt >= giveUpAfterHours * 3600;
  if (isOld && failures >= tooOld.failures && tried >= tooOld.overSeconds) return 'failed_too_long';
  return isPastRetention({ now, sentAt }) ? 'retention' : undefined;
}

/** Tells whether SQS would soon delete a message. */
export function isPastRetention({ now, sentAt }: Pick<Age, 'now' | 'sentAt'>): boolean {
  return now - sentAt >= retentionSeconds;
}

/**
 * Gives the shortest pause with which a message's receives last until we set it aside ourselves. Ten days of ten minutes
 * are more than SQS hands a message out.
 *
 * @returns seconds; 0 as long as there are plenty
 */
export function leastPause(
  { receiveCount, sentAt }: { readonly receiveCount: number; readonly sentAt: number },
  now: number,
): number {
  if (receiveCount < freeReceives) return 0;
  const left = Math.max(sentAt + retentionSeconds - now, 0);
  // The last ones are for receives that never come to us: of throttled invocations, and of processes that die.
  const receivesLeft = Math.max(eventQueueLimits.receives - 50 - receiveCount, 1);
  return Math.min(Math.ceil(left / receivesLeft), longestPause);
}

/**
 * Gives the pause before the next try: 5 s doubling to 10 min, to a minute where the key works; up to a quarter less by
 * chance.
 *
 * @param tries how many there were, from 1
 * @param fraction 0 to 1, a random one
 * @returns whole seconds
 */
export function backOffSeconds(tries: number, fraction: number, works = false): number {
  return Math.ceil(pauseAfter(tries, works ? { ...backOff, most: longestAlone } : backOff, fraction));
}
