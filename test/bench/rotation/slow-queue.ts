import { type DueConnection, dueShardOf, dueShards } from '../../../functions/connection/connection-store.ts';
import { type RotationQueue, sweepDueConnections } from '../../../functions/connection/sweep.ts';
import { silentObserver } from '../../../functions/observer.ts';

/** What many due connections come to while the queue is worked slowly. */
export interface SlowQueue {
  /** When half are rotated: how many of the shard with the most, over those of the shard with the least. */
  readonly shardSkew: number;
  /** Messages that the queue took although one about the same connection and time was in it. */
  readonly duplicatesQueued: number;
}

const perMinute = 1500;
const sqsRemembersSeconds = 300;

/**
 * Lets the real sweep run every minute of a virtual time over a queue that is worked at 1,500 messages a minute, until all
 * are rotated. The queue is modelled: what SQS has had less than five minutes ago it drops.
 */
export async function measureSlowQueue(connections: number): Promise<SlowQueue> {
  const due = new Map(dueShards.map((shard) => [shard, [] as DueConnection[]]));
  let now = 1_800_000_000;
  for (let n = 0; n < connections; n += 1) {
    const connectionId = `connection-${n}`;
    due.get(dueShardOf(connectionId))?.push({ connectionId, rotateAt: now - 60 + n / connections });
  }
  const sentAt = new Map<string, number>();
  const waiting = new Set<string>();
  const rotated = new Set<string>();
  let duplicatesQueued = 0;
  let shardSkew = Number.NaN;
  const queue: RotationQueue = {
    async send(batch) {
      for (const { connectionId } of batch) {
        if (now - (sentAt.get(connectionId) ?? Number.NEGATIVE_INFINITY) < sqsRemembersSeconds) continue;
        if (waiting.has(connectionId)) duplicatesQueued += 1;
        waiting.add(connectionId);
        sentAt.set(connectionId, now);
      }
      return { refused: 0 };
    },
    waiting: async () => waiting.size,
  };
  const store = {
    async due(shard: string, _now: number, limit: number, cursor = '0') {
      const all = (due.get(shard) ?? []).filter(({ connectionId }) => !rotated.has(connectionId));
      const end = Number(cursor) + limit;
      return { connections: all.slice(Number(cursor), end), ...(end < all.length && { cursor: String(end) }) };
    },
  };
  while (rotated.size < connections) {
    await sweepDueConnections({ store, queue, clock: () => now, remaining: () => 50_000, observer: silentObserver });
    for (const connectionId of [...waiting].slice(0, perMinute)) {
      waiting.delete(connectionId);
      rotated.add(connectionId);
    }
    if (Number.isNaN(shardSkew) && rotated.size >= connections / 2) shardSkew = skewOf(rotated);
    now += 60;
  }
  return { shardSkew, duplicatesQueued };
}

function skewOf(rotated: ReadonlySet<string>): number {
  const counts = [...Map.groupBy(rotated, dueShardOf).values()].map(({ length }) => length);
  return Math.max(...counts) / Math.min(...counts);
}
