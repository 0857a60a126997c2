import type { DeliveryQueue } from './deliveries.ts';
import type { FixtureBook } from './fixtures.ts';
import type { HookStore } from './hooks.ts';

/** What the webhook endpoints need beside the call. */
export interface HooksApiContext {
  readonly hooks: HookStore;
  readonly deliveries: DeliveryQueue;
  readonly book: FixtureBook;
}
