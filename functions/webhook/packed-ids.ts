import { sha256 } from '../sha256.ts';

/** A set of ids may have so many bytes when it is packed: with all else it stays under what a job's item may hold. */
const mostBytes = 48_000;

/**
 * Makes a number of an id, so that ids can be sorted and packed. Procore's are digits; of another one its digest is taken.
 *
 * @returns of digits the same number, which can be read back
 */
export function idNumber(id: string): bigint {
  return /^\d{1,20}$/.test(id) ? BigInt(id) : BigInt(`0x${sha256(id).slice(0, 16)}`);
}

/**
 * Packs ids: sorted, each one as its distance from the one before, seven bits a byte. Ids of one list take about two bytes.
 *
 * @returns base64; undefined when there are more ids than a job may remember, about 25,000
 */
export function packIds(ids: Iterable<bigint>): string | undefined {
  const bytes: number[] = [];
  let before = 0n;
  for (const id of [...ids].sort((one, other) => (one < other ? -1 : 1))) {
    let distance = id - before;
    before = id;
    for (; distance > 127n; distance >>= 7n) bytes.push(Number(distance & 127n) | 128);
    bytes.push(Number(distance));
    if (bytes.length > mostBytes) return undefined;
  }
  return Buffer.from(bytes).toString('base64');
}

/** Reads what {@link packIds} has made. @returns the ids, the smallest one first */
export function unpackIds(packed: string): Set<bigint> {
  const ids = new Set<bigint>();
  let [before, distance, shift] = [0n, 0n, 0n];
  for (const byte of Buffer.from(packed, 'base64')) {
    distance |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte > 127) continue;
    before += distance;
    ids.add(before);
    [distance, shift] = [0n, 0n];
  }
  return ids;
}
