import type { Acceptance } from './acceptance.ts';
import { queueJson } from './event-message.ts';
import type { HooksApi } from './hooks-api.ts';
import type { SubscribedHook } from './subscription.ts';

/** What was done about the deliveries that Procore gave up on one hook. */
export interface Recovery {
  /** Deliveries that we had never taken: each is an event that would have been lost. */
  readonly discarded: number;
  /** Of these, the ones that are on the queue now. */
  readonly recovered: number;
  /** Ids of those that are no events and went into quarantine. */
  readonly setAside: readonly string[];
  /** Whether the queue or quarantine could not take one, or time ran out: look again from the same time. */
  readonly incomplete: boolean;
}

/** Procore's two words for a delivery that it will not try again. */
const lostStatuses = ['failed', 'discarded'] as const;

/**
 * Takes in what Procore tried to deliver and gave up, through the same acceptance as deliveries: what was taken before
 * is a duplicate, so looking twice does no harm.
 *
 * @param startDay yyyy-mm-dd; Procore's filter knows days only
 * @param known ids that were set aside before
 * @param hasTime asked before each delivery
 * @see https://developers.procore.com/documentation/webhooks (queued events are discarded after 12 hours of failure)
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

/** Tells whether Procore has had nothing at all to deliver on a hook since a day. */
export async function isSilent(
  api: HooksApi,
  { projectId, hookId }: SubscribedHook,
  startDay: string,
): Promise<boolean> {
  for await (const _ of api.deliveries(projectId, hookId, { startDay })) return false;
  return true;
}
