import type { ConnectionChange, EventContext, MarkedEvent } from 'procore-connector/on-event';

/** As an integrator writes it. */
export async function onEvent(event: MarkedEvent, { log }: EventContext): Promise<void> {
  log('theirs.seen', { eventId: event.id });
}

export async function onConnectionChange(_change: ConnectionChange): Promise<void> {}
