import { type ExactJson, isJsonObject } from './exact-json.ts';

/**
 * Leaves out the records that changed before a time. A list that does not know `filters[updated_at]` ignores it and
 * gives every record of all years; no document says which lists these are. Records whose `updated_at` is missing or
 * cannot be read stay.
 *
 * @param since epoch seconds; a record of this second stays
 * @param onIgnored called once, at the first record that the filter would have left out
 */
export async function* changedSince(
  records: AsyncIterable<ExactJson>,
  since: number,
  onIgnored: () => void,
): AsyncGenerator<ExactJson, void, undefined> {
  let isIgnored = false;
  for await (const record of records) {
    if (!changedBefore(record, since)) {
      yield record;
      continue;
    }
    if (!isIgnored) onIgnored();
    isIgnored = true;
  }
}

/**
 * Tells whether a record last changed before a time.
 *
 * @param since epoch seconds
 * @returns false also when its `updated_at` is missing or cannot be read
 */
export function changedBefore(record: ExactJson, since: number): boolean {
  const changedAt = isJsonObject(record) ? latestOf(record.updated_at) : undefined;
  return changedAt !== undefined && changedAt < Math.floor(since);
}

/** @returns the last moment that a time can mean, epoch seconds: a day lasts to its end in every time zone */
function latestOf(time: ExactJson | undefined): number | undefined {
  if (typeof time !== 'string') return undefined;
  const seconds = Date.parse(time) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  const hasZone = /(?:z|[+-]\d\d:?\d\d)$/i.test(time.trim()) && time.includes(':');
  return hasZone ? seconds : seconds + 36 * 3600;
}
