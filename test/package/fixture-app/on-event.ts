import {
  type ConnectionChange,
  type EventContext,
  type EventHandlers,
  type MarkedEvent,
  Permanent,
} from 'procore-connector/on-event';

/** As an integrator writes it, with types of the package. */
export async function onEvent(event: MarkedEvent, { log }: EventContext): Promise<void> {
  if (event.resourceName === 'Timecards') throw new Permanent('their-own-handler keeps no timecards');
  log('event.received', { eventId: event.id });
}

export async function onConnectionChange(change: ConnectionChange): Promise<void> {
  if (change.change === 'disconnected') throw new Permanent('nobody to tell');
}

/** The whole file may be checked at once. */
({ onEvent, onConnectionChange }) satisfies EventHandlers;
