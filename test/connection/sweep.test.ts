import { describe, expect, it } from 'vitest';
import { type DueConnection, dueShardOf } from '../../functions/connection/connection-store.ts';
import { sweepDueConnections } from '../../functions/connection/sweep.ts';
import { untilReturn } from '../memory/port.ts';
import { connectionWorld, StoreFault, startTime } from './world.ts';

function worldToSweep(connections: number) {
  const world = connectionWorld();
  for (let n = 0; n < connections; n += 1) {
    world.put({ connectionId: `connection-${n}`, rotateAt: startTime - n });
  }
  const batches: DueConnection[][] = [];
  const sweep = (refuse: (connection: DueConnection) => boolean = () => false, milliseconds = 50_000) => {
    const queue = {
      send: async (batch: readonly DueConnection[]) => {
        batches.push([...batch]);
        return { refused: batch.filter(refuse).length };
      },
    };
    return world.time.run(untilReturn(() => sweepDueConnections({ ...world.invocation(milliseconds), queue })));
  };
  return Object.assign(world, { batches, sweep });
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

  it.each([
    [5000, 100],
    [4999, 0],
  ])('stops 5 s before its end, and the next minute goes on: with %i ms it queues %i', async (left, queued) => {
    const world = worldToSweep(100);
    expect(await world.sweep(undefined, left)).toMatchObject({ due: 100, queued });
  });
});
