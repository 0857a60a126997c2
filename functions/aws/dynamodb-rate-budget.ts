import type { Clock } from '../clock.ts';
import type { CompanyPauseStore } from '../procore/company-pauses.ts';
import type { RateBudgetStore } from '../procore/rate-budget-store.ts';
import { appScope } from '../procore/rate-scope.ts';
import {
  type BudgetState,
  noCounts,
  optionalParts,
  type RateWindow,
  type WindowCounts,
} from '../procore/rate-windows.ts';
import { rateBudgetMark, timeToLiveAttribute } from '../settings.ts';
import {
  deleteItem,
  type EnvironmentTable,
  type Item,
  type ItemChange,
  type Requirement,
  readItem,
  updateItem,
  updateItemUnread,
} from './environment-table.ts';

/** A pause is out of date this many seconds after its last write. */
const keptSeconds = 24 * 3600;
/** What Procore allows is worth knowing for a fortnight: who calls once a week need not ask again. */
const budgetKeptSeconds = 14 * 24 * 3600;
/** How long a call may take, in milliseconds, so that one that hangs does not hold up a call of Procore. */
const callMs = 2000;

type Count = keyof WindowCounts;
const countNames = Object.keys(noCounts) as readonly Count[];
/** The counts are attributes of their own, so that takers of calls do not meet each other. */
const attribute = (count: Count, slot: number | string) => `${count}_${slot}`;

/**
 * Keeps an environment's rate budgets in the `rate-budget` table, one item a budget (`rate#app`, `rate#company#ID`, …).
 * Each change is one conditional write. Taking calls is an ADD, which many may do at once.
 *
 * A take that the SDK repeats after it took effect counts twice: the budget then errs on the side of fewer calls.
 *
 * @returns the store; it throws ForeignItemError for an item of another environment, after a refused `write` with the
 *   next `read`
 */
export function dynamoDbRateBudget({ clock, ...place }: EnvironmentTable & { readonly clock: Clock }): RateBudgetStore {
  const table = { callMs, ...place };
  const keyOf = (name: string) => ({ id: `${rateBudgetMark}${name}` });
  const kept = (change: ItemChange): ItemChange => ({
    ...change,
    set: { ...change.set, [timeToLiveAttribute]: Math.ceil(clock()) + budgetKeptSeconds },
  });

  return {
    // Whether its time to live is over does not matter: windows and pauses say themselves until when they hold.
    read: async (name) => stateOf((await readItem(table, keyOf(name))) ?? {}),

    async write(name, { seen, change, add = {}, atMost = {}, notPausedAt }) {
      const set: Record<string, unknown> = {};
      const more: Record<string, number> = {};
      for (const [slot, counts] of Object.entries(change?.set ?? {})) {
        for (const count of countNames) set[attribute(count, slot)] = counts[count] + (add[Number(slot)]?.[count] ?? 0);
      }
      for (const [slot, counts] of Object.entries(add)) {
        if (change?.set[Number(slot)] !== undefined) continue;
        // All four, so that the answer tells all four.
        for (const count of countNames) more[attribute(count, slot)] = counts[count] ?? 0;
      }
      if (change)
        Object.assign(set, { windows: change.windows, isUncounted: change.isUncounted ?? false, version: seen + 1 });
      const require = [
        isVersion(seen),
        ...Object.entries(atMost).map(([slot, most]) => isAtMost(slot, most)),
        ...(notPausedAt === undefined ? [] : [isPausedBefore(notPausedAt, '<=')]),
      ];
      const updated = await updateItemUnread(
        table,
        keyOf(name),
        kept({ set, add: more, require, returned: 'UPDATED_NEW' }),
      );
      return updated.outcome === 'refused' ? 'refused' : countsOf(updated.attributes ?? {});
    },

    async pauseUntil(name, until, by) {
      const require = [isPausedBefore(until, '<')];
      await updateItem(table, keyOf(name), kept({ set: { pausedUntil: until, pausedBy: by }, require }));
    },

    async replaceScope(seen, next) {
      const require: Requirement = ({ name, value }) =>
        seen === undefined ? `attribute_not_exists(${name('scope')})` : `${name('scope')} = ${value(seen)}`;
      // A new version makes everybody look again who counts by the scope before.
      const change = kept({ set: { scope: next }, add: { version: 1 }, require: [require] });
      return (await updateItem(table, keyOf(appScope), change)).outcome;
    },
  };
}

function stateOf(item: Item): BudgetState {
  return {
    version: numberOr(item.version, 0),
    windows: Array.isArray(item.windows) ? item.windows.flatMap(readWindow) : [],
    counts: countsOf(item),
    isUncounted: item.isUncounted === true,
    pausedUntil: numberOr(item.pausedUntil, 0),
    ...(typeof item.pausedBy === 'number' && { pausedBy: item.pausedBy }),
    ...(typeof item.scope === 'string' && { scope: item.scope }),
  };
}

function countsOf(item: Item): Record<number, WindowCounts> {
  const slots = Object.keys(item).flatMap((name) => /^used_(\d+)$/.exec(name)?.[1] ?? []);
  const counts = (slot: string): WindowCounts => ({
    used: numberOr(item[attribute('used', slot)], 0),
    foreground: numberOr(item[attribute('foreground', slot)], 0),
    sent: numberOr(item[attribute('sent', slot)], 0),
    missed: numberOr(item[attribute('missed', slot)], 0),
  });
  return Object.fromEntries(slots.map((slot) => [Number(slot), counts(slot)]));
}

const numberOr = (value: unknown, otherwise: number) => (typeof value === 'number' ? value : otherwise);

const windowNumbers = [
  'slot',
  'limit',
  'seconds',
  'gap',
  'resetAt',
  'toldReset',
  'openedIn',
  'scouts',
  'expected',
] as const;

/**
 * A window that a later version writes in another form is as good as none: what Procore allows is learned again. An
 * optional part in another form is left out, and what this version does not know is kept.
 */
function readWindow(stored: unknown): readonly RateWindow[] {
  if (typeof stored !== 'object' || stored === null) return [];
  const forms: Readonly<Record<string, string>> = optionalParts;
  const parts = Object.entries(stored).filter(([name, value]) => typeof value === (forms[name] ?? typeof value));
  const window: Partial<Record<keyof RateWindow, unknown>> = Object.fromEntries(parts);
  return isWindow(window) ? [window] : [];
}

function isWindow(window: Partial<Record<keyof RateWindow, unknown>>): window is RateWindow {
  return windowNumbers.every((name) => typeof window[name] === 'number') && typeof window.isTold === 'boolean';
}

const isVersion =
  (seen: number): Requirement =>
  ({ name, value }) =>
    seen === 0 ? `attribute_not_exists(${name('version')})` : `${name('version')} = ${value(seen)}`;

const isAtMost =
  (slot: string, most: number): Requirement =>
  ({ name, value }) => {
    const used = name(attribute('used', slot));
    return most < 0 ? `${used} <= ${value(most)}` : `attribute_not_exists(${used}) OR ${used} <= ${value(most)}`;
  };

const isPausedBefore =
  (time: number, comparison: '<' | '<='): Requirement =>
  ({ name, value }) =>
    `attribute_not_exists(${name('pausedUntil')}) OR ${name('pausedUntil')} ${comparison} ${value(time)}`;

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
