import { describe, expect, it } from 'vitest';
import { type DueConnection, dueShardOf, dueShards } from '../../functions/connection/connection-store.ts';
import { sweepDueConnections } from '../../functions/connection/sweep.ts';
import { untilReturn } from '../memory/port.ts';
import { connectionWorld, StoreFault, startTime } from './world.ts';

function worldToSweep(connections: number) {
  const world = Object.assign(connectionWorld(), { waiting: 0, batches: [] as DueConnection[][], sweep });
  for (let n = 0; n < connections; n += 1) {
    world.put({ connectionId: `connection-${n}`, rotateAt: startTime - n });
  }
  function sweep(refuse: (connection: DueConnection) => boolean = () => false, milliseconds = 50_000) {
    const queue = {
      send: async (batch: readonly DueConnection[]) => {
        world.batches.push([...batch]);
        return { refused: batch.filter(refuse).length };
      },
      waiting: async () => world.waiting,
    };
    return world.time.run(untilReturn(() => sweepDueConnections({ ...world.invocation(milliseconds), queue })));
  }
  return world;
}

/** So many due connections, `connection-0` first, without a store that writes. */
function bigWorld(connections: number, waiting: () => number) {
  const due = new Map(dueShards.map((shard) => [shard, [] as DueConnection[]]));
  for (let n = 0; n < connections; n += 1) {
    const connectionId = `connection-${n}`;
    due.get(dueShardOf(connectionId))?.push({ connectionId, rotateAt: startTime - 60 + n / 1000 });
  }
  const finished = new Set<string>();
  const world = {
    now: startTime,
    sent: [] as string[],
    finish: (connectionId: string) => void finished.add(connectionId),
    dependencies: () => ({
      ...connectionWorld().invocation(50_000),
      clock: () => world.now,
      store: {
        async due(shard: string, now: number, limit: number, cursor = '0') {
          const all = (due.get(shard) ?? []).filter((one) => one.rotateAt <= now && !finished.has(one.connectionId));
          const end = Number(cursor) + limit;
          return { connections: all.slice(Number(cursor), end), ...(end < all.length && { cursor: String(end) }) };
        },
      },
      queue: {
        async send(batch: readonly DueConnection[]) {
          world.sent.push(...batch.map(({ connectionId }) => connectionId));
          return { refused: 0 };
        },
        waiting: async () => waiting(),
      },
    }),
  };
  return world;
}

describe('a sweep', () => {
  it('queues every due connection once, ten at a time, and says how many', async () => {
    const world = worldToSweep(1500);
    world.put({ connectionId: 'later', rotateAt: startTime + 1 });
    expect(await world.sweep()).toEqual({ due: 1500, overdue: 1199, queued: 1500 });
    const queued = world.batches.flat().map(({ connectionId }) => connectionId);
    expect(new Set(queued).size).toBe(1500);
    expect(queued).toHaveLength(1500);
    expect(Math.max(...world.batches.map((batch) => batch.length))).toBe(10);
    expect(world.counts).toMatchObject({ sweepDue: 1500, sweepOverdue: 1199 });
    expect(world.notes).toEqual([['sweep.done', { count: 1500 }]]);
  });

  it('reads on in a shard that has more than one page of due connections', async () => {
    const world = worldToSweep(0);
    const ofOneShard = Array.from({ length: 20_000 }, (_, n) => `connection-${n}`).filter(
      (connectionId) => dueShardOf(connectionId) === 'due-3',
    );
    for (const connectionId of ofOneShard) world.put({ connectionId, rotateAt: startTime });
    expect(ofOneShard.length).toBeGreaterThan(1000);
    expect(await world.sweep()).toMatchObject({ queued: ofOneShard.length });
    expect(new Set(world.batches.flat().map(({ connectionId }) => connectionId))).toEqual(new Set(ofOneShard));
  });

  it('counts nothing where nothing is due: a metric costs by the hour in which something was said of it', async () => {
    const world = worldToSweep(0);
    await world.sweep();
    expect(world.counts).toEqual({});
  });

  it('reads keys only and changes nothing', async () => {
    const world = worldToSweep(10);
    const before = structuredClone(world.store.connections);
    await world.sweep();
    expect(new Set(world.store.calls.map(({ operation }) => operation))).toEqual(new Set(['due']));
    expect(world.store.connections).toEqual(before);
  });

  it('says so when the queue refused some, after it has queued the others', async () => {
    const world = worldToSweep(100);
    await expect(world.sweep(({ connectionId }) => connectionId === 'connection-7')).rejects.toMatchObject({
      code: 'sweep_incomplete',
      message: expect.stringContaining('1 due connections'),
    });
    expect(world.batches.flat()).toHaveLength(100);
    expect(world.notes).toEqual([['sweep.done', { count: 99 }]]);
  });

  it('goes on with the other shards when one cannot be read', async () => {
    const world = worldToSweep(320);
    world.store.hooks = {
      before: (call) => {
        if (call.operation === 'due' && call.shard === 'due-3') throw new StoreFault();
      },
    };
    await expect(world.sweep()).rejects.toThrow(StoreFault);
    expect(world.batches.flat().length).toBeGreaterThan(250);
  });

  it('queues what has been due longest first, over all shards', async () => {
    const world = worldToSweep(1500);
    await world.sweep();
    const times = world.batches.flat().map(({ rotateAt }) => rotateAt);
    expect(times).toEqual([...times].sort((one, other) => one - other));
  });

  it('leaves no shard behind when it must stop', async () => {
    const { dependencies, sent } = bigWorld(40_000, () => sent.length);
    await untilReturn(() => sweepDueConnections(dependencies()));
    expect(sent).toHaveLength(5040);
    expect(sent).toEqual(Array.from(sent, (_, n) => `connection-${n}`));
    const counts = [...Map.groupBy(sent, dueShardOf).values()].map(({ length }) => length);
    expect(counts).toHaveLength(16);
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(1.3);
  });

  it('begins with another shard every minute, where all are due at the same time', async () => {
    const firsts = new Set<string>();
    for (let minute = 0; minute < 16; minute += 1) {
      const world = worldToSweep(0);
      for (let n = 0; n < 200; n += 1) world.put({ connectionId: `connection-${n}`, rotateAt: startTime - 10 });
      world.time.pass(60 * minute);
      await world.sweep();
      firsts.add(dueShardOf(world.batches[0]?.[0]?.connectionId ?? ''));
    }
    expect(firsts.size).toBe(16);
  });

  it('stops sending when the queue is long, and counts what it sends itself', async () => {
    const world = worldToSweep(1500);
    world.waiting = 5000;
    expect(await world.sweep()).toMatchObject({ due: 1500, queued: 0 });
    world.waiting = 4900;
    world.batches.length = 0;
    expect((await world.sweep()).queued).toBeLessThan(300);
  });

  it('asks for the length of the queue only where something has been due for minutes', async () => {
    let asked = 0;
    const world = bigWorld(500, () => ++asked);
    await untilReturn(() => sweepDueConnections(world.dependencies()));
    expect([world.sent.length, asked]).toEqual([500, 0]);
    world.now += 300;
    await untilReturn(() => sweepDueConnections(world.dependencies()));
    expect(asked).toBe(1);
  });

  it('goes on sending while the queue is worked as fast as it is filled', async () => {
    const world = worldToSweep(0);
    for (let n = 0; n < 12_000; n += 1) world.put({ connectionId: `connection-${n}`, rotateAt: startTime - n / 100 });
    expect(await world.sweep()).toMatchObject({ queued: 12_000 });
  });

  it('sends nothing twice that waits for longer than SQS remembers it', async () => {
    const waits: string[] = [];
    const world = bigWorld(20_000, () => waits.length);
    const sentAt = new Map<string, number>();
    for (let minute = 0; minute < 60; minute += 1) {
      world.now += 60;
      world.sent.length = 0;
      await untilReturn(() => sweepDueConnections(world.dependencies()));
      for (const connectionId of world.sent) {
        const before = sentAt.get(connectionId);
        // SQS drops a message that it had less than five minutes ago.
        if (before !== undefined && world.now - before < 300) continue;
        expect(before, connectionId).toBeUndefined();
        sentAt.set(connectionId, world.now);
        waits.push(connectionId);
      }
      // A slow queue: 200 a minute.
      for (const connectionId of waits.splice(0, 200)) world.finish(connectionId);
    }
    expect(sentAt.size).toBeGreaterThan(12_000);
  });

  it('goes on when one batch cannot be sent, and when the queue does not say how long it is', async () => {
    const world = worldToSweep(100);
    let sends = 0;
    const queue = {
      send: async () => {
        sends += 1;
        if (sends === 1) throw new StoreFault();
        return { refused: 0 };
      },
      waiting: () => Promise.reject(new StoreFault()),
    };
    const sweeping = world.time.run(untilReturn(() => sweepDueConnections({ ...world.invocation(), queue })));
    await expect(sweeping).rejects.toThrow(StoreFault);
    expect(sends).toBe(10);
    expect(world.notes).toEqual([['sweep.done', { count: 90 }]]);
  });

  it.each([
    [5000, 100],
    [4999, 0],
  ])('stops 5 s before its end, and the next minute goes on: with %i ms it queues %i', async (left, queued) => {
    const world = worldToSweep(100);
    expect(await world.sweep(undefined, left)).toMatchObject({ due: 100, queued });
  });
});
