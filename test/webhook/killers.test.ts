import { describe, expect, it } from 'vitest';
import { isSuspect, longestUnclosed, withDeath } from '../../functions/webhook/killers.ts';
import { withTry } from '../../functions/webhook/try-record.ts';
import { workBatch } from '../../functions/webhook/work.ts';
import type { WorkDependencies } from '../../functions/webhook/work-dependencies.ts';
import { eventQueueLimits, type ReceivedMessage } from '../../functions/webhook/work-queue.ts';
import { sampleTries } from './sample-events.ts';
import { out, queueOut, received, startTime, type WorldOptions, workerWorld } from './worker-world.ts';

const { visibilitySeconds } = eventQueueLimits;

const idOf = ({ body }: ReceivedMessage): string => JSON.parse(body).event.id;

/**
 * SQS and Lambda around the worker, for events each of its own resource: `killers` end the process that runs them. What
 * was neither deleted nor reported as done comes again when it is visible.
 */
function lambda(ids: readonly string[], killers: readonly string[], options?: WorldOptions) {
  const runs: string[][] = [];
  let end: () => void = () => {};
  const world = workerWorld({
    ...options,
    handlers: {
      onEvent: async ({ id }) => {
        runs.at(-1)?.push(id);
        if (!killers.includes(id)) return;
        end();
        // Nothing of this process goes on.
        await new Promise(() => {});
      },
    },
  });
  const { time, deleted } = world;
  let left = ids.map((id, index) => received({ id, resourceId: String(index) }));

  async function invoke(dependencies: WorkDependencies): Promise<'died' | 'ended'> {
    runs.push([]);
    const death = new Promise<'died'>((resolve) => {
      end = () => resolve('died');
    });
    const undone = await Promise.race([death, workBatch(left, dependencies)]);
    // What others had begun beside it ends with the process; the memory ports need some ticks for what they do.
    for (let tick = 0; tick < 50; tick += 1) await new Promise((resolve) => setImmediate(resolve));
    const gone = (message: ReceivedMessage) =>
      deleted.includes(message.messageId) || (undone !== 'died' && !undone.includes(message.messageId));
    left = left
      .filter((message) => !gone(message))
      .map((message) => ({ ...message, receiveCount: message.receiveCount + 1 }));
    time.now += visibilitySeconds;
    return undone === 'died' ? 'died' : 'ended';
  }

  return {
    ...{ world, runs },
    /** The events that come again. */
    left: () => left.map(idOf),
    /** Invokes the worker, each time in a new process, until nothing is left. @returns how each invocation ended */
    async drain(most = 12): Promise<readonly string[]> {
      const ends: string[] = [];
      while (left.length > 0 && ends.length < most) ends.push(await invoke(world.again()));
      return ends;
    },
  };
}

const ten = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

describe('an event that ends its process', () => {
  it.each([['a'], ['e'], ['j']])('dies alone after its second death, wherever it stands: %s of ten', async (killer) => {
    const { world, runs, drain, left } = lambda(ten, [killer]);
    const ends = await drain();
    expect(left()).toEqual([]);
    // The second time alone it runs after all that are left: they need not wait for it again.
    expect(runs[2]?.at(-1)).toBe(killer);
    expect(new Set(runs.slice(1, 3).flat())).toEqual(new Set(ten));
    // Once with others, twice alone.
    expect(ends.filter((end) => end === 'died')).toHaveLength(3);
    expect(world.dead).toMatchObject([
      { id: `message of ${killer}`, reason: 'kills_worker', lastTry: { outcome: 'died' } },
    ]);
    expect((await world.ledger.show(killer))?.deadLettered).toEqual({ reason: 'kills_worker' });
    // All others were handled, and none of them is a dead letter.
    expect(new Set(runs.flat())).toEqual(new Set(ten));
  });

  it('takes no other one along but the first time', async () => {
    const { world, runs, drain } = lambda(ten, ['e']);
    await drain();
    for (const id of ten.filter((each) => each !== 'e')) {
      expect(runs.flat().filter((each) => each === id).length, id).toBeLessThanOrEqual(2);
      expect((await world.ledger.show(id))?.tried?.deaths ?? 0, id).toBe(0);
    }
  });

  it('does not keep a second one from being found', async () => {
    const { world, drain, left } = lambda(ten, ['b', 'c']);
    await drain();
    expect(left()).toEqual([]);
    expect(world.dead.map(({ id }) => id).toSorted()).toEqual(['message of b', 'message of c']);
  });

  it('is not run while the ledger does not take down that it begins, and neither is who may be one', async () => {
    const { world, runs, drain } = lambda(['a', 'b'], ['a']);
    expect(await drain(1)).toEqual(['died']);
    const { dependencies, observer, postponed } = world;
    const again = (id: string) => received({ id, resourceId: id }, { receiveCount: 2 });
    const held = { ...dependencies, ledger: { ...dependencies.ledger, keepTries: out } };
    expect(await workBatch([again('a'), again('b')], held)).toEqual(['message of a', 'message of b']);
    const unread = { ...dependencies, ledger: { ...dependencies.ledger, tries: out } };
    expect(await workBatch([again('a'), again('b')], unread)).toEqual(['message of a', 'message of b']);
    expect(runs).toHaveLength(1);
    expect(postponed.map(({ seconds }) => seconds)).toEqual([10, 10, 10, 10]);
    expect(observer.notes).toContainEqual(['event.start_not_kept', { eventId: 'a', errorName: 'Error' }]);
  });
});

describe('a suspect', () => {
  const later = startTime + visibilitySeconds;
  const message = received({ id: 'a' }, { messageId: 'm1', receiveCount: 3 });

  it('is received more often than it was tried', () => {
    expect(isSuspect(message, undefined, later)).toBe(true);
    expect(isSuspect(message, sampleTries({ receiveCount: 1 }), later)).toBe(true);
    expect(isSuspect(message, sampleTries({ receiveCount: 2 }), later)).toBe(false);
  });

  it('is one of which a try began and no end is known', () => {
    expect(isSuspect(message, sampleTries({ receiveCount: 2, startedAt: startTime }), later)).toBe(true);
  });

  it('is no message that came again sooner than after a death, nor one that comes for the first time', () => {
    expect(isSuspect(message, undefined, later - 1)).toBe(false);
    expect(isSuspect({ ...message, receiveCount: 1 }, undefined, later)).toBe(false);
  });

  it('is not acquitted or accused by another message of the same event', () => {
    const ofAnother = { messageId: 'm0', receiveCount: 3, startedAt: startTime };
    expect(isSuspect(message, sampleTries(ofAnother), later)).toBe(true);
    expect(isSuspect({ ...message, receiveCount: 1 }, sampleTries(ofAnother), later)).toBe(false);
  });

  it('runs after the others are deleted, in the order of its group, and is done like them', async () => {
    const { work, ids, time, deleted, ledger } = workerWorld();
    time.now = later;
    const behind = { firstReceivedAt: later };
    const undone = await work(
      received({ id: 'a', resourceId: '1' }, { receiveCount: 3 }),
      received({ id: 'b', resourceId: '1' }, behind),
      received({ id: 'x', resourceId: '2' }, behind),
    );
    expect(undone).toEqual([]);
    expect(ids()).toEqual(['x', 'a', 'b']);
    expect(deleted).toEqual(['message of x', 'message of a']);
    expect(await ledger.show('a')).toMatchObject({
      handledAt: later,
      tried: { deaths: 0, tries: [{ outcome: 'handled' }] },
    });
    expect((await ledger.show('a'))?.tried?.startedAt).toBeUndefined();
  });

  it('that fails is a failure and no death', async () => {
    const { work, failing, time, dead, ledger } = workerWorld();
    failing.set('a', new Error('no'));
    for (let receiveCount = 3; receiveCount < 30; receiveCount += 3) {
      time.now += visibilitySeconds;
      await work(received({ id: 'a' }, { receiveCount }));
    }
    expect(dead).toEqual([]);
    expect((await ledger.show('a'))?.tried).toMatchObject({ deaths: 0, failures: 9 });
  });

  it('is left for the next time when time is short, and goes on when what is done cannot be deleted', async () => {
    const { work, time, postponed, ids, observer } = workerWorld({
      remaining: () => 9_999,
      queue: queueOut,
    });
    time.now = later;
    const suspect = received({ id: 'a', resourceId: '1' }, { receiveCount: 3 });
    expect(await work(suspect, received({ id: 'x', resourceId: '2' }))).toEqual(['message of a']);
    expect(postponed).toEqual([]);
    const { work: workInTime, observer: noted, time: sameTime } = workerWorld({ queue: queueOut });
    sameTime.now = later;
    expect(await workInTime(suspect, received({ id: 'x', resourceId: '2' }))).toEqual([]);
    expect(noted.notes).toContainEqual(['event.not_deleted', { errorName: 'Error', count: 1 }]);
    // Alone it is always begun.
    expect(await work(suspect)).toEqual([]);
    expect(ids()).toEqual(['x', 'a']);
    expect(observer.notes).toContainEqual(['event.not_postponed', { errorName: 'Error', count: 1 }]);
  });

  it('whose end the ledger did not take is soon back, and has not died, however often', async () => {
    const world = workerWorld({ randomFraction: () => 1 });
    const { dependencies, failing, time, postponed, dead, ledger } = world;
    failing.set('a', new Error('no'));
    const unclosed = { ...dependencies, ledger: { ...dependencies.ledger, recordFailure: out } };
    for (const receiveCount of [3, 4, 5, 6]) {
      time.now += receiveCount === 3 ? visibilitySeconds : 100;
      await workBatch([received({ id: 'a' }, { receiveCount })], unclosed);
    }
    expect(postponed.map(({ seconds }) => seconds <= 60)).toEqual([true, true, true, true]);
    expect(dead).toEqual([]);
    expect((await ledger.show('a'))?.tried).toMatchObject({ deaths: 0, startedAt: time.now });
    // Even among its last receives, of which each has to be long.
    time.now += 100;
    await workBatch([received({ id: 'a' }, { receiveCount: 900 })], unclosed);
    expect(postponed.at(-1)?.seconds).toBeLessThanOrEqual(60);
  });

  it('whose beginning may have been kept, though no answer came, is soon back as well', async () => {
    const { dependencies, time, postponed } = workerWorld();
    time.now = later;
    const held = { ...dependencies, ledger: { ...dependencies.ledger, keepTries: out } };
    await workBatch([received({ id: 'a' }, { receiveCount: 20 })], held);
    expect(postponed.map(({ seconds }) => seconds <= 60)).toEqual([true]);
  });
});

describe('a try of which no end is known', () => {
  const begun = sampleTries({ receiveCount: 3, startedAt: startTime, deaths: 1 });
  const closed = (receiveCount: number, after: number) =>
    withDeath({ ...begun, receiveCount }, begun, startTime + after);

  it('is a death when the message comes next when a dead process’s messages do', () => {
    expect(closed(4, 310)).toMatchObject({ deaths: 2, tries: [{}, { outcome: 'died' }], startedAt: undefined });
  });

  it('is none when it comes sooner, or was received untried in between', () => {
    expect(closed(4, 200)).toMatchObject({ deaths: 1, tries: [{}, { outcome: 'outside' }], startedAt: undefined });
    expect(closed(5, 700)).toMatchObject({ deaths: 1, tries: [{}, { outcome: 'outside' }] });
  });

  it.each([30, 60, 300, 900])('is none when it may have lasted the whole time-out of %i s', (timeoutSeconds) => {
    // As lib/cloud/event-queue.ts has it.
    const visible = Math.max(visibilitySeconds, 6 * timeoutSeconds);
    const closedBy = (seconds: number) => withDeath({ ...begun, receiveCount: 4 }, begun, startTime + seconds, visible);
    expect(closedBy(timeoutSeconds + longestUnclosed)).toMatchObject({
      deaths: 1,
      tries: [{}, { outcome: 'outside' }],
    });
    expect(closedBy(visible - 60)).toMatchObject({ deaths: 2, tries: [{}, { outcome: 'died' }] });
  });

  it('is forgiven by a later one that ends in a living process: who kills does so in each', () => {
    const failed = { at: startTime, outcome: 'failed' } as const;
    expect(withTry(sampleTries({ deaths: 1 }), failed)).toMatchObject({ deaths: 0 });
  });
});
