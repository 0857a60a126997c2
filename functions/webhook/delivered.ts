import type { Clock } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** The hook of a project, or of the company itself. */
export type DeliveringHook = Pick<WebhookEvent, 'companyId' | 'projectId'>;

/** Remembers for two hours which hooks deliver. What is missing costs the audit two calls, and nothing else. */
export interface DeliveredMarks {
  /**
   * Notes that a hook has delivered.
   *
   * @param at epoch seconds
   */
  mark(hook: DeliveringHook, at: number): Promise<void>;
  /** Tells when a hook was last seen to deliver. @returns epoch seconds; undefined when nobody has noted it lately */
  markedAt(hook: DeliveringHook): Promise<number | undefined>;
}

/** A mark is written for so many events of a hook in one process, so that it costs at most a tenth of a write an event. */
const eventsAMark = 10;
/** They must come within so many seconds, and the next mark is not written earlier. */
const markSeconds = 1800;
/** So many hooks are counted; of more, those whose count began first are forgotten. */
const mostHooks = 1000;

/** What {@link deliveredCounter} needs. */
export interface DeliveredCounterDependencies {
  readonly marks: Pick<DeliveredMarks, 'mark'>;
  readonly clock: Clock;
  readonly observer: Observer;
}

/**
 * Counts what each hook delivers in this process, and marks those that deliver much.
 *
 * @returns a function that counts an event which Procore has delivered; it throws nothing
 */
export function deliveredCounter({
  marks,
  clock,
  observer,
}: DeliveredCounterDependencies): (event: DeliveringHook) => Promise<void> {
  const counts = new Map<string, { readonly since: number; events: number }>();
  return async ({ companyId, projectId }) => {
    const now = clock();
    const hook = `${companyId}#${projectId}`;
    let count = counts.get(hook);
    if (count === undefined || now - count.since >= markSeconds) {
      counts.delete(hook);
      if (counts.size >= mostHooks) for (const oldest of counts.keys()) if (counts.delete(oldest)) break;
      count = { since: now, events: 0 };
      counts.set(hook, count);
    }
    count.events += 1;
    if (count.events !== eventsAMark) return;
    try {
      await marks.mark({ companyId, projectId }, now);
    } catch (error) {
      // The delivery matters more; without a mark the audit looks at the hook.
      observer.note('webhook.delivered_unwritten', { errorName: errorName(error) });
    }
  };
}
