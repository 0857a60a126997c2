import type { ConnectionChange } from '../connection/connection-change.ts';
import type { CompanyClient } from '../procore/client.ts';
import type { OwnLog } from './own-log.ts';
import type { ReadOwnSecret } from './own-secrets.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** What is known about an event beyond its payload. A mark but `stale` is also false when it could not be found out. */
export interface EventMarks {
  /** `onEvent` has finished with this event id before. Delivery is at least once. */
  readonly handledBefore: boolean;
  /** A later event of the same resource was handled already. Procore promises no order. null when nobody could tell. */
  readonly stale: boolean | null;
  /** Our own app caused the change. Never set for v4.0, whose payload does not say so: compare `userId` there. */
  readonly loop: boolean;
  /** No subscription of ours names the event's company. A person who knows the header can forge such events. */
  readonly unsubscribed: boolean;
}

/** An event as `onEvent` gets it. */
export interface MarkedEvent extends WebhookEvent {
  readonly marks: EventMarks;
}

/** What the integrator's functions get besides the event. */
export interface HandlerContext {
  /**
   * Writes one structured log line, with any fields of yours: `log('order.updated', { orderId: 17 })`. They are redacted and
   * bounded: 50 members of each object, five levels, 1,000 characters of each text, 8,000 of all.
   */
  readonly log: OwnLog;
  /** Aborted when the invocation has to end. The event then counts as failed and comes again. Pass it on to `fetch`. */
  readonly signal: AbortSignal;
  /**
   * Gives the text of a secret of yours by its name in `secrets` of cdk.json, remembered for five minutes. After your other
   * system has refused it, `secret('erp', { fresh: true })` reads it again, at most once in 30 seconds.
   */
  readonly secret: ReadOwnSecret;
}

/** What `onEvent` gets besides the event. */
export interface EventContext extends HandlerContext {
  /**
   * Procore's API for the event's company, through the connection that the company's subscription names. Its calls
   * throw `NoSubscriptionError` when there is no subscription, which is read at the first call.
   */
  readonly procore: CompanyClient;
}

/** What the integrator's file exports. After a `Permanent` error an event is not tried again; after any other it is. */
export interface EventHandlers {
  onEvent(event: MarkedEvent, context: EventContext): Promise<void>;
  onConnectionChange(change: ConnectionChange, context: HandlerContext): Promise<void>;
}
