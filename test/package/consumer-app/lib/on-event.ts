import {
  type ConnectionChange,
  type EventContext,
  type EventHandlers,
  exactId,
  isJsonObject,
  type MarkedEvent,
  Permanent,
  ProcoreApiError,
  readEventMessage,
  type WebhookEvent,
} from 'procore-connector/on-event';

export async function onEvent(event: MarkedEvent, { procore, log }: EventContext): Promise<void> {
  if (event.resourceName === 'Timecards') throw new Permanent('no timecards are kept');
  try {
    const { body } = await procore.get(`/rest/v1.0/projects/${event.projectId}/rfis/${event.resourceId}`);
    log('rfi.read', { id: isJsonObject(body) ? exactId(body.id) : undefined });
  } catch (error) {
    if (error instanceof ProcoreApiError && error.status === 404) return;
    throw error;
  }
}

export async function onConnectionChange(change: ConnectionChange): Promise<void> {
  if (change.change === 'disconnected') throw new Permanent('nobody to tell');
}

({ onEvent, onConnectionChange }) satisfies EventHandlers;

export function eventIn(body: string): WebhookEvent | undefined {
  const message = readEventMessage(body);
  return message?.kind === 'webhook_event' ? message.event : undefined;
}
