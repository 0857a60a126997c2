import { createHash } from 'node:crypto';

/** A stream of draws that is the same for the same seed, so that a test which failed can be replayed. */
export interface Randomness {
  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number;
  /** One of the items, each as likely as the others. */
  pick<T>(items: readonly T[]): T;
  /** The items in a drawn order; the given array is left alone. */
  shuffle<T>(items: readonly T[]): T[];
  /** That many random bytes. */
  bytes(count: number): Buffer;
}

/**
 * Makes a stream of draws from a seed.
 *
 * @param stream a name; streams of one seed are independent, so that a draw in one does not shift the others
 */
export function seededRandomness(seed: string, stream: string): Randomness {
  let block = Buffer.alloc(0);
  let counter = 0;

  const bytes = (count: number): Buffer => {
    while (block.length < count) {
      const next = createHash('sha256').update(`${seed}\n${stream}\n${counter++}`).digest();
      block = Buffer.concat([block, next]);
    }
    const taken = block.subarray(0, count);
    block = block.subarray(count);
    return taken;
  };
  const below = (limit: number): number => bytes(6).readUIntBE(0, 6) % limit;
  const pick = <T>(items: readonly T[]): T => {
    const index = below(items.length);
    const item = items[index];
    if (index >= items.length) throw new RangeError('Cannot pick from an empty list.');
    return item as T;
  };
  const shuffle = <T>(items: readonly T[]): T[] => {
    const left = [...items];
    return items.map(() => left.splice(below(left.length), 1)[0] as T);
  };
  return { below, pick, shuffle, bytes };
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Makes a ULID, 26 characters, sortable by the time (epoch milliseconds) it carries. */
export function ulid(milliseconds: number, randomness: Randomness): string {
  let text = '';
  let time = Math.floor(milliseconds);
  for (let place = 0; place < 10; place++) {
    text = `${crockford[time % 32]}${text}`;
    time = Math.floor(time / 32);
  }
  for (const byte of randomness.bytes(16)) text += crockford[byte % 32];
  return text;
}

/** Makes the decimal digits of an id between 2^53 and 2^63, which no double can hold exactly. */
export function hugeId(randomness: Randomness): string {
  const span = 2n ** 63n - 2n ** 53n;
  return (2n ** 53n + (randomness.bytes(8).readBigUInt64BE() % span)).toString();
}
