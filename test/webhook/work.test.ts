import { describe, expect, it } from 'vitest';
import type { ConnectionChange } from '../../functions/connection/connection-change.ts';
import type { OAuthClientSource } from '../../functions/oauth/token-endpoint.ts';
import { AccessTokenRefusedError } from '../../functions/procore/access-token-source.ts';
import { ProcoreApiError } from '../../functions/procore/api-error.ts';
import { diagnosed } from '../../functions/procore/diagnosis.ts';
import type { Exchange } from '../../functions/procore/exchange.ts';
import { SyncInterruptedError } from '../../functions/procore/sync.ts';
import { companyClientWhenCalled } from '../../functions/webhook/event-client.ts';
import type { MarkedEvent } from '../../functions/webhook/event-handlers.ts';
import { groupId, queueJson, type WebhookEventMessage } from '../../functions/webhook/event-message.ts';
import { Permanent } from '../../functions/webhook/permanent.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';
import {
  backOffSeconds,
  type EventWorkQueue,
  maximumTries,
  type ReceivedMessage,
  type WorkDependencies,
  workBatch,
} from '../../functions/webhook/work.ts';
import { statusOf } from '../../lib/operator/event-search.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { memoryPort, untilReturn } from '../memory/port.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { recordingObserver, sampleEvent, sampleTime } from './sample-events.ts';
import { sampleSubscription } from './sample-subscription.ts';

const out = () => Promise.reject(new Error('out of order'));

const unsent: Exchange = {
  environment: 'sandbox',
  purpose: 'api',
  method: 'GET',
  url: 'https://sandbox.procore.com/rest/v1.0/me',
  requestHeaders: {},
  startedAt: sampleTime,
  durationMs: 0,
  tries: 0,
};

/** As a sync action fails: the reason is the cause. */
const rateLimited = (retryAfterSeconds: number) =>
  new SyncInterruptedError(
    [],
    1,
    new ProcoreApiError(unsent, { diagnosis: diagnosed('rate_limited'), retryAfterSeconds }),
  );

/** As the SDK throws it, below an error of the integrator's. */
const throttled = (retryAfterSeconds?: string) => {
  const cause = Object.assign(new Error('Rate Exceeded.'), {
    name: 'TooManyRequestsException',
    $metadata: { httpStatusCode: 429 },
    Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    ...(retryAfterSeconds && { retryAfterSeconds }),
  });
  return new Error('the price list was not computed', { cause });
};

const rotationPending = (retryAfterSeconds: number) =>
  new AccessTokenRefusedError({ error: { code: 'rotation_pending', message: 'Wait.', retryAfterSeconds } });

function received(event: Partial<WebhookEvent>, otherwise: Partial<ReceivedMessage> = {}): ReceivedMessage {
  const message: WebhookEventMessage = {
    kind: 'webhook_event',
    environment: 'sandbox',
    event: sampleEvent(event),
    receivedAt: sampleTime + 1,
  };
  return {
    messageId: `message of ${message.event.id}`,
    receipt: `receipt of ${message.event.id}`,
    groupId: groupId(message),
    body: queueJson(message),
    receiveCount: 1,
    ...otherwise,
  };
}

function setUp(otherwise: Partial<WorkDependencies> = {}) {
  const handled: MarkedEvent[] = [];
  const changes: ConnectionChange[] = [];
  const postponed: { ids: string[]; seconds: number }[] = [];
  const dead: { id: string; reason: string; detail: string | undefined }[] = [];
  const failing = new Map<string, Error>();
  const observer = recordingObserver();
  const ledger = memoryLedger(() => sampleTime + 10);
  const queue: EventWorkQueue = {
    async postpone(messages, seconds) {
      postponed.push({ ids: messages.map(({ messageId }) => messageId), seconds });
    },
    async deadLetter({ messageId }, reason, detail) {
      dead.push({ id: messageId, reason, detail });
    },
  };
  const oauthClient: OAuthClientSource = {
    read: async () => ({ clientId: 'our-client', clientSecret: 'kept-secret' }),
  };
  const dependencies: WorkDependencies = {
    environment: 'sandbox',
    companyClient: (companyId) => companyClientWhenCalled('sandbox', companyId, out),
    handlers: {
      async onEvent(event) {
        handled.push(event);
        const error = failing.get(event.id);
        if (error !== undefined) throw error;
      },
      async onConnectionChange(change) {
        changes.push(change);
      },
    },
    clock: () => sampleTime + 10,
    randomFraction: () => 0,
    // The limit of the handler's time never comes, unless a test says so.
    sleep: () => new Promise(() => {}),
    subscriptions: memorySubscriptionStore([{ ...sampleSubscription({ companyId: '1357908642' }), revision: 1 }]),
    remaining: () => 60_000,
    observer,
    ...otherwise,
    queue: memoryPort<EventWorkQueue>('event work queue', otherwise.queue ?? queue),
    ledger: otherwise.ledger ? memoryPort('ledger', otherwise.ledger) : ledger,
    oauthClient: memoryPort<OAuthClientSource>('oauth client', otherwise.oauthClient ?? oauthClient),
  };
  const work = (...messages: ReceivedMessage[]) => untilReturn(() => workBatch(messages, dependencies));
  const ids = () => handled.map(({ id }) => id);
  return { handled, ids, changes, postponed, dead, failing, observer, ledger, work, dependencies };
}

describe('a batch', () => {
  it('hands every event to onEvent and has nothing left', async () => {
    const { work, ids, observer } = setUp();
    expect(await work(received({ id: 'a' }), received({ id: 'b', resourceId: '2' }))).toEqual([]);
    expect(ids().toSorted()).toEqual(['a', 'b']);
    expect(observer.counts.get('eventHandled')).toBe(2);
  });

  it('keeps a failed message and those behind it in its group, and finishes the other groups', async () => {
    const { work, ids, failing, postponed, observer } = setUp();
    failing.set('b', new Error('no'));
    const undone = await work(
      received({ id: 'a' }),
      received({ id: 'b' }),
      received({ id: 'x', resourceId: '2' }),
      received({ id: 'c' }),
      received({ id: 'y', resourceId: '2' }),
    );
    expect(Object.fromEntries(observer.counts)).toEqual({ eventHandled: 3, eventFailed: 1 });
    expect(undone).toEqual(['message of b', 'message of c']);
    expect(ids().toSorted()).toEqual(['a', 'b', 'x', 'y']);
    expect(postponed).toEqual([{ ids: ['message of b', 'message of c'], seconds: 5 }]);
  });

  it('works one resource’s events in order and one at a time', async () => {
    const steps: string[] = [];
    const { work } = setUp({
      handlers: {
        async onEvent({ id }) {
          steps.push(`${id} begins`);
          await Promise.resolve();
          steps.push(`${id} ends`);
        },
        async onConnectionChange() {},
      },
    });
    await work(received({ id: 'a' }), received({ id: 'b' }));
    expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('begins no second event of a group when time is short, and offers the rest again at once', async () => {
    const { work, ids, postponed } = setUp({ remaining: () => 9_999 });
    const undone = await work(received({ id: 'a' }), received({ id: 'b' }), received({ id: 'x', resourceId: '2' }));
    expect(undone).toEqual(['message of b']);
    expect(ids().toSorted()).toEqual(['a', 'x']);
    expect(postponed).toEqual([{ ids: ['message of b'], seconds: 0 }]);
  });

  it.each([
    [10_000, ['a', 'b']],
    [9999, ['a']],
  ])('begins a second event of a group only with 10 s left: with %i ms it handles %j', async (left, handled) => {
    const { work, ids } = setUp({ remaining: () => left });
    await work(received({ id: 'a' }), received({ id: 'b' }));
    expect(ids()).toEqual(handled);
  });

  it('gives the handler’s client 5 s less than the invocation has, so that none of its waits outlasts it', async () => {
    const given: number[] = [];
    const { work } = setUp({
      remaining: () => 60_000,
      companyClient: (companyId, remaining) => {
        given.push(remaining());
        return companyClientWhenCalled('sandbox', companyId, out);
      },
    });
    await work(received({ id: 'a' }));
    expect(given).toEqual([55_000]);
  });

  it('gives up on a handler that hangs before the invocation is killed, and keeps its group for later', async () => {
    const signals: AbortSignal[] = [];
    const limits: number[] = [];
    const { work, dead, postponed, observer } = setUp({
      remaining: () => 60_000,
      sleep: async (milliseconds) => void limits.push(milliseconds),
      handlers: {
        onEvent: (_, { signal }) => {
          signals.push(signal);
          return new Promise(() => {});
        },
        async onConnectionChange() {},
      },
    });
    expect(await work(received({ id: 'a' }), received({ id: 'b' }))).toEqual(['message of a', 'message of b']);
    expect(limits).toEqual([55_000]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(postponed).toMatchObject([{ seconds: 5 }]);
    expect(observer.notes).toContainEqual([
      'event.failed',
      expect.objectContaining({ eventId: 'a', errorName: 'HandlerTimeoutError' }),
    ]);
    for (let tries = 2; tries <= maximumTries; tries++) await work(received({ id: 'a' }));
    expect(dead).toMatchObject([{ reason: 'tries_spent' }]);
  });

  it('still reports what failed when it cannot be postponed', async () => {
    const { work, failing, observer } = setUp({ queue: { postpone: out, deadLetter: out } });
    failing.set('a', new Error('no'));
    expect(await work(received({ id: 'a' }), received({ id: 'b' }))).toEqual(['message of a', 'message of b']);
    expect(observer.notes.at(-1)).toEqual(['event.not_postponed', { errorName: 'Error', count: 2 }]);
  });

  it('hands a connection’s change to onConnectionChange', async () => {
    const { work, changes } = setUp();
    const change: ConnectionChange = {
      connectionId: 'customer:7',
      environment: 'sandbox',
      change: 'reauthorization_required',
      generation: 3,
      cause: 'revoked',
      reconnect: 'connect again',
      at: sampleTime,
    };
    const body = queueJson({ kind: 'connection_change', environment: 'sandbox', change });
    expect(await work(received({}, { body }))).toEqual([]);
    expect(changes).toEqual([change]);
  });
});

describe('failures', () => {
  it('sets a permanent failure aside at once, with its reason, and goes on with the group', async () => {
    const { work, ids, failing, dead, observer, ledger } = setUp();
    failing.set('a', new Permanent('the cost code is unknown'));
    expect(await work(received({ id: 'a' }), received({ id: 'b' }))).toEqual([]);
    expect(dead).toEqual([{ id: 'message of a', reason: 'permanent', detail: 'the cost code is unknown' }]);
    expect(ids()).toEqual(['a', 'b']);
    expect(observer.counts.get('eventDeadLettered')).toBe(1);
    expect(observer.notes.at(-1)).toEqual(['event.dead_lettered', { reason: 'permanent', receiveCount: 1 }]);
    const entry = await ledger.show('a');
    expect(entry).toMatchObject({ deadLettered: { reason: 'permanent', detail: 'the cost code is unknown' } });
    expect(entry && statusOf(entry)).toBe('failed');
  });

  it('keeps a permanent failure when the dead-letter queue cannot take it', async () => {
    const { work, failing, observer } = setUp({ queue: { postpone: async () => {}, deadLetter: out } });
    failing.set('a', new Permanent('no'));
    expect(await work(received({ id: 'a' }), received({ id: 'b' }))).toEqual(['message of a', 'message of b']);
    expect(observer.notes.at(-1)).toEqual(['event.not_dead_lettered', { reason: 'permanent', errorName: 'Error' }]);
    expect(observer.counts.get('eventDeadLettered')).toBeUndefined();
  });

  it('sets an event aside after five tries of its own, and the one behind it, received as often, starts afresh', async () => {
    const { work, failing, dead, postponed } = setUp();
    failing.set('a', new Error('no'));
    failing.set('b', new Error('no'));
    for (let receiveCount = 1; receiveCount <= maximumTries; receiveCount++) {
      await work(received({ id: 'a' }, { receiveCount }), received({ id: 'b' }, { receiveCount }));
    }
    expect(dead).toEqual([{ id: 'message of a', reason: 'tries_spent', detail: undefined }]);
    expect(postponed.map(({ seconds }) => seconds)).toEqual([5, 10, 20, 40, 5]);
  });

  it('comes again when it may, at the cost of no try, after a rate limit, a rotation under way or a throttled function', async () => {
    const { work, failing, dead, postponed, ledger } = setUp();
    for (const error of [rateLimited(2400), rotationPending(1), throttled(), throttled('30')]) {
      failing.set('a', error);
      for (let tries = 1; tries <= 2 * maximumTries; tries++) await work(received({ id: 'a' }));
    }
    expect(dead).toEqual([]);
    expect([...new Set(postponed.map(({ seconds }) => seconds))]).toEqual([2400, 5, 30]);
    const { failures } = (await ledger.show('a')) ?? {};
    expect(failures ?? 0).toBe(0);
    failing.set('a', new ProcoreApiError(unsent, { diagnosis: diagnosed('app_not_connected'), retryAfterSeconds: 60 }));
    for (let tries = 1; tries <= maximumTries; tries++) await work(received({ id: 'a' }));
    expect(dead).toHaveLength(1);
  });

  it('gives a redriven event its tries again', async () => {
    const { work, failing, dead } = setUp();
    failing.set('a', new Error('no'));
    for (let tries = 1; tries < 2 * maximumTries; tries++) await work(received({ id: 'a' }));
    expect(dead).toHaveLength(1);
    await work(received({ id: 'a' }));
    expect(dead).toHaveLength(2);
  });

  it('counts by receipts when the ledger is out', async () => {
    const { work, failing, dead, postponed, observer } = setUp({
      ledger: { history: out, markHandled: out, countFailure: out, markDeadLettered: out },
    });
    failing.set('a', new Error('no'));
    await work(received({ id: 'a' }, { receiveCount: 4 }));
    expect(postponed).toMatchObject([{ seconds: 40 }]);
    await work(received({ id: 'a' }, { receiveCount: 5 }));
    expect(dead).toMatchObject([{ reason: 'tries_spent' }]);
    // Nobody will find the event as dead in the ledger.
    expect(observer.notes.at(-1)).toEqual(['event.not_marked', { eventId: 'a', errorName: 'Error' }]);
    expect(observer.counts.get('ledgerUnwritten')).toBe(1);
  });

  it.each([
    ['unreadable_message', 'not ours'],
    ['unreadable_message', '{"kind":"webhook_event","environment":"nowhere"}'],
    ['wrong_environment', received({}).body.replace('"sandbox"', '"production"')],
  ])('sets aside at once: %s', async (reason, body) => {
    const { work, dead, handled } = setUp();
    expect(await work(received({}, { body }))).toEqual([]);
    expect(dead).toMatchObject([{ reason }]);
    expect(handled).toEqual([]);
  });

  it('logs where an error came from and not its text', async () => {
    const { work, failing, observer } = setUp();
    failing.set('a', new Error('secret token abc'));
    await work(received({ id: 'a' }));
    expect(JSON.stringify(observer.notes)).toContain('work.test.ts');
    expect(JSON.stringify(observer.notes)).not.toContain('secret token');
  });

  it('waits from 5 s to 15 min, by chance up to a quarter less', () => {
    expect([1, 2, 3, 8, 9, 60].map((tries) => backOffSeconds(tries, () => 0))).toEqual([5, 10, 20, 640, 900, 900]);
    expect([1, 9].map((tries) => backOffSeconds(tries, () => 0.999_999))).toEqual([4, 676]);
  });
});

describe('marks', () => {
  it('marks nothing about the first event of a resource', async () => {
    const { work, handled } = setUp();
    await work(received({ id: 'a' }));
    expect(handled[0]?.marks).toEqual({ handledBefore: false, stale: false, loop: false, unsubscribed: false });
  });

  it('marks an event that comes again after it was handled, but not after it failed', async () => {
    const { work, handled, failing } = setUp();
    failing.set('a', new Error('no'));
    await work(received({ id: 'a' }));
    failing.clear();
    await work(received({ id: 'a' }));
    await work(received({ id: 'a' }));
    expect(handled.map(({ marks }) => marks.handledBefore)).toEqual([false, false, true]);
  });

  it('marks an event as stale when a later one of the same resource was handled', async () => {
    const { work, handled } = setUp();
    await work(
      received({ id: 'later', occurredAt: sampleTime + 0.000_001 }),
      received({ id: 'earlier' }),
      received({ id: 'same time', occurredAt: sampleTime + 0.000_001 }),
      received({ id: 'timeless', occurredAt: null }),
      received({ id: 'elsewhere', resourceId: '2', occurredAt: 1 }),
    );
    const stale = Object.fromEntries(handled.map(({ id, marks }) => [id, marks.stale]));
    expect(stale).toEqual({ later: false, earlier: true, 'same time': false, timeless: false, elsewhere: false });
  });

  it('marks what our own app has caused', async () => {
    const { work, handled } = setUp();
    await work(
      received({ id: 'a', sourceApplicationId: 'our-client' }),
      received({ id: 'b', sourceApplicationId: 'x' }),
    );
    expect(handled.map(({ marks }) => marks.loop)).toEqual([true, false]);
  });

  it('marks an event of a company that no subscription names', async () => {
    const { work, handled, observer } = setUp();
    await work(received({ id: 'a', companyId: '666' }), received({ id: 'b' }));
    expect(Object.fromEntries(handled.map(({ id, marks }) => [id, marks.unsubscribed]))).toEqual({ a: true, b: false });
    expect(observer.counts.get('eventUnsubscribed')).toBe(1);
  });

  it('handles events unmarked when neither ledger, subscriptions nor secret can be read', async () => {
    const { work, handled, observer } = setUp({
      ledger: { history: out, markHandled: out, countFailure: out, markDeadLettered: out },
      oauthClient: { read: out },
      subscriptions: { read: out },
    });
    expect(await work(received({ id: 'a', sourceApplicationId: 'our-client' }))).toEqual([]);
    expect(handled[0]?.marks).toEqual({ handledBefore: false, stale: false, loop: false, unsubscribed: false });
    expect(observer.counts.get('ledgerUnread')).toBe(1);
    expect(observer.counts.get('ledgerUnwritten')).toBe(1);
    const about = { eventId: 'a', errorName: 'Error' };
    // The three reads are made side by side, so they fail in any order.
    expect(observer.notes.slice(0, 3).toSorted()).toEqual([
      ['event.history_unread', about],
      ['event.oauth_client_unread', about],
      ['event.subscription_unread', about],
    ]);
    expect(observer.notes.slice(3)).toEqual([['event.not_marked', about]]);
  });
});
