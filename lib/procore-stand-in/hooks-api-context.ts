import type { DeliveryQueue } from './deliveries.ts';
import type { FixtureBook } from './fixtures.ts';
import type { HookStore } from './hooks.ts';
/** What the webhook endpoints need beside the call. */
export interface HooksApiContext {
  readonly hooks: HookStore;
  readonly deliveries: DeliveryQueue;
  readonly book: FixtureBook;
}

/** Default and greatest per_page of v2.0 lists. @see procore-facts.md section 5 */
export const hookPageSizes = { defaultPerPage: 10, maxPerPage: 100 } as const;
