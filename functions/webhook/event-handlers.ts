import type { ConnectionChange } from '../connection/connection-change.ts';
import type { Observer } from '../observer.ts';
import type { CompanyClient } from '../procore/client.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** What is known about an event beyond its payload. A mark is also false when the answer could not be had. */
export interface EventMarks {
  /** `onEvent` has finished with this event id before: delivery is at least once. */
  readonly handledBefore: boolean;
  /** An event of the same resource that occurred later was handled already: Procore promises no order. */
  readonly stale: boolean;
  /** Our own app caused the change. Never set for v4.0, which does not tell: compare `userId` there. */
  readonly loop: boolean;
  /** No subscription of ours names the event's company: whoever learns the header can forge events of any company. */
  readonly unsubscribed: boolean;
}

/** An event as `onEvent` gets it. */
export interface MarkedEvent extends WebhookEvent {
  readonly marks: EventMarks;
}

/** What the integrator's functions get besides the event. */
export interface HandlerContext {
  /** Writes one structured log line; only the fields of the allow-list, none of which can hold a secret. */
  readonly log: Observer['note'];
  /** Aborted when the invocation must end: the event then counts as failed and comes again. Pass it on to `fetch`. */
  readonly signal: AbortSignal;
}

/** What `onEvent` gets besides the event. */
export interface EventContext extends HandlerContext {
  /**
   * Procore's API for the event's company, through the connection that the company's subscription names. Its calls
   * throw `NoSubscriptionError` when there is no subscription; nothing is asked before the first call.
   */
  readonly procore: CompanyClient;
}

/** What the integrator's one file exports. A `Permanent` error ends the tries, any other is tried again. */
export interface EventHandlers {
  onEvent(event: MarkedEvent, context: EventContext): Promise<void>;
  onConnectionChange(change: ConnectionChange, context: HandlerContext): Promise<void>;
}
