import type { ConnectionChange } from '../../functions/connection/connection-change.ts';
import type { EventContext, HandlerContext, MarkedEvent } from '../../functions/webhook/event-handlers.ts';

// What our own proofs hand events to, in the place of the integrator's file: it logs them, and never fails.

/** Logs every webhook event. */
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

/** Logs every change of a connection. */
export async function onConnectionChange(change: ConnectionChange, { log }: HandlerContext): Promise<void> {
  log('connection.changed', {
    connectionId: change.connectionId,
    outcome: change.change,
    cause: change.cause,
    generation: change.generation,
  });
}
