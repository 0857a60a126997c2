import { randomUUID } from 'node:crypto';
import { sweepDueJobs } from '../../../functions/jobs/sweep-jobs.ts';
import { workSlice } from '../../../functions/jobs/work-slice.ts';
import { silentObserver } from '../../../functions/observer.ts';
import type { AccessTokenSource } from '../../../functions/procore/access-token-source.ts';
import { procoreClient } from '../../../functions/procore/client.ts';
import { procoreOrigins } from '../../../functions/procore/environment.ts';
import { type RateBudget, sharedRateBudget } from '../../../functions/procore/rate-budget.ts';
import type { RateBudgetStore } from '../../../functions/procore/rate-budget-store.ts';
import type { RateScope } from '../../../functions/procore/rate-limit-scope.ts';
import { auditAdmission } from '../../../functions/webhook/audit-admission.ts';
import { auditWork, type CompanyJobsDependencies } from '../../../functions/webhook/company-jobs.ts';
import type { Subscription } from '../../../functions/webhook/subscription.ts';
import { instantJobStore } from '../../memory/job-store.ts';
import { rateBudgetInMemory } from '../../memory/rate-budget.ts';
import { instantSubscriptionStore } from '../../memory/subscription-store.ts';
import { randomNumbers } from '../budget/cell.ts';
import { type EventTime, eventTime } from '../budget/event-time.ts';
import { type WorldWindow, worldLimiter } from '../budget/world.ts';
import { answerOf, header, subscriptionOf } from './company.ts';

/** Companies that are audited under a limit, while others call the same Procore. */
export interface LimitedCell {
  readonly window: WorldWindow;
  readonly scope: Exclude<RateScope, 'token'>;
  readonly companies: number;
  readonly hours: number;
  /** The share of each limit that the foreground wants, at random times; `all` is as much as it gets. */
  readonly foreground: number | 'all';
  readonly seed: number;
}

/** What came of it. */
export interface LimitedOutcome {
  /** How long ago the hook was looked at whose look was longest ago, at any time after all had their first two looks. */
  readonly oldestLookHours: number;
  readonly foregroundRefusedShare: number;
  /** The background's share of the calls that were made while a call of the foreground waited or was under way. */
  readonly backgroundShareWhileWanted: number;
  readonly backgroundCalls: number;
  /** Slices that failed: a limit that is used up is no failure. */
  readonly failures: number;
}

const start = 1_800_000_000;
const slots = 10;
const callMs = 100;
const storeMs = 8;
/** How long a call of the foreground can wait, in seconds. */
const patienceSeconds = 120;

/** Simulates a cell on a virtual time, with the real slices, client and rate budget. */
export async function runLimited(cell: LimitedCell): Promise<LimitedOutcome> {
  const { window, companies, hours, foreground, seed } = cell;
  const random = randomNumbers(seed);
  const time = eventTime(start + random());
  const world = simulatedProcore(cell, time, random);
  const jobs = instantJobStore();
  const subscriptions = instantSubscriptionStore();
  for (let index = 0; index < companies; index++) {
    const companyId = String(index + 1);
    await subscriptions.save(subscriptionOf(companyId, start), undefined);
    await jobs.create({ kind: 'audit', companyId, request: null, createdAt: start, nextAt: start });
  }
  runAudits(cell, { time, random, world, jobs, subscriptions });
  callInForeground({ window, companies, scope: cell.scope, foreground }, { time, random, world });
  let oldest = 0;
  for (let minute = 1; minute <= hours * 60; minute++) {
    await time.runUntil(start + minute * 60);
    if (minute < (hours * 60 * 2) / 3) continue;
    // The first looks were due at once, all together: what is measured is how it goes on.
    const looks = (await subscriptions.list()).flatMap(({ hooks }) => hooks.map(({ recoveredAt = 0 }) => recoveredAt));
    oldest = looks.reduce((most, look) => Math.max(most, time.clock() - look), oldest);
  }
  const failed = (await jobs.list({}, companies)).jobs.filter(({ failures }) => failures > 0);
  const { seen } = world;
  return {
    oldestLookHours: oldest / 3600,
    foregroundRefusedShare: seen.refused / Math.max(1, seen.wanted),
    backgroundShareWhileWanted: seen.backgroundWhileWanted / Math.max(1, seen.whileWanted),
    backgroundCalls: seen.backgroundCalls,
    failures: failed.length,
  };
}

function simulatedProcore({ window, scope }: LimitedCell, time: EventTime, random: () => number) {
  const draw = { opens: 'with_call', rounding: 'up', nearest: 'calls', headers: 'nearest' } as const;
  const limiter = worldLimiter([window], draw, random);
  const budgets = slowStore(rateBudgetInMemory(time.clock), time);
  const seen = { wanted: 0, refused: 0, waiting: 0, whileWanted: 0, backgroundWhileWanted: 0, backgroundCalls: 0 };
  const keyOf = (companyId: string) => (scope === 'app' ? 'app' : companyId);
  return {
    seen,
    budget: () =>
      sharedRateBudget({
        ...{ store: budgets, clock: time.clock, sleep: time.sleep, randomFraction: random, observer: silentObserver },
      }),
    /** Answers as Procore does. */
    fetchAs: (budgetClass: 'foreground' | 'background'): typeof fetch =>
      (async (url: string, init: RequestInit) => {
        await time.sleep(callMs / 2);
        const companyId = new Headers(init.headers).get('procore-company-id') ?? '';
        const { status, headers: fields } = limiter.call(keyOf(companyId), time.clock());
        if (budgetClass === 'background') seen.backgroundCalls += 1;
        if (seen.waiting > 0) {
          seen.whileWanted += 1;
          if (budgetClass === 'background') seen.backgroundWhileWanted += 1;
        }
        await time.sleep(callMs / 2);
        const headers = { ...fields, 'content-type': 'application/json' };
        if (status !== 200) return new Response('{}', { status, headers });
        const { body, total } = answerOf(companyId, url, start);
        return new Response(body, { headers: { ...headers, total } });
      }) as typeof fetch,
  };
}

type World = ReturnType<typeof simulatedProcore>;

/** The table takes its time. */
function slowStore(store: RateBudgetStore, { sleep }: EventTime): RateBudgetStore {
  return {
    read: (name) => sleep(storeMs).then(() => store.read(name)),
    write: (name, write) => sleep(storeMs).then(() => store.write(name, write)),
    pauseUntil: (...pause) => sleep(storeMs).then(() => store.pauseUntil(...pause)),
    replaceScope: (from, next) => sleep(storeMs).then(() => store.replaceScope(from, next)),
  };
}

interface Parts {
  readonly time: EventTime;
  readonly random: () => number;
  readonly world: World;
}

interface AuditParts extends Parts {
  readonly jobs: ReturnType<typeof instantJobStore>;
  readonly subscriptions: ReturnType<typeof instantSubscriptionStore>;
}

/** Ten slots work slices as `company-work` does, and a sweep a minute wakes them. */
function runAudits({ companies }: LimitedCell, { time, random, world, jobs, subscriptions }: AuditParts): void {
  const { clock, sleep } = time;
  const waiting: string[] = [];
  const wakeUps = {
    async send(ids: readonly string[]) {
      waiting.push(...ids);
      return { refused: 0 };
    },
    waiting: async () => waiting.length,
  };
  const engine = {
    store: jobs,
    wakeUps,
    clock,
    observer: silentObserver,
    randomFraction: random,
    randomId: randomUUID,
  };
  const auditDependencies = (budget: RateBudget) =>
    ({
      ...{ store: subscriptions, clock, observer: silentObserver, accept: async () => 'duplicate' },
      source: { read: async () => ({ current: header }) },
      backgroundRoom: () => budget.backgroundRoom(),
      clientFor: ({ companyId }: Subscription, remaining: () => number) =>
        procoreClient({
          ...{ environment: 'sandbox', tokens: tokensOf(companyId), fetch: world.fetchAs('background') },
          ...{ clock, sleep, randomFraction: random, remaining, observer: silentObserver },
          ...{ budget, budgetClass: 'background' },
        }).company(companyId),
      // What the round through all companies needs is missing: there is none here.
    }) as unknown as CompanyJobsDependencies;
  const work = async (budget: RateBudget) => {
    for (;;) {
      const jobId = waiting.shift();
      if (jobId === undefined) {
        await sleep(500);
        continue;
      }
      await workSlice(jobId, {
        ...{ ...engine, remaining: () => 85_000 },
        kinds: { audit: auditWork(auditDependencies(budget)) },
      });
      await budget.release();
    }
  };
  const sweepers = world.budget();
  const admission = auditAdmission({ backgroundRoom: () => sweepers.backgroundRoom(), clock });
  const sweep = async () => {
    for (;;) {
      await sweepDueJobs({ ...engine, admission, remaining: () => 85_000 });
      await sleep(60_000);
    }
  };
  void sweep();
  for (let slot = 0; slot < Math.min(slots, companies); slot++) void work(world.budget());
}

/** Two processes of an integrator call now and then, each time for another company; or all the time. */
function callInForeground(
  { window, companies, scope, foreground }: Pick<LimitedCell, 'window' | 'companies' | 'scope' | 'foreground'>,
  { time, random, world }: Parts,
): void {
  const { clock, sleep } = time;
  const budgets = [world.budget(), world.budget()];
  const call = async (turn: number) => {
    const companyId = String((turn % companies) + 1);
    const until = clock() + patienceSeconds;
    const client = procoreClient({
      ...{ environment: 'sandbox', tokens: tokensOf(companyId), fetch: world.fetchAs('foreground') },
      ...{ clock, sleep, randomFraction: random, observer: silentObserver, budget: budgets[turn % 2] as RateBudget },
      remaining: () => (until - clock()) * 1000,
    }).company(companyId);
    world.seen.waiting += 1;
    const isMade = await client.get('/rest/v1.0/projects').then(
      () => true,
      () => false,
    );
    world.seen.waiting -= 1;
    return isMade;
  };
  const onAndOn = async () => {
    for (let turn = 0; ; turn++) await call(turn);
  };
  const nowAndThen = async (share: number) => {
    const keys = scope === 'app' ? 1 : companies;
    const every = window.seconds / (window.limit * share * keys);
    for (let turn = 0; ; turn++) {
      await sleep(-Math.log(1 - random()) * every * 1000);
      // Nobody knows a limit before the first answers.
      const isCounted = clock() > start + window.seconds * 1.1;
      void call(turn).then((isMade) => {
        world.seen.wanted += Number(isCounted);
        world.seen.refused += Number(isCounted && !isMade);
      });
    }
  };
  if (foreground === 'all') for (let caller = 0; caller < 6; caller++) void onAndOn();
  else void nowAndThen(foreground);
}

function tokensOf(companyId: string): AccessTokenSource<'sandbox'> {
  const environment = 'sandbox' as const;
  const apiHost = procoreOrigins(environment).apiOrigin;
  const token = {
    accessToken: 'token',
    expiresAt: 2 * start,
    generation: 1,
    environment,
    apiHost,
    companyIds: [companyId],
  };
  return { environment, connectionId: `of-${companyId}`, current: async () => token, rejected: async () => token };
}
