import type { DeliveryQueue } from './deliveries.ts';
import type { FixtureBook } from './fixtures.ts';
import type { HookStore } from './hooks.ts';
/** What the webhook endpoints need beside the call. */
export interface HooksApiContext {
  readonly hooks: HookStore;
  readonly deliveries: DeliveryQueue;
  readonly book: FixtureBook;
}

/**
 * Default and greatest per_page of v2.0 lists.
 *
 * @see [PROCORE.md, section 5](PROCORE.md#5-paging-and-incremental-reads)
 */
export const hookPageSizes = { defaultPerPage: 10, maxPerPage: 100 } as const;
