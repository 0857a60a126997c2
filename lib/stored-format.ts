import type { StoredFormat } from '../functions/settings.ts';

/** A version from before there were formats: what it stores is the first one. */
const first: StoredFormat = { writes: 1, oldestRead: 1, newestRead: 1 };

/**
 * Spells a format for the output `StoredFormat` of a stack.
 *
 * @returns e.g. `writes 2, reads 1 to 2`
 */
export function spellFormat({ writes, oldestRead, newestRead }: StoredFormat): string {
  return `writes ${writes}, reads ${oldestRead} to ${newestRead}`;
}

/**
 * Reads what {@link spellFormat} has spelled.
 *
 * @param spelled undefined for a version that has no such output
 * @returns undefined when the text is not understood
 */
export function readFormat(spelled: string | undefined): StoredFormat | undefined {
  if (spelled === undefined) return first;
  const [, writes, oldestRead, newestRead] = /^writes (\d+), reads (\d+) to (\d+)$/.exec(spelled)?.map(Number) ?? [];
  if (writes === undefined || oldestRead === undefined || newestRead === undefined) return undefined;
  return { writes, oldestRead, newestRead };
}
