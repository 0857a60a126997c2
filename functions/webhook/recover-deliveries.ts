import type { Acceptance } from './acceptance.ts';
import { queueJson } from './event-message.ts';
import type { HooksApi, ListedDelivery } from './hooks-api.ts';
import type { SubscribedHook } from './subscription.ts';

/** How many deliveries of one hook Procore gave up, and what was done about them. */
export interface Recovery {
  /** Deliveries that we had never accepted. Each is an event that would have been lost. */
  readonly discarded: number;
  /** Of these, the ones that are on the queue now. */
  readonly recovered: number;
  /** Ids of deliveries that cannot be read as events and are in quarantine now. */
  readonly setAside: readonly string[];
  /** The queue or the quarantine could not take a delivery, or time ran out. The next look begins at the same time. */
  readonly incomplete: boolean;
}

/** Procore's two words for a delivery that it will not try again. */
const lostStatuses = ['failed', 'discarded'] as const;

/** Its words for others: the list's and the filter's. */
const otherStatuses: readonly string[] = ['delivered', 'succeeded', 'enqueued', 'retrying'];

/** A hook with more deliveries than this has its lost ones listed by themselves: one page is one call. */
const mostRead = 100;

/** What one list says of a hook's deliveries since a day. */
export interface RecentDeliveries {
  /** Whether there are none at all. */
  readonly isSilent: boolean;
  /** Those that Procore gave up; undefined when the list is long, or has a word that we do not know. */
  readonly lost: readonly ListedDelivery[] | undefined;
}

/**
 * Reads the beginning of the list of a hook's deliveries: for most hooks one call says what was lost and whether there is
 * anything at all.
 *
 * @param startDay yyyy-mm-dd; Procore's filter knows days only
 * @throws what the hooks API throws
 */
export async function recentDeliveries(
  api: HooksApi,
  { projectId, hookId }: Pick<SubscribedHook, 'projectId' | 'hookId'>,
  startDay: string,
): Promise<RecentDeliveries> {
  const read: ListedDelivery[] = [];
  for await (const delivery of api.deliveries(projectId, hookId, { startDay })) {
    read.push(delivery);
    if (read.length >= mostRead) return { isSilent: false, lost: undefined };
  }
  const isLost = ({ status }: ListedDelivery) => lostStatuses.some((word) => word === status);
  const isKnown = read.every((delivery) => isLost(delivery) || otherStatuses.includes(delivery.status));
  return { isSilent: read.length === 0, lost: isKnown ? read.filter(isLost) : undefined };
}

/** Lists the deliveries of a hook that Procore gave up. */
export async function* lostDeliveries(
  api: HooksApi,
  { projectId, hookId }: Pick<SubscribedHook, 'projectId' | 'hookId'>,
  startDay: string,
): AsyncGenerator<ListedDelivery> {
  for (const status of lostStatuses) yield* api.deliveries(projectId, hookId, { status, startDay });
}

/**
 * Accepts the deliveries that Procore gave up after 12 hours of failure, as if they had just come. One that was
 * accepted before is a duplicate, so looking twice does no harm.
 *
 * @param known ids that were set aside before
 * @param hasTime asked before each delivery
 * @returns what was found and done
 * @throws what the list throws
 * @see [Webhooks](https://developers.procore.com/documentation/webhooks)
 */
export async function recoverDeliveries(
  lost: AsyncIterable<ListedDelivery> | Iterable<ListedDelivery>,
  known: readonly string[],
  accept: (body: Uint8Array) => Promise<Acceptance>,
  hasTime: () => boolean,
): Promise<Recovery> {
  let [discarded, recovered, incomplete] = [0, 0, false];
  const setAside: string[] = [];
  for await (const { id, payload } of lost) {
    if (known.includes(id) || setAside.includes(id)) continue;
    if (!hasTime()) return { discarded, recovered, setAside, incomplete: true };
    const acceptance = await accept(Buffer.from(queueJson(Object(payload))));
    if (acceptance === 'duplicate' || acceptance === 'erased') continue;
    discarded += 1;
    if (acceptance === 'accepted') recovered += 1;
    else if (acceptance === 'unavailable') incomplete = true;
    else setAside.push(id);
  }
  return { discarded, recovered, setAside, incomplete };
}
