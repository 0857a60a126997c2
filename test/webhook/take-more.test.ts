import { describe, expect, it } from 'vitest';
import { eventQueueLimits, type ReceivedMessage } from '../../functions/webhook/work-queue.ts';
import { portsAtRest } from '../memory/port.ts';
import { out, queueOut, received, startTime, type WorldOptions, workerWorld } from './worker-world.ts';

/** A worker whose events of the company `slow` hang until they are let go, and a queue with further messages. */
function setUp(further: readonly ReceivedMessage[], options: WorldOptions = {}) {
  const waiting = [...further];
  const asked: number[] = [];
  const handled: string[] = [];
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  const time = { ms: 0 };
  let letGo: () => void = () => {};
  const hanging = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const world = workerWorld({
    sleep: (milliseconds) => new Promise((wake) => sleepers.push({ at: time.ms + milliseconds, wake })),
    remaining: () => 60_000 - time.ms,
    ...options,
    queue: {
      ...workerWorld().dependencies.queue,
      async receive(most) {
        asked.push(most);
        return waiting.splice(0, most);
      },
      ...options.queue,
    },
    handlers: {
      async onEvent({ id, companyId }) {
        if (companyId === 'slow') await hanging;
        handled.push(id);
      },
    },
  });
  return {
    ...{ world, asked, handled, letGo },
    arrive: (...messages: readonly ReceivedMessage[]) => waiting.push(...messages),
    /** Lets so many milliseconds go by. */
    async pass(milliseconds: number) {
      await portsAtRest();
      time.ms += milliseconds;
      world.time.now += milliseconds / 1000;
      for (const { at, wake } of sleepers) if (at <= time.ms) wake();
      // Between a call of a port and the next one of the same message no port is about to go on.
      for (let tick = 0; tick < 20; tick += 1) await portsAtRest();
    },
  };
}

const slow = (id: string, otherwise: Partial<ReceivedMessage> = {}) =>
  received({ id, companyId: 'slow', resourceId: id }, otherwise);
const fast = (id: string, otherwise: Partial<ReceivedMessage> = {}) =>
  received({ id, companyId: `of ${id}`, resourceId: id }, otherwise);

describe('a worker that waits for a slow event', () => {
  it('takes further messages from two seconds on, works them, and deletes them itself', async () => {
    const { world, asked, handled, letGo, pass } = setUp([fast('b'), fast('c')]);
    const deleted: string[] = [];
    world.dependencies.queue.delete = async (messages) =>
      void deleted.push(...messages.map(({ messageId }) => messageId));
    const work = world.work(slow('a'), fast('x'));
    await pass(1999);
    expect(asked).toEqual([]);
    await pass(1);
    expect(asked).toEqual([9]);
    expect(handled.toSorted()).toEqual(['b', 'c', 'x']);
    expect(deleted).toEqual(expect.arrayContaining(['message of b', 'message of c']));
    letGo();
    expect(await work).toEqual([]);
  });

  it('deletes what is done before it asks: the next event of its resource must not wait for the slow one', async () => {
    const deleted: string[] = [];
    const behind = [received({ id: 'y', companyId: 'of x', resourceId: 'x' })];
    const { world, handled, letGo, pass } = setUp([], {
      queue: {
        ...workerWorld().dependencies.queue,
        delete: async (messages) => void deleted.push(...messages.map(({ messageId }) => messageId)),
        // SQS hands out no message of a group while another one of it is in flight.
        receive: async () => (deleted.includes('message of x') ? behind.splice(0) : []),
      },
    });
    const work = world.work(slow('a'), fast('x'));
    await pass(1999);
    await pass(1);
    expect(handled).toEqual(['x', 'y']);
    letGo();
    expect(await work).toEqual([]);
  });

  it('takes none where nothing is slow', async () => {
    const { world, asked } = setUp([fast('b')]);
    expect(await world.work(fast('a'))).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('puts off those of the company that hangs, untried, for as long as that has lasted and at most 20 seconds', async () => {
    const { world, handled, letGo, arrive, pass } = setUp([]);
    const postponed: unknown[] = [];
    world.dependencies.queue.postpone = async (messages, seconds) =>
      void postponed.push([messages.map(({ messageId }) => messageId), seconds]);
    const work = world.work(slow('a'));
    await pass(4000);
    arrive(slow('b'), fast('c'));
    await pass(2000);
    expect(handled).toEqual(['c']);
    expect(postponed).toEqual([[['message of b'], 6]]);
    await pass(20_000);
    arrive(slow('d'));
    await pass(2000);
    expect(postponed).toEqual([
      [['message of b'], 6],
      [['message of d'], 20],
    ]);
    letGo();
    await work;
  });

  it('works those of a company whose events just take some seconds beside each other', async () => {
    const { world, handled, letGo, pass } = setUp([slow('b'), slow('c')]);
    const work = world.work(slow('a'));
    await pass(4000);
    letGo();
    expect(await work).toEqual([]);
    expect(handled.toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('puts suspects off: nothing may run beside them', async () => {
    const suspect = { receiveCount: 3, firstReceivedAt: startTime - eventQueueLimits.visibilitySeconds };
    const { world, handled, letGo, pass } = setUp([fast('b', suspect)]);
    const postponed: string[] = [];
    world.dependencies.queue.postpone = async (messages) =>
      void postponed.push(...messages.map(({ messageId }) => messageId));
    const work = world.work(slow('a'));
    await pass(2000);
    expect(handled).toEqual([]);
    expect(postponed).toEqual(['message of b']);
    letGo();
    await work;
    expect(world.writes).not.toContain('keepTries');
  });

  it('has no more under way than a batch has, but for those that hang', async () => {
    const { world, asked, letGo, pass } = setUp([]);
    const batch = Array.from({ length: 10 }, (_, index) => slow(`a${index}`));
    const work = world.work(...batch);
    for (let seconds = 2; seconds <= 8; seconds += 2) await pass(2000);
    expect(asked).toEqual([]);
    await pass(2000);
    expect(asked).toEqual([10]);
    letGo();
    await work;
  });

  it('takes none when less than 15 s are left', async () => {
    const { world, asked, letGo, pass } = setUp([], { remaining: () => 14_999 });
    const work = world.work(slow('a'));
    await pass(2000);
    expect(asked).toEqual([]);
    letGo();
    await work;
  });

  it('ends only when those that it has taken have ended, and goes on when none can be taken', async () => {
    const { world, letGo, pass } = setUp([], { queue: { ...queueOut, receive: out } });
    const work = world.work(slow('a'));
    await pass(2000);
    letGo();
    expect(await work).toEqual([]);
    expect(world.observer.notes).toContainEqual(['event.none_taken', { errorName: 'Error' }]);
  });
});
