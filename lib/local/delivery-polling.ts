import type { Clock, Sleep } from '../../functions/clock.ts';
import { queueJson } from '../../functions/webhook/event-message.ts';
import type { HooksApi } from '../../functions/webhook/hooks-api.ts';
import { parseDelivery } from '../../functions/webhook/parse.ts';
import type { SubscribedHook, Subscription } from '../../functions/webhook/subscription.ts';

/**
 * Where hooks deliver to when Procore cannot reach this machine: https, as Procore wants it, and a name that can never
 * lead anywhere, so that no stranger ever gets an event or the header. Always the same, so that the next run finds the
 * hooks that this one leaves at Procore.
 *
 * @see [RFC 2606, section 2](https://www.rfc-editor.org/rfc/rfc2606#section-2), [RFC 6761, section 6.4](https://www.rfc-editor.org/rfc/rfc6761#section-6.4) (names in `.invalid` do not resolve)
 */
export const unreachableDestination = 'https://procore-connector.invalid/webhooks';

/** What polling works with. */
export interface PollingDependencies {
  readonly subscriptions: () => Promise<readonly Subscription[]>;
  /** Gives Procore's webhook endpoints, called as the connection of a subscription. It is asked for each hook. */
  readonly hooksOf: (subscription: Subscription) => Pick<HooksApi, 'deliveries'>;
  /** How many calls polling has made of Procore since it began. */
  readonly callsMade: () => number;
  /** Delivers a body to our own webhook URL as Procore would. @returns the status of the answer */
  readonly deliver: (body: string) => Promise<number>;
  /** Procore's limit of calls in an hour; undefined until it has told. */
  readonly hourlyLimit: () => Promise<number | undefined>;
  readonly clock: Clock;
  /** Rejects when polling is to end. */
  readonly sleep: Sleep;
  /** Gets what a person should see. */
  readonly say: (text: string) => void;
}

const shortestWaitSeconds = 5;
/** Procore's samples name 600 calls an hour, the least that was seen; believed until it tells. */
const smallestHourlyLimit = 600;
/** The other half is for the functions. */
const shareOfLimit = 0.5;
/** Procore's filter knows days only, and does not say in which time zone. */
const marginSeconds = 14 * 3600;

/**
 * Brings events to a machine that Procore cannot reach: reads the deliveries of every subscribed hook again and again,
 * whatever their status, since one is `enqueued` or `retrying` for up to 12 hours before it fails, and delivers each
 * once to our own webhook URL. What came before is a duplicate there, as from Procore.
 *
 * The time between two rounds follows from the calls that a round takes, so that half of Procore's hourly limit is
 * left for everything else.
 *
 * @returns never; ends with what `sleep` rejects with
 */
export async function pollDeliveries(dependencies: PollingDependencies): Promise<never> {
  const { subscriptions, hooksOf, callsMade, hourlyLimit, sleep, say } = dependencies;
  const polls = new Map<string, HookPoll>();
  let told = '';
  for (;;) {
    const before = callsMade();
    let hooks = 0;
    try {
      for (const subscription of await subscriptions()) {
        for (const hook of subscription.hooks) {
          hooks += 1;
          const poll = polls.get(hook.hookId) ?? { since: subscription.createdAt, delivered: new Set() };
          polls.set(hook.hookId, poll);
          await pollHook(hooksOf(subscription), hook, poll, dependencies);
        }
      }
    } catch (error) {
      say(`The subscriptions could not be read: ${messageOf(error)}`);
    }
    const limit = (await hourlyLimit().catch(() => undefined)) ?? smallestHourlyLimit;
    const seconds = Math.max(shortestWaitSeconds, Math.ceil(((callsMade() - before) * 3600) / (limit * shareOfLimit)));
    const telling = `Procore is asked every ${seconds} s for the deliveries of ${hooks} hook${hooks === 1 ? '' : 's'}.`;
    if (hooks > 0 && telling !== told) {
      say(telling);
      told = telling;
    }
    await sleep(seconds * 1000);
  }
}

/** What is known of a hook's deliveries. */
interface HookPoll {
  /** All that was there before is delivered, epoch seconds. */
  since: number;
  /** Ids of deliveries that our webhook URL has acknowledged. */
  readonly delivered: Set<string>;
  /** What went wrong the last time: it is said once. */
  trouble?: string | undefined;
}

async function pollHook(
  api: Pick<HooksApi, 'deliveries'>,
  { projectId, hookId }: SubscribedHook,
  poll: HookPoll,
  { deliver, clock, say }: PollingDependencies,
): Promise<void> {
  const startedAt = clock();
  const startDay = new Date((poll.since - marginSeconds) * 1000).toISOString().slice(0, 10);
  let fetched = 0;
  try {
    const found: Found[] = [];
    for await (const { id, payload } of api.deliveries(projectId, hookId, { startDay })) {
      // One without a payload may have it the next time; should it fail without one, the audit puts it aside.
      if (payload !== null && !poll.delivered.has(id)) found.push(foundDelivery(id, queueJson(Object(payload))));
    }
    // In which order Procore lists is not documented; one resource's events are to come in theirs.
    for (const { id, body } of found.toSorted((one, other) => one.occurredAt - other.occurredAt)) {
      const status = await deliver(body);
      if (status !== 200) throw new Error(`our webhook URL answers ${status}.`);
      poll.delivered.add(id);
      fetched += 1;
    }
    poll.since = startedAt;
    poll.trouble = undefined;
  } catch (error) {
    const trouble = messageOf(error);
    if (trouble !== poll.trouble) say(`The deliveries of hook ${hookId} could not be fetched: ${trouble}`);
    poll.trouble = trouble;
  }
  if (fetched > 0) say(`Fetched ${fetched} deliver${fetched === 1 ? 'y' : 'ies'} of hook ${hookId}.`);
}

interface Found {
  readonly id: string;
  readonly body: string;
  readonly occurredAt: number;
}

function foundDelivery(id: string, body: string): Found {
  const parsed = parseDelivery(Buffer.from(body));
  return { id, body, occurredAt: 'event' in parsed ? (parsed.event.occurredAt ?? 0) : 0 };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
