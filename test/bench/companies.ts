import { jobIdOf } from '../../functions/jobs/job.ts';
import { sweepDueJobs } from '../../functions/jobs/sweep-jobs.ts';
import { workSlice } from '../../functions/jobs/work-slice.ts';
import { silentObserver } from '../../functions/observer.ts';
import type { CompanyClient } from '../../functions/procore/client.ts';
import { auditCompany } from '../../functions/webhook/audit-company.ts';
import { instantJobStore } from '../memory/job-store.ts';
import { instantSubscriptionStore } from '../memory/subscription-store.ts';
import type { Bench, BenchSize, Figures } from './bench.ts';
import { eventTime } from './budget/event-time.ts';
import { header, hooksEach, listedAt, subscriptionOf } from './companies/company.ts';
import { runLimited } from './companies/limited.ts';

const callMs = 100;
/** Of the table and the queue. */
const awsMs = 5;
const slots = 10;
const start = 1_800_000_000;
/** Background work leaves a fifth of the hour's calls to others. */
const backgroundShare = 0.8;
/** Under a limit the others want so much of it. */
const foregroundShare = 0.5;

/** Audits companies of ten projects whose hooks are all as wanted, on a moved clock, ten slices at a time. */
export const bench: Bench = {
  about: 'the audit of companies of ten hooks, 100 ms a call of Procore, ten slices at a time, on a virtual time',
  mustBeZero: ['failuresUnderLimits'],
  async run(_flags, size): Promise<Figures> {
    const companies = size === 'smoke' ? 100 : 10_000;
    const { seconds, hooks, calls } = await auditAll(companies);
    const callsPerHook = calls / hooks;
    /** No order of looks can do better: so many calls an hour are there for so many hooks. */
    const best = (callsAnHour: number, hooksOfLimit: number) =>
      Math.max(1, (hooksOfLimit * callsPerHook) / (callsAnHour * backgroundShare));
    return {
      companies,
      hooksLooked: hooks,
      callsPerHook,
      hooksLookedPerHour: (hooks * 3600) / seconds,
      hoursForAll: seconds / 3600,
      ...{ leastHoursAt600PerApp: best(600, hooks), leastHoursAt3600PerApp: best(3600, hooks) },
      ...{ leastHoursAt600PerCompany: best(600, hooksEach), leastHoursAt3600PerCompany: best(3600, hooksEach) },
      ...(await underLimits(callsPerHook, size)),
    };
  },
};

/** Fewer companies, and others who call: as many as the limit allows a look in some hours. */
async function underLimits(callsPerHook: number, size: BenchSize): Promise<Figures> {
  const figures: Record<string, number> = { foregroundRefusedShare: 0, failuresUnderLimits: 0 };
  const hours = size === 'smoke' ? 3 : 12;
  for (const [scope, limit, companies] of [
    ['app', 600, size === 'smoke' ? 10 : 40],
    ['app', 3600, size === 'smoke' ? 10 : 240],
    ['company', 600, size === 'smoke' ? 3 : 20],
    ['company', 3600, size === 'smoke' ? 3 : 20],
  ] as const) {
    const window = { limit, seconds: 3600 };
    const name = `${limit}Per${scope === 'app' ? 'App' : 'Company'}`;
    const outcome = await runLimited({ window, scope, companies, hours, foreground: foregroundShare, seed: limit });
    const callsOfLimit = companies * hooksEach * callsPerHook * (scope === 'app' ? 1 : 1 / companies);
    figures[`oldestLookHoursAt${name}`] = outcome.oldestLookHours;
    // What the others leave is there for the audit.
    figures[`bestLookHoursAt${name}`] = Math.max(1, callsOfLimit / (limit * (1 - foregroundShare)));
    figures.foregroundRefusedShare = Math.max(figures.foregroundRefusedShare ?? 0, outcome.foregroundRefusedShare);
    figures.failuresUnderLimits = (figures.failuresUnderLimits ?? 0) + outcome.failures;
  }
  const spike = { limit: 25, seconds: 10 };
  const wanted = await runLimited({ window: spike, scope: 'app', companies: 10, hours: 1, foreground: 'all', seed: 1 });
  return { ...figures, backgroundShare: wanted.backgroundShareWhileWanted };
}

/** Works until every company was looked at once, each one's first look being due at the start. */
async function auditAll(companies: number) {
  const time = eventTime(start);
  const { clock, sleep } = time;
  const counts = { calls: 0, hooks: 0, ended: start };
  const store = instantJobStore();
  const subscriptions = instantSubscriptionStore();
  for (let index = 0; index < companies; index++) {
    const companyId = String(index + 1);
    await subscriptions.save(subscriptionOf(companyId, start), undefined);
    await store.create({ kind: 'audit', companyId, request: null, createdAt: start, nextAt: start });
  }
  const audit = {
    ...{ store: subscriptions, clock, observer: silentObserver, accept: async () => 'duplicate' as const },
    source: { read: async () => ({ current: header }) },
  };
  const client = (companyId: string) => clientOf(companyId, () => sleep(callMs), counts);
  const waiting: string[] = [];
  const wakeUps = {
    send: async (ids: readonly string[]) => {
      await sleep(awsMs);
      waiting.push(...ids);
      return { refused: 0 };
    },
    waiting: async () => waiting.length,
  };
  const remaining = () => 85_000;
  const work = async () => {
    for (let jobId = waiting.shift(); ; jobId = waiting.shift()) {
      await sleep(awsMs);
      if (jobId === undefined) continue;
      await workSlice(jobId, {
        ...{ store, wakeUps, clock, remaining, observer: silentObserver, randomFraction: () => 0.5 },
        randomId: () => `${jobId} ${clock()} ${counts.calls}`,
        kinds: {
          audit: {
            async work({ job, remaining: left }) {
              const found = await auditCompany(job.companyId, {
                ...audit,
                remaining: left,
                clientFor: () => client(job.companyId),
              });
              if (typeof found === 'string') return { outcome: 'done' };
              counts.hooks += hooksEach;
              counts.ended = clock();
              return { outcome: 'again', nextAt: found.nextLookAt };
            },
          },
        },
      });
      await sleep(awsMs);
    }
  };
  const sweep = async () => {
    for (;;) {
      await sweepDueJobs({ store, wakeUps, clock, remaining, observer: silentObserver });
      await sleep(60_000);
    }
  };
  for (const run of [sweep, ...Array.from({ length: slots }, () => work)]) void run();
  for (let minute = 1; counts.hooks < companies * hooksEach && minute < 240; minute++) {
    await time.runUntil(start + minute * 60);
  }
  const first = await store.read(jobIdOf({ kind: 'audit', companyId: '1' }));
  if (first?.failures !== 0) throw new Error(`An audit failed: ${JSON.stringify(first?.lastError)}`);
  return { seconds: counts.ended - start, hooks: counts.hooks, calls: counts.calls };
}

/** A company at which all is as wanted. */
function clientOf(companyId: string, wait: () => Promise<void>, counts: { calls: number }): CompanyClient {
  const list = async function* (path: string) {
    counts.calls += 1;
    await wait();
    yield* listedAt(companyId, path, start);
  };
  return { companyId, list } as unknown as CompanyClient;
}
