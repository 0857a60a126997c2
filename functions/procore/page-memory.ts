import { type ExactJson, exactId, isJsonObject } from './exact-json.ts';

/** What a page brings. */
export interface TakenPage {
  /** The records that did not come before, in order. */
  readonly fresh: readonly ExactJson[];
  /** How many rows of the page are no record of its own: null, or the same record in every member as one above it. */
  readonly empty: number;
  /** The page before came again as a whole: the list does not page, or it has ended. */
  readonly repeats: boolean;
}

/** At least as many ids are remembered, and at most twice as many: under 2 MB, however long the list is. */
const fewestIds = 5000;

/**
 * Remembers the ids of the last records of a list. When records are inserted while the list is read, as many records move
 * across the edge of the next page and come again. So only the last records can come twice, unless somebody inserts
 * thousands of records between two calls.
 *
 * @returns a function that takes each page in turn
 */
export function pageMemory(): (items: readonly ExactJson[]) => TakenPage {
  let young = new Set<string>();
  let old = new Set<string>();
  let before: KnownPage | undefined;

  return (rows) => {
    const items = withoutDoubles(rows);
    const empty = rows.length - items.length;
    const ids = idsOf(items);
    const repeats = before !== undefined && isSame({ items, ids }, before);
    before = { items, ids };
    if (ids === undefined) return { fresh: repeats ? [] : items, repeats, empty };
    const fresh = items.filter((item) => {
      const id = idOf(item) ?? '';
      return !young.has(id) && !old.has(id);
    });
    for (const id of ids) young.add(id);
    if (young.size >= fewestIds) [old, young] = [young, new Set()];
    return { fresh, repeats, empty };
  };
}

/** Leaves out what a server's join makes of one record: nothing, or the record several times. */
function withoutDoubles(rows: readonly ExactJson[]): readonly ExactJson[] {
  const seen = new Map<string, ExactJson>();
  return rows.filter((row) => {
    const id = idOf(row);
    const same = id === undefined ? undefined : seen.get(id);
    if (id !== undefined && same === undefined) seen.set(id, row);
    return row !== null && (same === undefined || JSON.stringify(same) !== JSON.stringify(row));
  });
}

function idOf(item: ExactJson): string | undefined {
  return isJsonObject(item) ? exactId(item.id) : undefined;
}

/** @returns undefined when there is none, a record has none, or two have the same: then ids do not tell records apart */
function idsOf(items: readonly ExactJson[]): ReadonlySet<string> | undefined {
  const ids = new Set<string>();
  for (const item of items) {
    const id = idOf(item);
    if (id !== undefined) ids.add(id);
  }
  return ids.size > 0 && ids.size === items.length ? ids : undefined;
}

interface KnownPage {
  readonly items: readonly ExactJson[];
  /** undefined when ids do not tell the records of the page apart. */
  readonly ids: ReadonlySet<string> | undefined;
}

/**
 * Compares whole pages, because every page may begin with the same record. A list that does not page may have grown
 * between two calls. A page that holds only some of the one before can also be the last page of a list that has grown.
 */
function isSame(page: KnownPage, before: KnownPage): boolean {
  if (page.ids && before.ids) return isWithin(before.ids, page.ids);
  return page.items.length === before.items.length && JSON.stringify(page.items) === JSON.stringify(before.items);
}

function isWithin(some: ReadonlySet<string>, all: ReadonlySet<string>): boolean {
  if (some.size > all.size) return false;
  for (const id of some) if (!all.has(id)) return false;
  return true;
}
