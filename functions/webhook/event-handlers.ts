import type { ConnectionChange } from '../connection/connection-change.ts';
import type { Observer } from '../observer.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** What is known about an event beyond its payload. A mark is also false when the answer could not be had. */
export interface EventMarks {
  /** `onEvent` has finished with this event id before: delivery is at least once. */
  readonly handledBefore: boolean;
  /** An event of the same resource that occurred later was handled already: Procore promises no order. */
  readonly stale: boolean;
  /** Our own app caused the change. Never set for v4.0, which does not tell: compare `userId` there. */
  readonly loop: boolean;
}

/** An event as `onEvent` gets it. */
export interface MarkedEvent extends WebhookEvent {
  readonly marks: EventMarks;
}

/** What the integrator's functions get besides the event. */
export interface HandlerContext {
  /** Writes one structured log line; only the fields of the allow-list, none of which can hold a secret. */
  readonly log: Observer['note'];
}

/** What the integrator's one file exports. A `Permanent` error ends the tries, any other is tried again. */
export interface EventHandlers {
  onEvent(event: MarkedEvent, context: HandlerContext): Promise<void>;
  onConnectionChange(change: ConnectionChange, context: HandlerContext): Promise<void>;
}
