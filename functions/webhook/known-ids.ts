import { packIds, unpackIds } from './packed-ids.ts';

/** Whose ids are kept: of one resource, in one project or in the company itself. */
export interface KnownList {
  readonly companyId: string;
  /** As webhooks name it, e.g. `RFIs`. */
  readonly resourceName: string;
  /** null for a list of the company itself. */
  readonly projectId: string | null;
  /** `known`: the records that were listed. `seen`: those that a reading which is not over yet has come across. */
  readonly of: 'known' | 'seen';
}

/** Remembers which records there are, for subscriptions that want to be told what vanished. */
export interface KnownIds {
  /** Gives what was last written, strongly consistent; empty when nothing was. */
  read(list: KnownList): Promise<Set<bigint>>;
  /** Writes all ids of a list in place of those that were written before: whoever reads sees the ones or the others. */
  write(list: KnownList, ids: ReadonlySet<bigint>): Promise<void>;
  /** Forgets all ids of a company. */
  forget(companyId: string): Promise<void>;
}

/** So many ids fit into one packing, however far apart they are. */
const idsAPacking = 4000;

/** What one item holds of packings, in characters; compressed it stays well under 100 kB. */
const mostCharacters = 100_000;

/**
 * Packs ids for items: sorted, each as its distance from the one before.
 *
 * @returns the packings of each item, at least of one
 */
export function packForItems(ids: ReadonlySet<bigint>): readonly (readonly string[])[] {
  const sorted = [...ids].sort((one, other) => (one < other ? -1 : 1));
  const items: string[][] = [[]];
  let length = 0;
  for (let index = 0; index < sorted.length; index += idsAPacking) {
    const packing = packIds(sorted.slice(index, index + idsAPacking)) ?? '';
    if (length > 0 && length + packing.length > mostCharacters) {
      items.push([]);
      length = 0;
    }
    items.at(-1)?.push(packing);
    length += packing.length;
  }
  return items;
}

/** Reads the packings of one item into a set. */
export function unpackInto(ids: Set<bigint>, packings: readonly string[]): void {
  for (const packing of packings) for (const id of unpackIds(packing)) ids.add(id);
}
