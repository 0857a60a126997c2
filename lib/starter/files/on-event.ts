import {
  type ConnectionChange,
  type EventContext,
  type HandlerContext,
  type MarkedEvent,
  Permanent,
} from 'procore-connector/on-event';

// The file that gets every event, at least once: event.id is the idempotency key. An event only says what has changed, and is
// not signed: read the record from Procore. After an error it comes again; throw Permanent when that could never help.

/** Gets every webhook event, those of one record in the order of their arrival. */
export async function onEvent(event: MarkedEvent, { procore, log }: EventContext): Promise<void> {
  // Nobody has subscribed this company: whoever knows the webhook's header could have made the event up.
  if (event.marks.unsubscribed) return;
  if (event.resourceName !== 'RFIs' || event.eventType === 'delete') return;
  if (event.projectId === null) throw new Permanent('an RFI without a project');
  const { body } = await procore.get(`/rest/v1.0/projects/${event.projectId}/rfis/${event.resourceId}`);
  console.log(body); // hand it to your own system here
  log('rfi.taken_over', { eventId: event.id, resourceId: event.resourceId });
}

/** Hears that an account was connected, needs a person, or was disconnected. */
export async function onConnectionChange(change: ConnectionChange, { log }: HandlerContext): Promise<void> {
  log('connection.changed', { connectionId: change.connectionId, outcome: change.change });
}
