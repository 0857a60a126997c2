import type { EventContext, MarkedEvent } from '../../../functions/webhook/event-handlers.ts';
import { Permanent } from '../../../functions/webhook/permanent.ts';

// An integrator's file that misbehaves as it is told, and is well when it is told nothing.

/** Which misbehaviour is wanted, in a variable of the worker. */
const { MISBEHAVIOUR, MISBEHAVES_FOR } = process.env;

/** Does with an event what is wanted, for one company or for all. */
export async function onEvent(event: MarkedEvent, { log }: EventContext): Promise<void> {
  log('event.received', { eventId: event.id });
  if (MISBEHAVES_FOR !== undefined && MISBEHAVES_FOR !== event.companyId) return;
  switch (MISBEHAVIOUR) {
    case 'permanent':
      throw new Permanent('The cost code is closed for good.');
    case 'throws':
      throw new TypeError(`The books of the month are closed. ${'More was said about it. '.repeat(30)}`);
    case 'hangs':
      await new Promise(() => {});
  }
}

/** Hears of connections, and does nothing. */
export async function onConnectionChange(): Promise<void> {}
