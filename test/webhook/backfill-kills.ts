import { AsyncLocalStorage } from 'node:async_hooks';
import { Choices, choiceRange } from '../simulation/choices.ts';
import { backfillWorld, type FakeList, type ListedRecord, records, rfisOf } from './backfill-world.ts';

/** What a run is like. */
export interface KillRun {
  readonly seed: number;
  readonly projects: number;
  /** Of all projects together. */
  readonly records: number;
  /** How often the process is killed, at random points. */
  readonly kills: number;
  /** How likely the list that is read changes before a page of it is answered, from 0 to 1. */
  readonly changes: number;
}

/** What became of it. */
export interface KillRunOutcome {
  /** Records that were there from the beginning to the end, and of which no event came. */
  readonly missing: number;
  /** Events that say that a record was deleted. */
  readonly falseDeletes: number;
  readonly kills: number;
  /** Pages that were read again without need; of lists that do not change. */
  readonly rereadPages: number;
  readonly pages: number;
  readonly unproven: number;
  /** Events beyond one of each record and time. */
  readonly repeated: number;
  /** On the moved clock, in seconds. */
  readonly seconds: number;
}

/**
 * Runs a backfill of one company to its end while its process is killed again and again: at the n-th call of Procore, of
 * the ledger, of a queue or of the table of jobs, before it takes effect or after it. Who is killed does nothing more; the
 * next process gets the job when the lease is over.
 */
export async function runKilled(run: KillRun): Promise<KillRunOutcome> {
  const choices = Choices.seeded(run.seed);
  const lists = drawLists(run, choices);
  const throughout = new Map([...lists].map(([path, { records: all }]) => [path, new Set(all.map(({ id }) => id))]));
  const processes = new AsyncLocalStorage<number>();
  const state = { process: 0, effects: 0, kills: 0, killed: (_: 'killed') => {} };
  const points = killPoints(run, choices);
  const changer = listChanger(run, choices, lists, throughout);
  const world = await backfillWorld({
    lists,
    beforeCall: changer,
    async around() {
      if (processes.getStore() !== state.process) return new Promise(() => {});
      state.effects += 1;
      if (state.effects < (points[state.kills] ?? Number.POSITIVE_INFINITY)) return;
      state.kills += 1;
      state.process += 1;
      state.killed('killed');
      return new Promise(() => {});
    },
  });
  const begunAt = world.time.now;
  for (;;) {
    const { state: jobState, nextAt = world.time.now } = await world.read();
    if (jobState !== 'active') break;
    world.pass(Math.max(0, Math.ceil(nextAt) - world.time.now));
    const dies = new Promise<'killed'>((resolve) => {
      state.killed = resolve;
    });
    await processes.run(state.process, () => world.slice(dies));
  }
  const { progress } = await world.read();
  const came = new Set(world.events.map(({ projectId, resourceId }) => `${rfisOf(projectId ?? '')} ${resourceId}`));
  const missing = [...throughout].flatMap(([path, ids]) => [...ids].filter((id) => !came.has(`${path} ${id}`)));
  return {
    missing: missing.length,
    falseDeletes: world.events.filter(({ eventType }) => eventType === 'delete').length,
    kills: state.kills,
    rereadPages: rereadPages(world.calls),
    pages: world.calls.length,
    unproven: progress.unproven,
    repeated: world.events.length - new Set(world.events.map(({ id }) => id)).size,
    seconds: world.time.now - begunAt,
  };
}

/** Projects of different sizes, some of them empty; lists that tell a count, links, or nothing. */
function drawLists({ projects, records: total }: KillRun, choices: Choices): Map<string, FakeList> {
  const weights = Array.from({ length: projects }, () => (integer(choices, 0, 9) === 0 ? 0 : integer(choices, 1, 100)));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  let id = 1;
  let left = total;
  return new Map(
    weights.map((weight, index) => {
      const isLast = index === projects - 1;
      const count = isLast ? left : Math.min(left, Math.round((total * weight) / sum));
      left -= count;
      // Ids of one list are not next to each other.
      const listed = records(count, id);
      id += count;
      const tells = choices.pick(['count', 'count', 'links', 'nothing'] as const);
      return [rfisOf(index + 1), { records: integer(choices, 0, 1) === 0 ? listed : listed.reverse(), tells }];
    }),
  );
}

/** A call has three effects or so for each record, and a few for each page; each has a point before it and one after. */
function killPoints({ kills, records: total, projects }: KillRun, choices: Choices): readonly number[] {
  const most = total * 6 + projects * 10;
  return Array.from({ length: kills }, () => integer(choices, 1, Math.floor(most * 0.98))).sort((a, b) => a - b);
}

/** Changes the list that is being read: adds, removes, and moves records, at its beginning, its end or in between. */
function listChanger(
  { changes }: KillRun,
  choices: Choices,
  lists: ReadonlyMap<string, FakeList>,
  throughout: ReadonlyMap<string, Set<string>>,
) {
  let added = 10_000_000;
  return ({ pathname }: URL): undefined => {
    const list = lists.get(pathname);
    if (list === undefined || changes === 0) return;
    while (choices.chance(changes)) {
      const at = integer(choices, 0, list.records.length);
      const kind = choices.pick(['add', 'remove', 'move'] as const);
      const taken: ListedRecord | undefined = kind === 'add' ? { id: String(added++) } : list.records[at];
      if (taken === undefined) continue;
      if (kind !== 'add') list.records = list.records.filter((record) => record !== taken);
      if (kind === 'remove') throughout.get(pathname)?.delete(taken.id);
      else {
        const to = choices.pick([list.records.length, 0, integer(choices, 0, list.records.length)]);
        list.records = list.records.toSpliced(to, 0, { ...taken, updated_at: '2026-11-01T00:00:00Z' });
      }
    }
  };
}

/** A page of a list that does not change is read once in each pass, and a list of one page has one pass. */
function rereadPages(calls: readonly string[]): number {
  const times = new Map<string, number>();
  for (const call of calls) times.set(call, (times.get(call) ?? 0) + 1);
  const passes = (call: string) => {
    const next = call.replace(/page=\d+/, 'page=2');
    return call.includes('/rfis') && times.has(next) ? 2 : 1;
  };
  return [...times].reduce((sum, [call, count]) => sum + Math.max(0, count - passes(call)), 0);
}

/** Draws a whole number, both ends included. */
function integer(choices: Choices, from: number, to: number): number {
  const fraction = choices.fraction() + choices.fraction() / choiceRange;
  return Math.min(to, from + Math.floor(fraction * (to - from + 1)));
}
