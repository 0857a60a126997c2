import { describe, expect, it } from 'vitest';
import { nameInEvent } from '../../functions/procore/resource-names.ts';
import { companyClientWhenCalled } from '../../functions/webhook/event-client.ts';
import { Permanent } from '../../functions/webhook/permanent.ts';
import { longestUnmarked } from '../../functions/webhook/run-message.ts';
import { workBatch } from '../../functions/webhook/work.ts';
import { statusOf } from '../../lib/operator/event-search.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { untilReturn } from '../memory/port.ts';
import { sampleTime } from './sample-events.ts';
import {
  ledgerOut,
  out,
  queueOut,
  received,
  receivedChange,
  sampleChange,
  workerWorld as setUp,
  startTime,
} from './worker-world.ts';

/** Only the pauses between tries to write a mark come to their end. @param pauses those that did */
const marking = (pauses: number[]) => (milliseconds: number) => {
  if (milliseconds !== [250, 500, 1000, 2000][pauses.length % 4]) return new Promise<void>(() => {});
  pauses.push(milliseconds);
  return Promise.resolve();
};

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
      sleep: async (milliseconds) => {
        // The worker does not come to take further messages.
        if (milliseconds < 10_000) return new Promise(() => {});
        limits.push(milliseconds);
      },
      handlers: {
        onEvent: (_, { signal }) => {
          signals.push(signal);
          return new Promise(() => {});
        },
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
    expect(dead).toEqual([]);
  });

  it('still reports what failed when it cannot be postponed', async () => {
    const { work, failing, observer } = setUp({ queue: queueOut });
    failing.set('a', new Error('no'));
    expect(await work(received({ id: 'a' }), received({ id: 'b' }))).toEqual(['message of a', 'message of b']);
    expect(observer.notes.at(-1)).toEqual(['event.not_postponed', { errorName: 'Error', count: 2 }]);
  });

  it('ends what the process has kept of an event’s resources before onEvent may read them', async () => {
    const steps: unknown[] = [];
    const { work } = setUp({
      reads: { resourceChanged: (...changed) => steps.push(changed), connectionChanged: out },
      handlers: { onEvent: async ({ id }) => void steps.push(id) },
    });
    const relatedResources = [{ id: '7', name: 'Cost Codes' }];
    await work(received({ id: 'a', resourceName: 'Direct Costs', companyId: '5', relatedResources }));
    const names = [nameInEvent('Direct Costs'), nameInEvent('Cost Codes')];
    expect(steps).toEqual([['sandbox', '5', names], 'a']);
  });

  it('ends what the process has kept for a connection before onConnectionChange is told', async () => {
    const steps: unknown[] = [];
    const { work } = setUp({
      reads: { resourceChanged: out, connectionChanged: (...changed) => steps.push(changed) },
      handlers: { onConnectionChange: async ({ change }) => void steps.push(change) },
    });
    await work(receivedChange({ connectionId: 'acme', change: 'connected' }));
    expect(steps).toEqual([['sandbox', 'acme'], 'connected']);
  });

  it('hands a connection’s change to onConnectionChange', async () => {
    const { work, changes } = setUp();
    expect(await work(receivedChange({}))).toEqual([]);
    expect(changes).toEqual([sampleChange]);
  });
});

describe('failures', () => {
  it('sets a permanent failure aside at once, with its reason, and goes on with the group', async () => {
    const { work, ids, failing, dead, observer, ledger } = setUp();
    failing.set('a', new Permanent('the cost code is unknown'));
    expect(await work(received({ id: 'a' }), received({ id: 'b' }))).toEqual([]);
    expect(dead).toMatchObject([{ id: 'message of a', reason: 'permanent', detail: 'the cost code is unknown' }]);
    expect(ids()).toEqual(['a', 'b']);
    expect(observer.counts.get('eventDeadLettered')).toBe(1);
    expect(observer.notes.at(-1)).toEqual(['event.dead_lettered', { reason: 'permanent', receiveCount: 1 }]);
    const entry = await ledger.show('a');
    expect(entry).toMatchObject({ deadLettered: { reason: 'permanent', detail: 'the cost code is unknown' } });
    expect(entry && statusOf(entry)).toBe('failed');
  });

  it('keeps what a permanent failure said without secrets, and bounded, as it keeps all texts', async () => {
    const { work, failing, dead, ledger } = setUp();
    failing.set('a', new Permanent(`refused: {"access_token":"kept-secret-1"} ${'x '.repeat(300_000)}`));
    expect(await work(received({ id: 'a' }))).toEqual([]);
    const kept = (await ledger.show('a'))?.deadLettered?.detail ?? '';
    for (const detail of [kept, dead[0]?.detail ?? '']) {
      expect(detail).toContain('refused: {"access_token":"(left out)"}');
      expect(detail.length).toBeLessThanOrEqual(500);
    }
  });

  it('keeps a permanent failure when the dead-letter queue cannot take it', async () => {
    const { work, failing, observer } = setUp({ queue: { ...queueOut, postpone: async () => {} } });
    failing.set('a', new Permanent('no'));
    expect(await work(received({ id: 'a' }), received({ id: 'b' }))).toEqual(['message of a', 'message of b']);
    expect(observer.notes.at(-1)).toEqual(['event.not_dead_lettered', { reason: 'permanent', errorName: 'Error' }]);
    expect(observer.counts.get('eventDeadLettered')).toBeUndefined();
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

  it.each([
    ['whose stack is no text', Object.assign(new Error('no'), { stack: [] })],
    ['whose text is none', Object.assign(new Error('no'), { message: Symbol('no') })],
    [
      'that throws when it is looked at',
      new Proxy(new Error('no'), {
        get() {
          throw new Error('unreadable');
        },
      }),
    ],
  ])('keeps an error %s like any other, and takes no other event along', async (_, error) => {
    const { work, ids, failing, postponed, ledger } = setUp();
    failing.set('a', error);
    expect(await work(received({ id: 'a' }), received({ id: 'x', resourceId: '2' }))).toEqual(['message of a']);
    expect(ids().toSorted()).toEqual(['a', 'x']);
    expect(postponed).toEqual([{ ids: ['message of a'], seconds: 5 }]);
    expect((await ledger.show('a'))?.tried).toMatchObject({ failures: 1, tries: [{ outcome: 'failed' }] });
  });

  it('logs where an error came from and not its text', async () => {
    const { work, failing, observer } = setUp();
    failing.set('a', new Error('secret token abc'));
    await work(received({ id: 'a' }));
    expect(JSON.stringify(observer.notes)).toContain('work.test.ts');
    expect(JSON.stringify(observer.notes)).not.toContain('secret token');
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

  it('marks an older event as stale although the ledger refuses the mark of the newer one at first', async () => {
    const ledger = memoryLedger(() => sampleTime);
    let refusals = 4;
    const pauses: number[] = [];
    const { work, handled, observer } = setUp({
      ledger: {
        ...ledger,
        markHandled: (...mark) => (refusals-- > 0 ? out() : ledger.markHandled(...mark)),
      },
      sleep: marking(pauses),
    });
    await work(
      received({ id: 'newer', occurredAt: sampleTime - 10 }),
      received({ id: 'older', occurredAt: sampleTime - 20 }),
    );
    expect(handled.map(({ id, marks }) => [id, marks.stale])).toEqual([
      ['newer', false],
      ['older', true],
    ]);
    expect(pauses).toEqual([250, 500, 1000, 2000]);
    expect(observer.counts.get('ledgerUnwritten')).toBeUndefined();
  });

  describe('when the ledger takes no mark for minutes, and can be read', () => {
    function refusing() {
      const ledger = memoryLedger(() => sampleTime);
      const state = { refuses: true };
      const world = setUp({
        ledger: { ...ledger, markHandled: (...mark) => (state.refuses ? out() : ledger.markHandled(...mark)) },
        sleep: marking([]),
      });
      const newer = received({ id: 'newer', occurredAt: sampleTime - 10 });
      const older = received({ id: 'older', occurredAt: sampleTime - 20 });
      return { ...world, state, newer, older };
    }

    it('keeps an event on the queue with those behind it, does not run it again, and marks the older one', async () => {
      const { work, ids, handled, postponed, state, newer, older } = refusing();
      expect(await work(newer, older)).toEqual([newer.messageId, older.messageId]);
      expect(postponed).toEqual([{ ids: [newer.messageId, older.messageId], seconds: expect.any(Number) }]);
      expect(postponed[0]?.seconds).toBeLessThanOrEqual(60);
      expect(await work({ ...newer, receiveCount: 2 })).toEqual([newer.messageId]);
      expect(ids()).toEqual(['newer']);
      state.refuses = false;
      expect(await work({ ...newer, receiveCount: 3 }, { ...older, receiveCount: 2 })).toEqual([]);
      expect(handled.map(({ id, marks }) => [id, marks.stale])).toEqual([
        ['newer', false],
        ['older', true],
      ]);
    });

    it('runs it again in another process, which does not know of it', async () => {
      const { work, ids, newer, again } = refusing();
      await work(newer);
      const other = again();
      await untilReturn(() => workBatch([{ ...newer, receiveCount: 2 }], other));
      expect(ids()).toEqual(['newer', 'newer']);
    });

    it('lets it go a quarter of an hour after it was first received, and one without a time at once', async () => {
      const { work, newer } = refusing();
      expect(await work({ ...newer, firstReceivedAt: startTime - longestUnmarked })).toEqual([]);
      expect(await work(received({ id: 'timeless', occurredAt: null }))).toEqual([]);
      expect(await work(receivedChange({}))).toEqual([]);
    });
  });

  it('handles events unmarked when neither ledger, subscriptions nor client id can be read', async () => {
    const { work, handled, observer } = setUp({
      ledger: ledgerOut,
      ownClientId: out,
      subscriptions: { read: out },
      sleep: marking([]),
    });
    const late = { firstReceivedAt: startTime - longestUnmarked };
    expect(await work(received({ id: 'a', sourceApplicationId: 'our-client' }, late))).toEqual([]);
    expect(handled[0]?.marks).toEqual({ handledBefore: false, stale: null, loop: false, unsubscribed: false });
    expect(observer.counts.get('ledgerUnread')).toBe(1);
    expect(observer.counts.get('ledgerUnwritten')).toBe(1);
    const about = { eventId: 'a', errorName: 'Error' };
    // The three reads are made side by side, so they fail in any order.
    expect(observer.notes.slice(0, 3).toSorted()).toEqual([
      ['event.client_id_unread', about],
      ['event.history_unread', about],
      ['event.subscription_unread', about],
    ]);
    expect(observer.notes.slice(3)).toEqual([['event.not_marked', about]]);
  });
});
