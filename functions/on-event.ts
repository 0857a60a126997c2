import type { ConnectionChange } from './connection/connection-change.ts';
import type { EventContext, HandlerContext, MarkedEvent } from './webhook/event-handlers.ts';

// The one file that an integrator writes. Delivery is at least once: `event.id` is the idempotency key. Events are thin
// and unsigned: read the resource from the API, by the context's `procore`. Throw `Permanent` (webhook/permanent.ts) when no further try can help;
// after any other error the event, and those of the same resource behind it, come again. Its tests: test/on-event.test.ts.

/** Gets every webhook event, one resource's in the order of arrival, marked handledBefore, stale, loop, unsubscribed. */
export async function onEvent(event: MarkedEvent, { log }: EventContext): Promise<void> {
  log('event.received', {
    eventId: event.id,
    eventType: event.eventType,
    resourceName: event.resourceName,
    resourceId: event.resourceId,
    companyId: event.companyId,
    projectId: event.projectId ?? undefined,
  });
}

/** Hears that a connection was made, needs a person, or ended. */
export async function onConnectionChange(change: ConnectionChange, { log }: HandlerContext): Promise<void> {
  log('connection.changed', {
    connectionId: change.connectionId,
    outcome: change.change,
    cause: change.cause,
    generation: change.generation,
  });
}
