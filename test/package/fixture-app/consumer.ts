import { type EventMessage, readEventMessage } from 'procore-connector/on-event';

/** A consumer in place of our worker reads a message of the event queue. */
export function idOf(body: string): string | undefined {
  const message: EventMessage | undefined = readEventMessage(body);
  return message?.kind === 'webhook_event' ? message.event.id : message?.change.connectionId;
}
