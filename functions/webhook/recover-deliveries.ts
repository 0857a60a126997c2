import type { Acceptance } from './acceptance.ts';
import { queueJson } from './event-message.ts';
import type { HooksApi } from './hooks-api.ts';
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

/**
 * Accepts the deliveries that Procore gave up after 12 hours of failure, as if they had just come. One that was
 * accepted before is a duplicate, so looking twice does no harm.
 *
 * @param startDay yyyy-mm-dd; Procore's filter knows days only
 * @param known ids that were set aside before
 * @param hasTime asked before each delivery
 * @returns what was found and done
 * @throws what the hooks API throws
 * @see [Webhooks](https://developers.procore.com/documentation/webhooks)
 */
export async function recoverDeliveries(
  api: HooksApi,
  { projectId, hookId }: SubscribedHook,
  startDay: string,
  known: readonly string[],
  accept: (body: Uint8Array) => Promise<Acceptance>,
  hasTime: () => boolean,
): Promise<Recovery> {
  let [discarded, recovered, incomplete] = [0, 0, false];
  const setAside: string[] = [];
  for (const status of lostStatuses) {
    for await (const { id, payload } of api.deliveries(projectId, hookId, { status, startDay })) {
      if (known.includes(id) || setAside.includes(id)) continue;
      if (!hasTime()) return { discarded, recovered, setAside, incomplete: true };
      const acceptance = await accept(Buffer.from(queueJson(Object(payload))));
      if (acceptance === 'duplicate') continue;
      discarded += 1;
      if (acceptance === 'accepted') recovered += 1;
      else if (acceptance === 'unavailable') incomplete = true;
      else setAside.push(id);
    }
  }
  return { discarded, recovered, setAside, incomplete };
}

/**
 * Tells whether Procore has had nothing to deliver on a hook since a day.
 *
 * @param startDay yyyy-mm-dd
 * @throws what the hooks API throws
 */
export async function isSilent(
  api: HooksApi,
  { projectId, hookId }: SubscribedHook,
  startDay: string,
): Promise<boolean> {
  for await (const _ of api.deliveries(projectId, hookId, { startDay })) return false;
  return true;
}
