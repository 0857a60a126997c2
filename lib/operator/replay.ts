import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { EventQueue } from '../../functions/webhook/acceptance.ts';
import { type EventMessage, provenance } from '../../functions/webhook/event-message.ts';
import type { ArrivedEvent } from '../../functions/webhook/ledger.ts';

/**
 * Puts an event of the ledger on the queue again: `onEvent` gets it marked as handled before, if it was.
 *
 * @param replayId new for each replay; within 5 minutes the same one sends nothing a second time
 */
export async function replayEvent(
  { event, receivedAt, arrivedAt }: ArrivedEvent,
  replayId: string,
  { queue, environment }: { readonly queue: EventQueue; readonly environment: ProcoreEnvironmentName },
): Promise<void> {
  const message: EventMessage = {
    kind: 'webhook_event',
    ...provenance('replayed'),
    ...{ environment, event, receivedAt: receivedAt ?? arrivedAt, replayId },
  };
  if ((await queue.send(message)) === 'refused') {
    throw new Error(`The event queue refuses the event "${event.id}" as invalid.`);
  }
}
