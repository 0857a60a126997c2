import { errorName } from '../connector-error.ts';
import type { ObservedFields } from '../observer.ts';
import { type EventMessage, type WorkKey, workKey } from './event-message.ts';
import { isOpen, isSuspect, mayHaveKilled } from './killers.ts';
import type { TryRecord } from './try-record.ts';
import type { WorkDependencies } from './work-dependencies.ts';
import type { ReceivedMessage } from './work-queue.ts';

/** A message of this worker's, and what is known of its tries. */
export interface WorkItem extends WorkKey {
  readonly message: ReceivedMessage;
  readonly content: EventMessage;
  /** What the ledger keeps of its tries. */
  readonly tried: TryRecord | undefined;
  /** Whether the ledger told; `unread` when nobody has asked it yet, `unreadable` when it gave no answer. */
  readonly ledger: 'read' | 'unread' | 'unreadable';
  /** Whether it may have ended a process: then it is run alone. */
  readonly isSuspect: boolean;
  /** Whether a try of it began of which no end is known. */
  readonly isOpen: boolean;
}

/** Names what a message is about in a log line. */
export function namesOf({ content }: Pick<WorkItem, 'content'>): ObservedFields {
  return content.kind === 'webhook_event'
    ? { eventId: content.event.id }
    : { connectionId: content.change.connectionId };
}

/** Looks a message up in the ledger, where SQS's counts leave open that it is a suspect. */
export async function examine(
  message: ReceivedMessage,
  content: EventMessage,
  dependencies: Pick<WorkDependencies, 'ledger' | 'observer' | 'clock'>,
): Promise<WorkItem> {
  const unread = { message, content, ...workKey(content), tried: undefined, isOpen: false } as const;
  const now = dependencies.clock();
  if (!mayHaveKilled(message, now)) return { ...unread, ledger: 'unread', isSuspect: false };
  // Without the ledger nobody can tell the innocent from the others.
  const read = await readTries({ content }, dependencies);
  if (read === 'unreadable') return { ...unread, ledger: 'unreadable', isSuspect: true };
  const { tried } = read;
  return {
    ...unread,
    tried,
    ledger: 'read',
    isSuspect: isSuspect(message, tried, now),
    isOpen: isOpen(message, tried),
  };
}

/** Reads what is kept of the tries of a message. @returns `unreadable`, noted, when the ledger gives no answer */
export async function readTries(
  { content }: Pick<WorkItem, 'content'>,
  { ledger, observer }: Pick<WorkDependencies, 'ledger' | 'observer'>,
): Promise<{ readonly tried: TryRecord | undefined } | 'unreadable'> {
  try {
    return { tried: await ledger.tries(content) };
  } catch (error) {
    observer.count('ledgerUnread');
    observer.note('event.tries_unread', { ...namesOf({ content }), errorName: errorName(error) });
    return 'unreadable';
  }
}
