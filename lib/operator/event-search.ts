import type { ArrivedEvent, LedgerReader } from '../../functions/webhook/ledger.ts';

/** Which events are meant; all of the given ones must fit. */
export interface EventFilter {
  readonly companyId?: string;
  readonly resourceName?: string;
  readonly status?: EventStatus;
}

/** What became of an event: `onEvent` finished with it, failed with it (and may be trying), or has not had it. */
export type EventStatus = 'handled' | 'failed' | 'waiting';

/** Tells what became of an event. */
export function statusOf({ handledAt, failures, deadLettered }: ArrivedEvent): EventStatus {
  if (handledAt !== undefined) return 'handled';
  return failures > 0 || deadLettered !== undefined ? 'failed' : 'waiting';
}

/** Tells whether an event is meant. */
export function fitsFilter(entry: ArrivedEvent, { companyId, resourceName, status }: EventFilter): boolean {
  return (
    (companyId === undefined || entry.event.companyId === companyId) &&
    (resourceName === undefined || entry.event.resourceName === resourceName) &&
    (status === undefined || statusOf(entry) === status)
  );
}

/** Lists the events of a time that fit, oldest first. */
export async function* findEvents(
  ledger: Pick<LedgerReader, 'arrivals'>,
  since: number,
  until: number,
  filter: EventFilter,
): AsyncGenerator<ArrivedEvent> {
  for await (const entry of ledger.arrivals(since, until)) if (fitsFilter(entry, filter)) yield entry;
}
