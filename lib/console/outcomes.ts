import type { ArrivedEvent } from '../../functions/webhook/ledger.ts';
import { type EventStatus, statusOf } from '../operator/event-search.ts';

/** How many events, or runs of onEvent, belong to a minute, by what became of them. */
export interface MinuteOfEvents extends Readonly<Record<EventStatus, number>> {
  /** When it began, epoch seconds. */
  readonly at: number;
}

/** How many minutes are counted. */
export const countedMinutes = 60;

/** Tells since when events count, for {@link countMinutes}. @param now epoch seconds */
export function countedSince(now: number): number {
  return (Math.floor(now / 60) - countedMinutes + 1) * 60;
}

/**
 * Counts events by the minute of their arrival and by what became of them.
 *
 * @param entries those that arrived since {@link countedSince}
 * @returns one entry a minute, the oldest first, whether anything arrived or not
 */
export async function countMinutes(
  entries: AsyncIterable<ArrivedEvent>,
  now: number,
): Promise<readonly MinuteOfEvents[]> {
  const since = countedSince(now);
  const minutes = emptyMinutes(now);
  for await (const entry of entries) {
    const minute = minutes[Math.floor((entry.arrivedAt - since) / 60)];
    if (minute !== undefined) minute[statusOf(entry)] += 1;
  }
  return minutes;
}

/** Puts minutes of which only some are known in their places. @param known those in which something happened */
export function allMinutes(
  known: readonly Pick<MinuteOfEvents, 'at' | 'handled' | 'failed'>[],
  now: number,
): readonly MinuteOfEvents[] {
  const byTime = new Map(known.map((minute) => [minute.at, minute]));
  return emptyMinutes(now).map((minute) => ({ ...minute, ...byTime.get(minute.at) }));
}

function emptyMinutes(now: number) {
  const since = countedSince(now);
  return Array.from({ length: countedMinutes }, (_, index) => ({
    ...{ at: since + index * 60, handled: 0, failed: 0, waiting: 0 },
  }));
}
