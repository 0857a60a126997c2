import type { Clock } from '../../../functions/clock.ts';
import { type BudgetedCall, type RateBudget, sharedRateBudget } from '../../../functions/procore/rate-budget.ts';
import type { RateBudgetStore } from '../../../functions/procore/rate-budget-store.ts';
import type { RateScope } from '../../../functions/procore/rate-limit-scope.ts';
import { retryAfterSeconds } from '../../../functions/procore/retry-after.ts';
import { rateBudgetInMemory } from '../../memory/rate-budget.ts';
import { type EventTime, eventTime } from './event-time.ts';
import { type WorldDraw, type WorldLimiter, type WorldWindow, worldLimiter } from './world.ts';

/** One simulation: a Procore, and all who call it. */
export interface Cell {
  readonly name: string;
  readonly windows: readonly WorldWindow[];
  /** Limits that replace the first ones while the cell runs. */
  readonly changed?: { readonly afterSeconds: number; readonly windows: readonly WorldWindow[] };
  readonly scope: RateScope;
  readonly companies: number;
  readonly invocations: number;
  readonly seconds: number;
  readonly draw: WorldDraw;
  readonly seed: number;
  /** The share of each limit that the foreground wants, at random times; the background wants all there is. */
  readonly foreground?: number;
}

/** What came of a cell. */
export interface Outcome {
  readonly calls: number;
  /** How much of the limit that allows the fewest calls was used, from the second window on. */
  readonly shareUsed: number;
  /**
   * Of the calls that were let go since everybody knew the scope, and limits that replaced others; 0 where some limit is
   * told by its 429s alone.
   */
  readonly share429: number;
  /** Where a limit is told by its 429s alone: the share of calls that got one of these, but for the first window. */
  readonly unnamed429Share: number;
  readonly foregroundRefused: number;
  readonly writesPerCall: number;
  /** What Procore was taken to count by at the end. */
  readonly scope: string;
}

interface Invocation {
  readonly clock: Clock;
  readonly budget: RateBudget;
}

/** A cell while it runs. */
interface Run {
  readonly cell: Cell;
  readonly time: EventTime;
  readonly random: () => number;
  readonly procore: WorldLimiter;
  readonly invocations: readonly Invocation[];
  /** Owners of calls: a company and a token. One company is called with two tokens, so that these differ. */
  readonly owners: number;
  readonly end: number;
  readonly seen: { calls: number; writes: number; scopeAt: number };
  /** The calls of the foreground: when each was wanted, and whether it was let go. */
  readonly wanted: { readonly at: number; isMade: boolean }[];
  /** When each call was let go that got a 429, and what it counted in. */
  readonly refusals: { readonly at: number; readonly key: string }[];
  /** When an answer first told the limits that replaced others, by what they count. */
  readonly changeTold: Map<string, number>;
}

const startTime = 1_800_000_000;
/** How long a call of the store takes, in milliseconds. */
const storeMs = { least: 4, spread: 8 };
/** How far clocks are apart, in seconds. */
const clockSpread = 0.6;
/** How long it takes until every invocation knows what one has learned of the scope, or of changed limits, in seconds. */
const knownSeconds = 1;
/** How long a call of the foreground can wait, in seconds. */
const patienceSeconds = 120;

/** Simulates a cell on a virtual time. Every invocation has a clock and a budget of its own over one shared store. */
export async function runCell(cell: Cell): Promise<Outcome> {
  const run = started(cell);
  const { time, procore, seen, refusals, owners, invocations, end } = run;
  const callersOfEach = Math.max(Math.ceil(cell.invocations / owners), 3);
  for (let number = 0; number < owners * callersOfEach; number++) {
    const own = invocations[number % invocations.length];
    const isForeground = cell.foreground === undefined && Math.floor(number / owners) % 2 === 0;
    if (own) void callOnAndOn(run, own, number % owners, isForeground ? 'foreground' : 'background');
  }
  if (cell.foreground !== undefined) void callNowAndThen(run, cell.foreground);
  const { changed } = cell;
  if (changed) void time.sleep(changed.afterSeconds * 1000).then(() => procore.change(changed.windows));
  await time.runUntil(end);
  const known = seen.scopeAt + knownSeconds;
  const scope = (await run.store.read('app')).scope ?? 'app';
  return {
    calls: seen.calls,
    shareUsed: shareUsed(procore, known),
    share429: isUnnamed(cell) ? 0 : refusals.filter((one) => isAvoidable(run, one)).length / Math.max(1, seen.calls),
    unnamed429Share: isUnnamed(cell) ? unnamedRefusals(procore, known) / Math.max(1, seen.calls) : 0,
    foregroundRefused: foregroundRefused(run),
    writesPerCall: seen.writes / Math.max(1, seen.calls),
    scope,
  };
}

function started(cell: Cell): Run & { readonly store: RateBudgetStore } {
  const random = randomNumbers(cell.seed);
  const time = eventTime(startTime + random());
  const store = rateBudgetInMemory(time.clock);
  const seen = { calls: 0, writes: 0, scopeAt: startTime };
  async function after<Answer>(answer: () => Promise<Answer>): Promise<Answer> {
    await time.sleep(storeMs.least + random() * storeMs.spread);
    return answer();
  }
  function written<Answer>(answer: () => Promise<Answer>): Promise<Answer> {
    seen.writes += 1;
    return after(answer);
  }
  const slow: RateBudgetStore = {
    read: (name) => after(() => store.read(name)),
    write: (name, write) => written(() => store.write(name, write)),
    pauseUntil: (...pause) => written(() => store.pauseUntil(...pause)),
    async replaceScope(from, next) {
      const outcome = await written(() => store.replaceScope(from, next));
      if (outcome === 'written') seen.scopeAt = time.clock();
      return outcome;
    },
  };
  const { sleep } = time;
  const observer = { note() {}, count() {} };
  const invocations = Array.from({ length: cell.invocations }, () => {
    const ahead = (random() - 0.5) * clockSpread;
    const clock = () => time.clock() + ahead;
    return { clock, budget: sharedRateBudget({ store: slow, clock, sleep, randomFraction: random, observer }) };
  });
  return {
    cell,
    time,
    random,
    procore: worldLimiter(cell.windows, cell.draw, random),
    invocations,
    owners: cell.companies + 1,
    end: startTime + cell.seconds,
    seen,
    wanted: [],
    refusals: [],
    changeTold: new Map(),
    store,
  };
}

/** @returns whether the call was let go before its time was over */
async function call(
  { cell, time, random, procore, seen, refusals, changeTold }: Run,
  { budget, clock }: Invocation,
  owner: number,
  budgetClass: BudgetedCall['budgetClass'],
  until: number,
): Promise<boolean> {
  const companyId = String(owner % cell.companies);
  const connectionId = `token-${owner}`;
  const asked = { companyId, connectionId, budgetClass, isWrite: false };
  const permit = await budget.acquire(asked, () => (until - time.clock()) * 1000);
  if (!('version' in permit)) return false;
  const letGoAt = time.clock();
  await time.sleep(latencyMs(random));
  const key = { app: 'app', company: companyId, token: connectionId }[cell.scope];
  const { status, headers: fields } = procore.call(key, time.clock());
  // Making real ones takes longer than all the rest of a simulated call.
  const headers = { get: (name: string) => fields[name] ?? null };
  seen.calls += 1;
  if (status === 429) refusals.push({ at: letGoAt, key });
  await time.sleep(latencyMs(random) / 2);
  const isOfChange = cell.changed?.windows.some(({ limit }) => fields['x-rate-limit-limit'] === String(limit));
  if (isOfChange && !changeTold.has(key)) changeTold.set(key, time.clock());
  const seconds = status === 429 ? retryAfterSeconds(status, headers, clock()) : undefined;
  await budget.learn(permit, { status, headers, ...(seconds !== undefined && { retryAfterSeconds: seconds }) });
  return true;
}

/** Whether the call was let go when everybody could know what it counts in, and how many calls that allows. */
function isAvoidable({ cell, seen, changeTold }: Run, { at, key }: Run['refusals'][number]): boolean {
  if (at <= seen.scopeAt + knownSeconds) return false;
  const changedAt = startTime + (cell.changed?.afterSeconds ?? Number.POSITIVE_INFINITY);
  // A call that was under way when the limits were replaced met the new ones.
  return at < changedAt - 2 ? true : at > (changeTold.get(key) ?? Number.POSITIVE_INFINITY) + knownSeconds;
}

/** One call in fifty takes up to a second longer. */
function latencyMs(random: () => number): number {
  return 60 + 100 * random() + (random() < 0.02 ? 1000 * random() : 0);
}

async function callOnAndOn(run: Run, own: Invocation, owner: number, budgetClass: BudgetedCall['budgetClass']) {
  const { time, random, end } = run;
  await time.sleep(random() * 1000);
  while (time.clock() < end && (await call(run, own, owner, budgetClass, end))) {}
}

/** The foreground comes at random times, and every owner in turn. What it wants is counted from the second window on. */
async function callNowAndThen(run: Run, share: number): Promise<void> {
  const { cell, time, random, invocations, owners, wanted, end } = run;
  const keys = { app: 1, company: cell.companies, token: owners }[cell.scope];
  const all = [...cell.windows, ...(cell.changed?.windows ?? [])];
  const every = Math.max(...all.map(({ limit, seconds }) => seconds / (limit * share * keys)));
  // Calls can wait for two windows of a minute, and for no longer ones: there they differ only so much that all fit in 0.8 of it.
  const isLong = all.some(({ seconds }) => seconds * 2 >= patienceSeconds);
  for (let turn = 0; time.clock() < end - patienceSeconds; turn++) {
    await time.sleep((isLong ? 0.5 + random() : -Math.log(1 - random())) * every * 1000);
    const own = invocations[Math.floor(random() * invocations.length)];
    if (own === undefined) continue;
    const one = { at: time.clock(), isMade: false };
    wanted.push(one);
    // What counts together wants the same: where it is a company, the two tokens of the first one share in it.
    const isSecondToken = cell.scope === 'company' && turn % keys === 0 && random() < 0.5;
    const owner = isSecondToken ? cell.companies : turn % (cell.scope === 'company' ? keys : owners);
    void call(run, own, owner, 'foreground', time.clock() + patienceSeconds).then((isMade) => {
      one.isMade = isMade;
    });
  }
}

/** Of calls that did not wait behind those of the first window, or of the time in which the scope was not known. */
function foregroundRefused({ cell, seen, wanted }: Run): number {
  const second = startTime + Math.max(...cell.windows.map(({ seconds }) => seconds * 1.1), 30);
  const isLearned = seen.scopeAt > startTime;
  const from = Math.max(second, isLearned ? seen.scopeAt + 2 * patienceSeconds : 0);
  const counted = wanted.filter(({ at }) => at > from);
  return counted.filter(({ isMade }) => !isMade).length / Math.max(1, counted.length);
}

/**
 * From the second window on, and of windows that began when the scope was known, if there were any. Of several limits,
 * only the one that allows the fewest calls can be used up.
 */
function shareUsed(procore: WorldLimiter, known: number): number {
  const histories = procore.histories();
  const rateOf = ({ limit, seconds }: WorldWindow) => limit / seconds;
  const lowest = Math.min(...histories.map(({ window }) => rateOf(window)));
  const whole = histories
    .filter(({ window }) => rateOf(window) === lowest)
    .flatMap(({ window, instances }) =>
      instances.slice(1, -1).map(({ start, used }, index) => {
        // Until the next one begins, nothing was allowed that was not made.
        const next = instances[index + 2]?.start ?? start + window.seconds;
        return { start, used, allowed: (window.limit * (next - start)) / window.seconds };
      }),
    );
  const later = whole.filter(({ start }) => start >= known);
  const counted = later.length === 0 ? whole : later;
  if (counted.length === 0) return 1;
  const sum = (of: 'used' | 'allowed') => counted.reduce((total, each) => total + each[of], 0);
  return sum('used') / sum('allowed');
}

/** Whether answers that are no refusals never tell of one of the limits. */
function isUnnamed({ windows, draw }: Cell): boolean {
  return draw.headers === 'longest' && windows.length > 1;
}

/** The 429s of limits that nothing else tells, but for the first window of each that was used up: they become known by it. */
function unnamedRefusals(procore: WorldLimiter, known: number): number {
  const histories = procore.histories();
  const longest = Math.max(...histories.map(({ window }) => window.seconds));
  return histories
    .filter(({ window }) => window.seconds < longest)
    .flatMap(({ instances }) => instances.filter(({ refused }) => refused > 0).slice(1))
    .filter(({ start }) => start > known)
    .reduce((sum, { refused }) => sum + refused, 0);
}

/** Mulberry32. @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
