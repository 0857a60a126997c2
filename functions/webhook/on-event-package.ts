// The package's export `./on-event`: what an integrator's file is typed by and throws. It imports nothing that runs but
// the error, so that nothing else gets into the worker's bundle.
export type { ConnectionChange } from '../connection/connection-change.ts';
export type { EventContext, EventHandlers, HandlerContext, MarkedEvent } from './event-handlers.ts';
export { Permanent } from './permanent.ts';
