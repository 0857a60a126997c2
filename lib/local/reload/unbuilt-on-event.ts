import type { EventHandlers } from '../../../functions/webhook/event-handlers.ts';

// What stands in the place of the integrator's file while that one cannot be built and no good one was there before: it
// cannot be loaded, so that every event waits.

const reason = 'functions/on-event.ts cannot be built; npm start says where. Correct it and save.';

function refuse(): never {
  throw new Error(reason);
}

refuse();

/** Is never called. */
export const onEvent: EventHandlers['onEvent'] = refuse;

/** Is never called. */
export const onConnectionChange: EventHandlers['onConnectionChange'] = refuse;
