import type { Clock, RemainingTime } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import { type ConnectionStore, type DueConnection, dueShards } from './connection-store.ts';

/** Where due connections wait for `token-rotation`. */
export interface RotationQueue {
  /**
   * Queues up to {@link rotationBatch} connections. A connection that is already queued for the same `rotateAt` is not
   * queued twice.
   *
   * @returns how many the queue refused
   */
  send(connections: readonly DueConnection[]): Promise<{ readonly refused: number }>;
}

/** How many messages one call of {@link RotationQueue.send} takes. */
export const rotationBatch = 10;

/** How many shards are worked side by side. A send waits for its answer most of the time. */
const concurrency = 8;

/** How many keys one query reads. */
const pageSize = 500;

/** A connection that has been due for longer than this, in seconds, counts as overdue: five sweeps have passed. */
const overdueSeconds = 300;

/** The sweep stops when less time is left, in milliseconds. The sweep of the next minute goes on. */
const stopMs = 5000;

/** How many connections one sweep found and queued. */
export interface SweepReport {
  readonly due: number;
  readonly overdue: number;
  readonly queued: number;
}

/** The queue refused some due connections. The sweep of the next minute tries again. */
export class SweepIncompleteError extends ConnectorError {
  override readonly name = 'SweepIncompleteError';
  readonly code = 'sweep_incomplete';
  constructor(refused: number, options?: ErrorOptions) {
    super(`${refused} due connections could not be queued for rotation. The next sweep tries again.`, options);
  }
}

/**
 * Queues every connection whose `rotateAt` has come. It reads only keys and no tokens, and it changes no connection, so
 * nothing is lost when a sweep dies.
 *
 * @returns how many connections it found and queued
 * @throws SweepIncompleteError when the queue refused some connections; all others are queued
 * @throws whatever the store throws for one shard; the other shards are swept all the same
 */
export async function sweepDueConnections(dependencies: {
  readonly store: ConnectionStore;
  readonly queue: RotationQueue;
  readonly clock: Clock;
  readonly remaining: RemainingTime;
  readonly observer: Observer;
}): Promise<SweepReport> {
  const now = dependencies.clock();
  const shards = [...dueShards];
  const totals = { due: 0, overdue: 0, queued: 0, refused: 0 };
  let fault: unknown;

  async function sweepShard(shard: string): Promise<void> {
    let cursor: string | undefined;
    do {
      const page = await dependencies.store.due(shard, now, pageSize, cursor);
      totals.due += page.connections.length;
      totals.overdue += page.connections.filter(({ rotateAt }) => rotateAt < now - overdueSeconds).length;
      for (let start = 0; start < page.connections.length; start += rotationBatch) {
        if (dependencies.remaining() < stopMs) return;
        const batch = page.connections.slice(start, start + rotationBatch);
        const { refused } = await dependencies.queue.send(batch);
        totals.refused += refused;
        totals.queued += batch.length - refused;
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  async function work(): Promise<void> {
    for (let shard = shards.shift(); shard !== undefined; shard = shards.shift()) {
      // A fault of one shard must not keep the connections of the other shards waiting.
      await sweepShard(shard).catch((error: unknown) => {
        fault ??= error;
      });
    }
  }

  await Promise.all(Array.from({ length: concurrency }, work));
  // No zeros: a metric costs by the hour in which something was said of it. That the sweep runs Lambda itself counts.
  if (totals.due > 0) dependencies.observer.count('sweepDue', totals.due);
  if (totals.overdue > 0) dependencies.observer.count('sweepOverdue', totals.overdue);
  dependencies.observer.note('sweep.done', { count: totals.queued });
  if (fault !== undefined) throw fault;
  if (totals.refused > 0) throw new SweepIncompleteError(totals.refused);
  return { due: totals.due, overdue: totals.overdue, queued: totals.queued };
}
