import { errorName } from '../connector-error.ts';
import { backOffSeconds } from './giving-up.ts';
import type { WorkDependencies } from './work-dependencies.ts';
import type { DeadLetterNote, DeadLetterReason, ReceivedMessage } from './work-queue.ts';

/**
 * Sends a message to the dead-letter queue.
 *
 * @returns `done`; the seconds to wait when the queue did not take it
 */
export async function setAside(
  message: ReceivedMessage,
  reason: DeadLetterReason,
  { queue, observer, randomFraction }: Pick<WorkDependencies, 'queue' | 'observer' | 'randomFraction'>,
  note?: DeadLetterNote,
): Promise<'done' | number> {
  try {
    await queue.deadLetter(message, reason, note);
  } catch (error) {
    observer.note('event.not_dead_lettered', { reason, errorName: errorName(error) });
    return backOffSeconds(message.receiveCount, randomFraction());
  }
  observer.count('eventDeadLettered');
  observer.note('event.dead_lettered', { reason, receiveCount: message.receiveCount });
  return 'done';
}
