import type { Walk } from './list-walk.ts';
import type { ReconciledList, ReconcileWish } from './subscription.ts';

/** What a job of kind `reconcile` is asked for, where it is not a subscription's own but one run for a person. */
export interface OneRun {
  readonly lists: readonly ReconciledList[];
  /** How far back it looks, epoch seconds. */
  readonly since: number;
  /** Only this project; absent for all that the subscription wants. */
  readonly projectId?: string;
}

/** From when a list is read the next time, where that is earlier than for the same lists of other projects. */
interface Behind {
  /** Epoch seconds. */
  readonly since: number;
  /** It was read, but a record may have slipped past a page's edge: so it is read from the same time once more. */
  readonly unproven?: true;
}

/** What is remembered of a list between rounds. Places are ids of projects, or `company`. */
export interface ListMemory {
  /** Up to when it was read, epoch seconds. */
  readonly until: number;
  /** When it was last read as a whole, epoch seconds. */
  readonly wholeAt?: number;
  /** It gave records that `filters[updated_at]` should have left out. */
  readonly ignoresFilter?: true;
  readonly behind?: Readonly<Record<string, Behind>>;
}

/** What a round has found. */
export interface RoundCounts {
  readonly listed: number;
  readonly emitted: number;
  readonly handled: number;
  readonly known: number;
  readonly unusable: number;
  /** Lists that could not be read. The next round reads them from the same time. */
  readonly unread: number;
  /** Records that are no longer visible, and were told. */
  readonly vanished: number;
  /** Records that were missing, too many of them to believe it. */
  readonly heldBack: number;
}

/** A list of a round, and how it is read in it. */
export interface PlannedList extends ReconciledList {
  readonly mode: 'changed' | 'whole';
  /** Whether ids are compared with the known ones. */
  readonly compares: boolean;
  /** Epoch seconds. */
  readonly since: number;
}

/** Missing records of one place, which are looked at one by one when the list was read in all places. */
export interface Missing {
  readonly projectId: string | null;
  /** A record that was listed: unless it can be read by its id, an answer about the others proves nothing. */
  readonly listed: string;
  readonly ids: readonly string[];
}

/** What a round has found missing of one list. */
export interface MissingOfList {
  /** How many records were known in the places that were compared. */
  readonly known: number;
  readonly count: number;
  /** Absent when there are far too many. */
  readonly places?: readonly Missing[];
}

/** How far a round through all lists and projects of a company has come. */
export interface Round {
  /** Epoch seconds; what changed later is left to the next round. */
  readonly startedAt: number;
  readonly lists: readonly PlannedList[];
  readonly projects: readonly string[];
  /** Which list is read, and in which of its places: indexes. */
  readonly list: number;
  readonly place: number;
  /** How far the list has been read in that place; absent at its beginning. */
  readonly walk?: Walk;
  /** Records of that place could not be queued. */
  readonly failed?: true;
  readonly missing?: MissingOfList;
  readonly counts: RoundCounts;
}

/** The checkpoint of a job of kind `reconcile`. */
export interface ReconcileMemory {
  /** By the name of the resource. */
  readonly lists: Readonly<Record<string, ListMemory>>;
  /** The projects that the last round has read. */
  readonly projects: readonly string[];
  /** Ids of records are kept for this company. */
  readonly keepsIds?: true;
  /** Absent between two rounds. */
  readonly round?: Round;
  /** What the last round that is over has found. */
  readonly last?: RoundCounts & { readonly startedAt: number; readonly endedAt: number };
}

/** The memory of a job that has not done anything yet. */
export const nothingRead: ReconcileMemory = { lists: {}, projects: [] };

/** A list that has to be read as a whole is read so once in this time, in seconds: a round may begin an hour early. */
const betweenWholes = 23 * 3600;

/** Clocks differ, and a slow write has an older `updated_at` than its place in time: what was read is read again so far, in seconds. */
export const overlapSeconds = 300;

const noCounts: RoundCounts = {
  ...{ listed: 0, emitted: 0, handled: 0, known: 0, unusable: 0, unread: 0, vanished: 0, heldBack: 0 },
};

/**
 * Begins a round: says how each list is read. Lists that ignore the filter by time, and those whose ids are compared, are
 * read as a whole once a day. A project that the last round has read and this one does not see is remembered: when it is
 * back, it is read from where it was left.
 *
 * @param projects those that Procore shows and that are wanted
 * @param now epoch seconds
 */
export function beginRound(
  memory: ReconcileMemory,
  wanted: ReconcileWish | OneRun,
  projects: readonly string[],
  now: number,
): ReconcileMemory {
  const startedAt = Math.floor(now);
  const gone = memory.projects.filter((id) => !projects.includes(id));
  const lists = { ...memory.lists };
  const planned = wanted.lists.flatMap((list): PlannedList[] => {
    const known = lists[list.name];
    if (known !== undefined && list.level === 'project') lists[list.name] = leaveBehind(known, gone);
    const isWholeDue = known?.wholeAt === undefined || startedAt - known.wholeAt >= betweenWholes;
    const isWholeOnly = list.wholeOnly === true || known?.ignoresFilter === true;
    const isOneRun = 'since' in wanted;
    const compares = !isOneRun && wanted.reportVanished === true && isWholeDue;
    if (isWholeOnly && !isWholeDue && !isOneRun) return [];
    const since = isOneRun ? wanted.since : (known?.until ?? startedAt - wanted.hours * 3600);
    return [{ ...list, mode: isWholeOnly || compares ? 'whole' : 'changed', compares, since }];
  });
  const round = { startedAt, lists: planned, projects, list: 0, place: 0, counts: noCounts };
  return { ...memory, lists, round, ...(planned.some(({ compares }) => compares) && { keepsIds: true }) };
}

function leaveBehind(known: ListMemory, projects: readonly string[]): ListMemory {
  const left = projects.filter((id) => known.behind?.[id] === undefined).map((id) => [id, { since: known.until }]);
  return left.length === 0 ? known : { ...known, behind: { ...known.behind, ...Object.fromEntries(left) } };
}

/** Gives the places in which a list is read: projects, or null for the company itself. */
export function placesOf(list: ReconciledList, { projects }: Pick<Round, 'projects'>): readonly (string | null)[] {
  return list.level === 'company' ? [null] : projects;
}

const nameOf = (place: string | null) => place ?? 'company';

/** Tells from when a list is read in a place, epoch seconds. */
export function sinceIn(memory: ReconcileMemory, list: PlannedList, place: string | null): number {
  const behind = memory.lists[list.name]?.behind?.[nameOf(place)];
  return Math.min(list.since, behind?.since ?? list.since) - overlapSeconds;
}

/**
 * Notes how the reading of a list in a place ended, and goes on to the next place.
 *
 * @param how `whole` when every record has certainly come
 */
export function afterPlace(
  memory: ReconcileMemory,
  round: Round,
  place: string | null,
  how: 'whole' | 'unproven' | 'unread',
): ReconcileMemory {
  const list = round.lists[round.list];
  if (list === undefined) return memory;
  const known = memory.lists[list.name] ?? { until: list.since };
  const { [nameOf(place)]: before, ...others } = known.behind ?? {};
  const since = Math.min(list.since, before?.since ?? list.since);
  // A list that never stands still would be read from further and further back.
  const isBehind = how === 'unread' || (how === 'unproven' && before?.unproven !== true);
  const behind = {
    ...others,
    ...(isBehind && { [nameOf(place)]: { since, ...(how === 'unproven' && { unproven: true as const }) } }),
  };
  const { walk: _, failed: __, ...rest } = round;
  const unread = round.counts.unread + Number(how === 'unread');
  return {
    ...memory,
    lists: { ...memory.lists, [list.name]: { ...known, behind } },
    round: { ...rest, place: round.place + 1, counts: { ...round.counts, unread } },
  };
}

/** Goes on to the next list. */
export function afterList(memory: ReconcileMemory, { missing: _, ...round }: Round): ReconcileMemory {
  return { ...memory, round: { ...round, list: round.list + 1, place: 0 } };
}

/** Ends a round. */
export function endRound({ round, ...memory }: ReconcileMemory, now: number): ReconcileMemory {
  if (round === undefined) return memory;
  const { startedAt, projects, counts } = round;
  const lists = { ...memory.lists };
  for (const { name, mode } of round.lists) {
    const known = lists[name];
    const isWhole = mode === 'whole' || known?.ignoresFilter === true;
    lists[name] = { ...known, until: startedAt, ...(isWhole && { wholeAt: startedAt }) };
  }
  return { ...memory, lists, projects, last: { ...counts, startedAt, endedAt: Math.floor(now) } };
}

/** Adds to the counts of a round; what it does not count is left out. */
export function addedTo(counts: RoundCounts, more: Readonly<Partial<Record<string, number>>>): RoundCounts {
  const sums = Object.entries(counts).map(([name, count]) => [name, count + (more[name] ?? 0)]);
  return Object.fromEntries(sums) as unknown as RoundCounts;
}
