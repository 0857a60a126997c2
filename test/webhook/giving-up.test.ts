import { describe, expect, it } from 'vitest';
import { NoSubscriptionError } from '../../functions/webhook/event-client.ts';
import { subjectId } from '../../functions/webhook/event-message.ts';
import { backOffSeconds, leastPause, retentionSeconds } from '../../functions/webhook/giving-up.ts';
import { endIfNotLoaded, failIfNotLoaded, loadOnce } from '../../functions/webhook/load-handlers.ts';
import { Permanent } from '../../functions/webhook/permanent.ts';
import { eventQueueLimits, type ReceivedMessage } from '../../functions/webhook/work-queue.ts';
import { aboutEvent, sampleEvent, sampleTries } from './sample-events.ts';
import { throttledFor } from './throttled-for.ts';
import { ledgerOut, out, received, receivedChange, startTime, type WorldOptions, workerWorld } from './worker-world.ts';

type World = ReturnType<typeof workerWorld>;

/** What SQS does with a message that comes again and again: it is worked when its pause is over. */
async function live(
  world: World,
  first: ReceivedMessage,
  seconds: number,
  between: () => Promise<unknown> = async () => {},
) {
  const { time, work, postponed } = world;
  const until = time.now + seconds;
  let message = first;
  for (;;) {
    if ((await work(message)).length === 0) return 'done';
    const pause = postponed.at(-1)?.seconds ?? 0;
    if (time.now + pause > until) return 'waiting';
    time.now += pause;
    message = { ...message, receiveCount: message.receiveCount + 1 };
    await between();
  }
}

const hours = (number: number) => number * 3600;

/** A world in which the event `a` always fails, by itself unless another error is given. */
function failing(error: Error = new Error('no such cost code'), options?: WorldOptions): World {
  const world = workerWorld(options);
  world.failing.set('a', error);
  return world;
}

/** Handles another event of the same company and resource name. */
function othersSucceed(world: World) {
  let other = 0;
  return async () => {
    other += 1;
    await world.work(received({ id: `other ${other}`, resourceId: `other ${other}` }));
  };
}

describe('an outage', () => {
  it.each([
    ['75 seconds', 75],
    ['two days', hours(48)],
  ])('of %s for everybody gives no event up, whatever its errors look like', async (_, seconds) => {
    const world = failing();
    const { dead, failing: events, time } = world;
    expect(await live(world, received({ id: 'a' }), seconds)).toBe('waiting');
    events.clear();
    time.now += hours(1);
    expect(await world.work(received({ id: 'a' }))).toEqual([]);
    expect(dead).toEqual([]);
  });

  it('of one company gives none of its events up while those of others succeed', async () => {
    const world = failing();
    let other = 0;
    const between = async () => {
      other += 1;
      await world.work(received({ id: `other ${other}`, companyId: '2' }));
      await world.work(received({ id: `another ${other}`, resourceName: 'Submittals' }));
    };
    expect(await live(world, received({ id: 'a' }), hours(24), between)).toBe('waiting');
    expect(world.dead).toEqual([]);
  });

  it('that the error says is one counts against no event, though others of its kind succeed', async () => {
    const world = failing(new NoSubscriptionError('sandbox', '8'));
    expect(await live(world, received({ id: 'a' }), hours(24), othersSucceed(world))).toBe('waiting');
    expect((await world.ledger.show('a'))?.tried).toMatchObject({ counted: 0 });
  });

  it('of the ledger gives no event up, and it is tried on', async () => {
    const evidence = { succeeded: out, failed: out };
    const world = failing(undefined, { ledger: ledgerOut, evidence });
    expect(await live(world, received({ id: 'a' }), 300)).toBe('waiting');
    expect(world.postponed.map(({ seconds }) => seconds)).toEqual([5, 10, 20, 40, 80, 160]);
    expect(world.observer.notes).toContainEqual(['event.tries_unread', { eventId: 'a', errorName: 'Error' }]);
  });
});

describe('a poison event', () => {
  it('is found out within an hour by others of its kind that succeed, and its group goes on', async () => {
    const world = failing();
    const { dead, time, ledger } = world;
    expect(await live(world, received({ id: 'a' }), hours(1), othersSucceed(world))).toBe('done');
    expect(time.now - startTime).toBeGreaterThanOrEqual(600);
    expect(dead).toMatchObject([{ id: 'message of a', reason: 'fails_alone', lastTry: { text: 'no such cost code' } }]);
    const { deadLettered, tried } = (await ledger.show('a')) ?? {};
    expect(deadLettered).toEqual({ reason: 'fails_alone' });
    expect(tried?.counted).toBeGreaterThanOrEqual(5);
    expect(tried?.tries).toHaveLength(10);
    expect(await world.work(received({ id: 'b' }))).toEqual([]);
  });

  it('is found out within an hour when only one other event in ten minutes succeeds', async () => {
    const world = failing();
    const succeed = othersSucceed(world);
    let next = startTime + 599;
    const between = async () => {
      if (world.time.now < next) return;
      next += 600;
      await succeed();
    };
    expect(await live(world, received({ id: 'a' }), hours(1), between)).toBe('done');
    expect(world.dead).toMatchObject([{ reason: 'fails_alone' }]);
  });

  it('is given up for its age when no other one succeeds, after `giveUpAfterHours`', async () => {
    const world = failing();
    expect(await live(world, received({ id: 'a' }), hours(73))).toBe('done');
    expect(world.time.now - startTime).toBeGreaterThanOrEqual(hours(72));
    expect(world.dead).toMatchObject([{ reason: 'failed_too_long' }]);
    expect((await world.ledger.show('a'))?.deadLettered).toEqual({ reason: 'failed_too_long' });
  });

  it('that was sent long ago is tried three times over a minute before it is given up', async () => {
    const world = failing();
    const old = received({ id: 'a' }, { sentAt: startTime - hours(100), firstReceivedAt: startTime });
    expect(await live(world, old, hours(1))).toBe('done');
    // At 0, 5, 15, 35 and 75 s.
    expect(world.handled).toHaveLength(5);
    expect(world.dead).toMatchObject([{ reason: 'failed_too_long' }]);
  });

  it('that an operator sends again begins afresh, and keeps what is known of its tries', async () => {
    const world = failing();
    await live(world, received({ id: 'a' }), hours(1), othersSucceed(world));
    const redriven = received(
      { id: 'a' },
      { messageId: 'redriven', sentAt: world.time.now, firstReceivedAt: world.time.now },
    );
    expect(await live(world, redriven, 300, othersSucceed(world))).toBe('waiting');
    const { tried, failures } = (await world.ledger.show('a')) ?? {};
    expect(tried).toMatchObject({ messageId: 'redriven', deaths: 0 });
    expect(tried?.failures).toBeLessThan(failures ?? 0);
    expect(tried?.tries).toHaveLength(10);
    expect(world.dead).toHaveLength(1);
  });

  it('is a dead letter with its last try even when the ledger does not take it', async () => {
    const { observer, work, dead } = failing(new Permanent('no such cost code'), { ledger: ledgerOut });
    expect(await work(received({ id: 'a' }))).toEqual([]);
    expect(dead).toMatchObject([
      { reason: 'permanent', lastTry: { outcome: 'permanent', errorName: 'Permanent', text: 'no such cost code' } },
    ]);
    // Nobody will find the event as dead in the ledger.
    expect(observer.notes.at(-1)).toEqual(['event.try_not_kept', { eventId: 'a', errorName: 'Error' }]);
    expect(observer.counts.get('ledgerUnwritten')).toBe(1);
  });

  it('is told to people after half an hour, with the name of its error', async () => {
    const world = failing(new RangeError('no such cost code'));
    await live(world, received({ id: 'a' }), 1700);
    expect(world.observer.counts.get('eventFailingLong')).toBeUndefined();
    await live(world, received({ id: 'a' }, { receiveCount: 9 }), 1300);
    expect(world.observer.counts.get('eventFailingLong')).toBeGreaterThan(0);
    expect(world.observer.notes).toContainEqual([
      'event.failing_long',
      expect.objectContaining({ eventId: 'a', companyId: '1357908642', errorName: 'RangeError', outcome: 'failed' }),
    ]);
  });
});

describe('a pause that was asked for', () => {
  it('costs nothing, however often, and makes nobody a suspect', async () => {
    const world = failing(throttledFor(30));
    expect(await live(world, received({ id: 'a' }), hours(80), othersSucceed(world))).toBe('waiting');
    expect(world.dead).toEqual([]);
    expect(world.deleted).toEqual([]);
    expect(await world.ledger.show('a')).toMatchObject({ failures: 0, tried: { failures: 0, counted: 0, deaths: 0 } });
    expect(world.postponed[0]?.seconds).toBe(30);
  });
});

describe('retention', () => {
  const old = { sentAt: startTime - retentionSeconds, firstReceivedAt: startTime };

  it('sets aside after ten days what was only asked to wait', async () => {
    const { work, dead } = failing(throttledFor(30));
    expect(await work(received({ id: 'a' }, old))).toEqual([]);
    expect(dead).toMatchObject([{ reason: 'retention', lastTry: { outcome: 'waiting' } }]);
  });

  it('sets aside what is put off untried, and not what can be handled', async () => {
    const { work, dead, handled, ledger } = workerWorld({
      breaker: { hold: () => 300, succeeded() {}, failed() {}, ended() {} },
    });
    await ledger.recordFailure(aboutEvent(sampleEvent({ id: 'a' })), sampleTries());
    expect(await work(received({ id: 'a' }, old), received({ id: 'b', resourceId: '2' }, old))).toEqual([]);
    const [lastTry] = sampleTries().tries;
    expect(dead).toHaveLength(2);
    expect(dead).toContainEqual({ id: 'message of a', reason: 'retention', lastTry, detail: undefined });
    expect(handled).toEqual([]);
    // Both are listed, and of the one that was tried the tries are kept.
    const listed = new Map<string, unknown>();
    for await (const { subject, tried } of ledger.attention('dead')) listed.set(subjectId(subject), tried?.tries);
    expect(listed).toEqual(
      new Map([
        ['a', sampleTries().tries],
        ['b', []],
      ]),
    );
    const well = workerWorld();
    expect(await well.work(received({ id: 'a' }, old))).toEqual([]);
    expect(well.dead).toEqual([]);
  });

  it('does so with the ledger out of order', async () => {
    const { work, dead } = failing(undefined, { ledger: ledgerOut, evidence: { succeeded: out, failed: out } });
    expect(await work(received({ id: 'a' }, old))).toEqual([]);
    expect(dead).toMatchObject([{ reason: 'retention' }]);
  });
});

describe('a change of a connection', () => {
  it('is given up by age as events are, and leaves a record', async () => {
    const world = workerWorld();
    world.failing.set('customer:7', new Error('no such customer'));
    const change = receivedChange({});
    expect(await live(world, change, 60)).toBe('waiting');
    const found: unknown[] = [];
    for await (const entry of world.ledger.attention('failing')) found.push(entry);
    expect(found).toMatchObject([{ subject: { change: { connectionId: 'customer:7' } }, tried: { failures: 4 } }]);
    expect(await live(world, { ...change, receiveCount: 5 }, hours(73))).toBe('done');
    expect(world.dead).toMatchObject([{ reason: 'failed_too_long', lastTry: { text: 'no such customer' } }]);
  });
});

describe('a file that cannot be loaded', () => {
  it('is recorded with each event and counts against none, and everything waits', async () => {
    const load = loadOnce(() => Promise.reject(new SyntaxError('Unexpected token')));
    const world = workerWorld({ load });
    expect(await live(world, received({ id: 'a' }), hours(24))).toBe('waiting');
    expect((await world.ledger.show('a'))?.tried?.tries[0]).toMatchObject({
      outcome: 'outside',
      errorName: 'OnEventNotLoadedError',
      text: expect.stringContaining('SyntaxError: Unexpected token'),
    });
  });

  it('fails an invocation in which nothing was done, so that the alarm on errors rings', async () => {
    const broken = loadOnce(() => Promise.reject(new SyntaxError('Unexpected token')));
    await expect(failIfNotLoaded(broken)).rejects.toThrow(/on-event.ts could not be loaded/);
    await failIfNotLoaded(loadOnce(async () => ({ onEvent: async () => {}, onConnectionChange: async () => {} })));
  });

  it('ends the process when that invocation has failed: what failed once, for a network that was out, fails in it for good', async () => {
    const ends: string[] = [];
    const end = () => void ends.push('ended');
    const broken = loadOnce(() => Promise.reject(new TypeError('fetch failed')));
    await expect(endIfNotLoaded(failIfNotLoaded(broken), end)).rejects.toThrow(/on-event.ts could not be loaded/);
    expect(ends).toEqual(['ended']);
    await expect(endIfNotLoaded(Promise.reject(new Error('its own')), end)).rejects.toThrow('its own');
    expect(await endIfNotLoaded(Promise.resolve('answer'), end)).toBe('answer');
    expect(ends).toHaveLength(1);
  });

  it('is loaded once', async () => {
    let loads = 0;
    const handlers = loadOnce(async () => {
      loads += 1;
      return { onEvent: async () => {}, onConnectionChange: async () => {} };
    });
    await Promise.all([handlers(), handlers()]);
    expect(loads).toBe(1);
  });
});

describe('the pause before the next try', () => {
  it('doubles from 5 s to 10 min, to a minute where the key works, by chance up to a quarter less', () => {
    const pauses = (works: boolean, fraction = 0) =>
      [1, 2, 3, 7, 8, 60].map((tries) => backOffSeconds(tries, fraction, works));
    expect(pauses(false)).toEqual([5, 10, 20, 320, 600, 600]);
    expect(pauses(true)).toEqual([5, 10, 20, 60, 60, 60]);
    expect(pauses(false, 0.999_999)).toEqual([4, 8, 16, 241, 451, 451]);
  });

  it('is longer for a message that SQS has handed out so often that it would soon move it, and for those behind it', async () => {
    const { work, postponed } = failing();
    await work(received({ id: 'a' }, { receiveCount: 2 }), received({ id: 'b' }, { receiveCount: 900 }));
    expect(postponed).toEqual([{ ids: ['message of a', 'message of b'], seconds: retentionSeconds / 50 }]);
  });

  it('lets the receives that SQS allows last until retention, whatever the pauses before', () => {
    for (const pause of [5, 60, 600]) {
      const message = { receiveCount: 1, sentAt: 0 };
      let now = 0;
      while (now < retentionSeconds) {
        now += Math.max(pause, leastPause(message, now));
        message.receiveCount += 1;
      }
      expect(message.receiveCount).toBeLessThan(eventQueueLimits.receives);
      expect(leastPause({ receiveCount: 399, sentAt: 0 }, 0)).toBe(0);
    }
  });
});
