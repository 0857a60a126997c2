import { type ConnectionStore, type DueConnection, dueShards } from './connection-store.ts';

/** How many keys one query reads. */
const pageSize = 500;

/** One shard of the due index, as far as it was read. */
interface Shard {
  readonly name: string;
  page: readonly DueConnection[];
  next: number;
  cursor: string | undefined;
  isOver: boolean;
}

/** Hears what is read. */
export interface DueListener {
  page(connections: readonly DueConnection[]): void;
  /** A shard could not be read on. The others are read all the same. */
  fault(error: unknown): void;
}

/**
 * Gives the due connections of all shards in the order of their `rotateAt`, so that none has to wait because many are due
 * in a shard that comes before its own. Where times are equal, another shard comes first every minute. A page is read
 * when it is needed.
 *
 * @param now epoch seconds
 */
export async function* dueInOrder(
  store: Pick<ConnectionStore, 'due'>,
  now: number,
  listener: DueListener,
): AsyncGenerator<DueConnection> {
  const first = Math.floor(now / 60) % dueShards.length;
  const shards = [...dueShards.slice(first), ...dueShards.slice(0, first)].map(
    (name): Shard => ({ name, page: [], next: 0, cursor: undefined, isOver: false }),
  );

  async function read(shard: Shard): Promise<void> {
    try {
      const { connections, cursor } = await store.due(shard.name, now, pageSize, shard.cursor);
      listener.page(connections);
      Object.assign(shard, { page: connections, next: 0, cursor, isOver: cursor === undefined });
    } catch (error) {
      listener.fault(error);
      shard.isOver = true;
    }
  }

  for (;;) {
    let used = shards.filter(({ page, next, isOver }) => next >= page.length && !isOver);
    // A page of an index can be empty and not be the last one.
    while (used.length > 0) {
      await Promise.all(used.map(read));
      used = used.filter(({ page, isOver }) => page.length === 0 && !isOver);
    }
    const shard = shards.reduce(
      (earliest, other) => (timeOf(other) < timeOf(earliest) ? other : earliest),
      shards[0] as Shard,
    );
    const connection = shard.page[shard.next];
    if (connection === undefined) return;
    shard.next += 1;
    yield connection;
  }
}

function timeOf({ page, next }: Shard): number {
  return page[next]?.rotateAt ?? Number.POSITIVE_INFINITY;
}
