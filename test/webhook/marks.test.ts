import { describe, expect, it } from 'vitest';
import type { EventMarks } from '../../functions/webhook/event-handlers.ts';
import type { EventHistory } from '../../functions/webhook/ledger.ts';
import { type MarkDependencies, readMarks } from '../../functions/webhook/marks.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';
import { untilReturn } from '../memory/port.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { recordingObserver, sampleEvent, sampleTime } from './sample-events.ts';
import { sampleSubscription } from './sample-subscription.ts';

const out = () => Promise.reject(new TypeError('a secret'));
const unmarked = { handledBefore: false, stale: false, loop: false, unsubscribed: false };
const about = { eventId: sampleEvent().id, errorName: 'TypeError' };

/** Marks an event of a company that is subscribed, about which nothing else is known. */
async function mark({
  event = {},
  history = { handledBefore: false, newestHandled: null },
  ports = {},
}: {
  readonly event?: Partial<WebhookEvent>;
  readonly history?: EventHistory;
  readonly ports?: Partial<MarkDependencies>;
}) {
  const observer = recordingObserver();
  let clientReads = 0;
  const dependencies: MarkDependencies = {
    ledger: { history: async () => history },
    ownClientId: async () => {
      clientReads += 1;
      return 'our-client';
    },
    subscriptions: memorySubscriptionStore([
      { ...sampleSubscription({ companyId: sampleEvent().companyId }), revision: 1 },
    ]),
    observer,
    ...ports,
  };
  const marks = await untilReturn(() => readMarks(sampleEvent(event), dependencies));
  return { marks, clientReads, notes: observer.notes, counts: Object.fromEntries(observer.counts) };
}

describe('an event', () => {
  it('of which nothing is known has no mark, and costs no look at our client id', async () => {
    expect(await mark({})).toEqual({ marks: unmarked, clientReads: 0, notes: [], counts: {} });
  });

  it('that was handled before is marked so', async () => {
    const { marks } = await mark({ history: { handledBefore: true, newestHandled: null } });
    expect(marks).toEqual({ ...unmarked, handledBefore: true });
  });

  it.each([
    ['a later one was handled', sampleTime, sampleTime + 0.001, true],
    ['one of the same time was handled', sampleTime, sampleTime, false],
    ['an earlier one was handled', sampleTime, sampleTime - 0.001, false],
    ['none was handled', sampleTime, null, false],
    ['its own time is unknown', null, sampleTime, false],
  ])('is stale or not when %s', async (_, occurredAt, newestHandled, stale) => {
    const { marks } = await mark({ event: { occurredAt }, history: { handledBefore: false, newestHandled } });
    expect(marks).toEqual({ ...unmarked, stale });
  });

  it.each([
    ['our-client', true],
    ['another', false],
  ])('that the app %s caused is a loop: %s', async (sourceApplicationId, loop) => {
    const { marks, clientReads } = await mark({ event: { sourceApplicationId } });
    expect(marks).toEqual({ ...unmarked, loop });
    expect(clientReads).toBe(1);
  });

  it('is handled without the mark while nobody has written our client id yet, and a note says so', async () => {
    const unknown = { ownClientId: async () => undefined };
    const result = await mark({ event: { sourceApplicationId: 'our-client' }, ports: unknown });
    expect(result).toMatchObject({ marks: unmarked, notes: [['event.client_id_unknown', { eventId: about.eventId }]] });
  });

  it('of a company without a subscription is unsubscribed, and counted', async () => {
    const { marks, counts } = await mark({ ports: { subscriptions: memorySubscriptionStore() } });
    expect(marks).toEqual({ ...unmarked, unsubscribed: true });
    expect(counts).toEqual({ eventUnsubscribed: 1 });
  });

  it.each<[string, Partial<MarkDependencies>, string, Record<string, number>, Partial<EventMarks>]>([
    // Whether it is stale is not known then, which is not the same as no.
    ['the ledger', { ledger: { history: out } }, 'event.history_unread', { ledgerUnread: 1 }, { stale: null }],
    ['our client id', { ownClientId: out }, 'event.client_id_unread', {}, {}],
    ['the subscription', { subscriptions: { read: out } }, 'event.subscription_unread', {}, {}],
  ])(
    'is handled without the mark when %s cannot be read, and a note says so',
    async (_, ports, note, counts, unknown) => {
      const result = await mark({ event: { sourceApplicationId: 'another' }, ports });
      expect(result).toMatchObject({ marks: { ...unmarked, ...unknown }, notes: [[note, about]], counts });
      expect(result.counts).toEqual(counts);
    },
  );
});
