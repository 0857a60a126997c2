// The package's export `./on-event`: the types for an integrator's file, and the error that it may throw. That error is
// the only code that it brings into the worker's bundle.
export type { ConnectionChange } from '../connection/connection-change.ts';
export type { EventContext, EventHandlers, HandlerContext, MarkedEvent } from './event-handlers.ts';
export { Permanent } from './permanent.ts';
