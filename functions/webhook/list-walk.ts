import { type ExactJson, exactId, isJsonObject } from '../procore/exact-json.ts';
import { askForPage, isBeyondEnd, isPromised, positionAfter, type Query } from '../procore/listing.ts';
import { type PageRefusal, smallerPerPage } from '../procore/page-size.ts';
import { EndlessListError, type ListPage, type PagePosition, pagingStyleOf } from '../procore/paging.ts';
import type { ApiAnswer } from '../procore/send-call.ts';
import { sha256 } from '../sha256.ts';
import { idNumber, packIds, unpackIds } from './packed-ids.ts';

/**
 * How far a list has been walked through, in JSON. A list is walked in pairs of passes: one that remembers the ids which
 * came, and one that crosses them out.
 */
export interface Walk {
  /** From 1; the odd ones remember, the even ones cross out. */
  readonly pass: number;
  /** The page that comes next. */
  readonly position: PagePosition;
  /** Which one of the pass it is, from 1. */
  readonly number: number;
  readonly perPage: number;
  /** How many records the first page of the pass had; 0 before it. */
  readonly full: number;
  /** How many different records have come in this pass; of one that crosses out, how many that were remembered. */
  readonly received: number;
  /** How many there were when the pass began, if Procore says so. */
  readonly total?: number;
  /** How many of the pass were remembered from the one before. */
  readonly crossedOut: number;
  /** Digest of the page before: a list that does not page gives the same one again. */
  readonly before?: string;
  /** Packed ids: those that came, or those that were not crossed out yet; absent when there are too many. */
  readonly ids?: string;
}

/** What a page means for the walk. */
export interface Step {
  /** The records of the page that may not have come before. */
  readonly records: readonly ExactJson[];
  /** Where the walk goes on; absent when the list has ended. */
  readonly next?: Walk;
  /** Whether every record that existed throughout has certainly come; of a list that has ended. */
  readonly isWhole: boolean;
}

/** A page of 100 is what every list allows, and a backfill that is killed reads at most one page again. */
const usualPerPage = 100;

/** A list that changes all the time is not read more often than this; an even number. */
const mostPasses = 6;

/** A list with more pages than this goes round in a circle. */
const mostPages = 100_000;

const beginning = { position: { page: 1 }, number: 1, full: 0, received: 0, crossedOut: 0 } as const;

/** Where the walk through a list begins. */
export const firstWalk: Walk = { ...beginning, pass: 1, perPage: usualPerPage, ids: '' };

/** Which list is walked through, and how it is called. */
export interface WalkedList {
  readonly path: string;
  readonly query: Query;
  /** Makes one call. */
  readonly get: (pathAndQuery: string) => Promise<Pick<ApiAnswer, 'headers' | 'body'>>;
  /** What Procore answered, if `get` failed with a refusal. */
  readonly refusalOf: (error: unknown) => PageRefusal | undefined;
}

/**
 * Reads the page that comes next.
 *
 * @returns the page, empty when Procore refuses one behind the last; or a walk with smaller pages, to be tried
 * @throws NotAListError, EndlessListError, and what `get` throws
 */
export async function readWalkedPage(list: WalkedList, walk: Walk): Promise<ListPage | { readonly smaller: Walk }> {
  const style = pagingStyleOf(list.path);
  if (walk.number > mostPages) throw new EndlessListError(pathOnly(list.path), mostPages);
  try {
    return await askForPage(list, style, walk.position, walk.perPage);
  } catch (error) {
    const refusal = list.refusalOf(error);
    if (walk.number > 1 && isBeyondEnd(refusal)) return { items: [], next: 'none' };
    const smaller = walk.number === 1 && refusal !== undefined ? smallerPerPage(refusal, walk.perPage) : undefined;
    if (smaller === undefined) throw error;
    return { smaller: { ...walk, perPage: smaller } };
  }
}

/**
 * Takes a page into account.
 *
 * Between two pages records may be added, removed, or move, and then a record can slip past a page's edge unseen. So the
 * list is read a second time. If in that pass as many different records came as the list had when the pass began, and all
 * of them came in the pass before as well, then they are exactly those that it had at that moment: a record that existed
 * throughout cannot be missing. Otherwise both passes are made once more. A list of a single page needs no second pass.
 *
 * @returns where the walk goes on, or how it ended
 */
export function stepOver(path: string, walk: Walk, page: ListPage): Step {
  const before = digestOf(page.items);
  const isRepeated = before === walk.before;
  const ids = walk.ids === undefined ? undefined : unpackIds(walk.ids);
  const marked = mark(isRepeated ? [] : page.items, walk.pass, ids);
  const isFirst = walk.number === 1;
  const total = isFirst ? page.total : walk.total;
  const after = {
    ...{ pass: walk.pass, perPage: walk.perPage, before },
    full: isFirst ? page.items.length : walk.full,
    received: walk.received + marked.fresh,
    crossedOut: walk.crossedOut + marked.crossedOut,
    ...(total !== undefined && { total }),
    ...packedAgain(ids),
  };
  const position = isRepeated ? undefined : positionOf(path, walk, page, after);
  // There are more, and nobody can tell where.
  if (position === undefined && isPromised(page, { asked: walk.position, repeats: isRepeated }))
    return { records: marked.records, isWhole: false };
  if (position === undefined) return { records: marked.records, ...endOfPass({ ...after, number: walk.number }, ids) };
  const number = 'page' in position ? position.page : walk.number + 1;
  return { records: marked.records, next: { ...after, position, number }, isWhole: false };
}

/** Remembers the records of a page, or crosses them out. */
function mark(items: readonly ExactJson[], pass: number, ids: Set<bigint> | undefined) {
  const records: ExactJson[] = [];
  let [fresh, crossedOut] = [0, 0];
  for (const item of items) {
    const id = numberOf(item);
    const isKnown = id !== undefined && ids?.has(id) === true;
    if (isCrossing(pass) && isKnown) {
      ids?.delete(id);
      crossedOut += 1;
    } else if (!isKnown) {
      records.push(item);
      if (!isCrossing(pass) && id !== undefined) ids?.add(id);
    }
    if (isKnown === isCrossing(pass) || ids === undefined) fresh += 1;
  }
  return { records, fresh, crossedOut };
}

const isCrossing = (pass: number) => pass % 2 === 0;

/** Tells pages apart by their records, in whatever order: a list that does not page may give them in another one each time. */
function digestOf(items: readonly ExactJson[]): string {
  const ids = items.map((item) => (isJsonObject(item) ? exactId(item.id) : undefined));
  const records = ids.includes(undefined) ? items.map((item) => JSON.stringify(item)) : ids;
  return sha256(JSON.stringify(records.toSorted())).slice(0, 16);
}

function positionOf(
  path: string,
  { number, perPage, position: asked }: Walk,
  page: ListPage,
  { full, received }: Pick<Walk, 'full' | 'received'>,
): PagePosition | undefined {
  if (page.items.length === 0) return undefined;
  const count = { isKnown: page.total !== undefined, latest: page.total ?? 0, received };
  const isFull = number > 1 ? Math.min(perPage, full) : perPage;
  return positionAfter(page, { style: pagingStyleOf(path), number, full: isFull, asked }, count);
}

function endOfPass(
  { pass, number, perPage, full, crossedOut, total, ids: packed }: Omit<Walk, 'position'>,
  ids: ReadonlySet<bigint> | undefined,
): Pick<Step, 'next' | 'isWhole'> {
  // One page is the list at one moment.
  if (pass === 1 && number === 1 && full >= (total ?? 0)) return { isWhole: true };
  if (isCrossing(pass) && ids !== undefined && (total === undefined ? ids.size === 0 : crossedOut >= total)) {
    return { isWhole: true };
  }
  if (pass >= mostPasses || (isCrossing(pass) && packed === undefined)) return { isWhole: false };
  const remembered = isCrossing(pass) ? { ids: '' } : packed !== undefined && { ids: packed };
  return { next: { ...beginning, pass: pass + 1, perPage, ...remembered }, isWhole: false };
}

function packedAgain(ids: ReadonlySet<bigint> | undefined): Pick<Walk, 'ids'> {
  const packed = ids && packIds(ids);
  return packed === undefined ? {} : { ids: packed };
}

function numberOf(item: ExactJson): bigint | undefined {
  const id = isJsonObject(item) ? exactId(item.id) : undefined;
  return id === undefined ? undefined : idNumber(id);
}

const pathOnly = (path: string) => path.split('?')[0] ?? path;
