import type { Clock } from '../clock.ts';
import type { CompanyPauseStore } from '../procore/company-pauses.ts';
import type { LimitKind, LimitWindow, RateBudgetStore, SharedBudget } from '../procore/rate-budget.ts';
import { timeToLiveAttribute } from '../settings.ts';
import {
  deleteItem,
  type EnvironmentTable,
  type Item,
  type ItemChange,
  type Placeholders,
  type Requirement,
  readItem,
  updateItem,
  updateItemUnread,
} from './environment-table.ts';

/** Everything in the table is out of date this many seconds after its last write. */
const keptSeconds = 24 * 3600;
/** How long a call may take, in milliseconds, so that one that hangs does not hold up a call of Procore. */
const callMs = 2000;

const kinds: readonly LimitKind[] = ['hour', 'spike'];

/** The attributes of a window, flat, so that a counter of one and a replacement of the other do not meet. */
const attribute = (kind: LimitKind, part: keyof LimitWindow) => `${kind}_${part}`;

/**
 * Keeps an environment's rate budget in one item of the `rate-budget` table. Taking is one conditional ADD.
 *
 * A take that the SDK repeats after it took effect counts twice: the budget then errs on the side of fewer calls.
 *
 * @param scope what shares a budget: the environment, unless Procore is known to count by company
 * @returns the store; it throws ForeignItemError for an item of another environment, after a refused `take` or
 *   `replaceWindow` with the next `read`
 */
export function dynamoDbRateBudget({
  scope = 'all',
  clock,
  ...place
}: EnvironmentTable & { readonly clock: Clock; readonly scope?: string }): RateBudgetStore {
  const table = { callMs, ...place };
  const key = { id: `budget#${scope}` };
  const kept = (change: ItemChange): ItemChange => ({
    ...change,
    set: { ...change.set, [timeToLiveAttribute]: Math.ceil(clock()) + keptSeconds },
  });

  return {
    // Whether its time to live is over does not matter: windows and pauses say themselves until when they hold.
    read: async () => budgetOf((await readItem(table, key)) ?? {}),

    async take(seen, calls, now) {
      const add = Object.fromEntries(
        kinds.filter((kind) => seen[kind]).map((kind) => [attribute(kind, 'used'), calls]),
      );
      const require = [isNotPausedAt(now), ...kinds.map((kind) => hasRoomFor(kind, seen[kind], calls))];
      const { outcome } = await updateItemUnread(table, key, kept({ add, require }));
      return outcome === 'written' ? 'taken' : 'refused';
    },

    async replaceWindow(kind, seen, next) {
      const set = Object.fromEntries(Object.entries(next).map(([part, value]) => [`${kind}_${part}`, value]));
      return (await updateItemUnread(table, key, kept({ set, require: [isStill(kind, seen)] }))).outcome;
    },

    async raiseUsed(kind, resetAt, used) {
      const isLess: Requirement = ({ name, value }) =>
        `${name(attribute(kind, 'resetAt'))} = ${value(resetAt)} AND ${name(attribute(kind, 'used'))} < ${value(used)}`;
      await updateItem(table, key, kept({ set: { [attribute(kind, 'used')]: used }, require: [isLess] }));
    },

    async pauseUntil(until) {
      await updateItem(table, key, kept({ set: { pausedUntil: until }, require: [isPausedBefore(until, '<')] }));
    },
  };
}

function budgetOf(item: Item): SharedBudget {
  const windows = kinds.map((kind): [LimitKind, LimitWindow] | undefined => {
    const [limit, resetAt, used] = (['limit', 'resetAt', 'used'] as const).map((part) => item[attribute(kind, part)]);
    if (typeof limit !== 'number' || typeof resetAt !== 'number') return undefined;
    return [kind, { limit, resetAt, used: typeof used === 'number' ? used : 0 }];
  });
  return {
    ...Object.fromEntries(windows.filter((window) => window !== undefined)),
    ...(typeof item.pausedUntil === 'number' && { pausedUntil: item.pausedUntil }),
  };
}

/** Requires that the window is the one that was seen. */
const isStill =
  (kind: LimitKind, seen: LimitWindow | undefined): Requirement =>
  ({ name, value }: Placeholders) => {
    const resetAt = name(attribute(kind, 'resetAt'));
    if (seen === undefined) return `attribute_not_exists(${resetAt})`;
    return `${resetAt} = ${value(seen.resetAt)} AND ${name(attribute(kind, 'limit'))} = ${value(seen.limit)}`;
  };

/** Requires that the window is the one that was seen, and has enough calls left. */
const hasRoomFor =
  (kind: LimitKind, seen: LimitWindow | undefined, calls: number): Requirement =>
  (to) => {
    const still = isStill(kind, seen)(to);
    if (seen === undefined) return still;
    return `${still} AND ${to.name(attribute(kind, 'used'))} <= ${to.value(seen.limit - calls)}`;
  };

const isPausedBefore =
  (time: number, comparison: '<' | '<='): Requirement =>
  ({ name, value }) =>
    `attribute_not_exists(${name('pausedUntil')}) OR ${name('pausedUntil')} ${comparison} ${value(time)}`;

const isNotPausedAt = (now: number) => isPausedBefore(now, '<=');

/**
 * Keeps the pauses of companies that disconnected the app in the `rate-budget` table, one item a company.
 *
 * @returns the store; each method throws ForeignItemError for an item of another environment
 */
export function dynamoDbCompanyPauses({
  clock,
  ...place
}: EnvironmentTable & { readonly clock: Clock }): CompanyPauseStore {
  const table = { callMs, ...place };
  const keyOf = (companyId: string) => ({ id: `pause#${companyId}` });
  return {
    async read(companyId) {
      const item = await readItem(table, keyOf(companyId));
      const [until, refusals, since] = [item?.pausedUntil, item?.refusals, item?.disconnectedSince];
      if (typeof until !== 'number' || typeof refusals !== 'number' || typeof since !== 'number') return undefined;
      return { until, refusals, since };
    },
    async write(companyId, { until, refusals, since }) {
      const end = Math.ceil(clock()) + keptSeconds;
      const set = { pausedUntil: until, refusals, disconnectedSince: since, [timeToLiveAttribute]: end };
      await updateItem(table, keyOf(companyId), { set });
    },
    async remove(companyId) {
      await deleteItem(table, keyOf(companyId));
    },
  };
}
