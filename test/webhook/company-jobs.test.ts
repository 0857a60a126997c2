import { describe, expect, it } from 'vitest';
import { workSlice } from '../../functions/jobs/work-slice.ts';
import { ProcoreApiError } from '../../functions/procore/api-error.ts';
import type { CompanyClient } from '../../functions/procore/client.ts';
import { diagnosed } from '../../functions/procore/diagnosis.ts';
import type { Exchange } from '../../functions/procore/exchange.ts';
import { auditWork, type CompanyJobsDependencies } from '../../functions/webhook/company-jobs.ts';
import { header, hooksEach, listedAt, subscriptionOf } from '../bench/companies/company.ts';
import { instantJobStore } from '../memory/job-store.ts';
import { instantSubscriptionStore } from '../memory/subscription-store.ts';
import { recordingObserver } from './sample-events.ts';

const start = 1_800_000_000;
const company = '7';
const id = `audit#${company}`;
const room = { calls: 0, aMinute: 5 };

/** A company of ten hooks whose audit is due, and a Procore where all is as wanted. */
async function setUp() {
  const world = { now: start, calls: 0, most: Number.POSITIVE_INFINITY, status: undefined as number | undefined };
  const clock = () => world.now;
  const jobs = instantJobStore();
  const store = instantSubscriptionStore();
  await store.save({ ...subscriptionOf(company, start), companyListsProjects: false }, undefined);
  await jobs.create({ kind: 'audit', companyId: company, request: null, createdAt: start - 86_400, nextAt: start });
  const client = {
    companyId: company,
    async *list(path: string) {
      if (world.calls >= world.most) throw limited(path, world.status);
      world.calls += 1;
      yield* listedAt(company, path, start);
    },
  } as unknown as CompanyClient;
  const observer = recordingObserver();
  const woken: string[] = [];
  const work = (backgroundRoom: CompanyJobsDependencies['backgroundRoom'] = async () => room) => {
    const dependencies = {
      ...{ store, clock, observer, accept: async () => 'duplicate', backgroundRoom, clientFor: () => client },
      source: { read: async () => ({ current: header }) },
    } as unknown as CompanyJobsDependencies;
    return workSlice(id, {
      ...{ store: jobs, clock, observer, randomFraction: () => 0.5, randomId: () => `slice ${world.now}` },
      kinds: { audit: auditWork(dependencies) },
      wakeUps: {
        async send(ids) {
          woken.push(...ids);
          return { refused: 0 };
        },
      },
      remaining: () => 85_000,
    });
  };
  return { world, jobs, store, work, woken };
}

function limited(path: string, status?: number): ProcoreApiError {
  const exchange = { method: 'GET', url: `https://api.procore.com${path}`, ...(status && { status }) };
  const options = { diagnosis: diagnosed('rate_limited'), retryAfterSeconds: 600 };
  return new ProcoreApiError(exchange as unknown as Exchange, options);
}

describe('an audit that a person runs', () => {
  it('looks at all hooks, also those that were looked at a minute ago, and once only', async () => {
    const { world, jobs, work } = await setUp();
    expect(await work()).toBe('worked');
    const first = world.calls;
    expect(first).toBeGreaterThan(2 * hooksEach);
    world.now += 60;
    await jobs.change(id, 'run', world.now);
    world.now += 30;
    expect(await work()).toBe('worked');
    expect(world.calls).toBe(2 * first);
    expect((await jobs.read(id))?.nextAt).toBe(world.now + 55 * 60);
    await jobs.change(id, 'resume', world.now);
    world.now += 56 * 60;
    expect(await work()).toBe('worked');
    expect(world.calls).toBe(3 * first);
  });
});

describe('a company for which there are no calls left', () => {
  it('stays in its place among those that wait where all companies share a limit, and wakes nobody', async () => {
    const { world, jobs, work, woken } = await setUp();
    world.most = 5;
    expect(await work()).toBe('worked');
    // Two of its hooks were looked at; the others were last looked at an hour ago.
    expect(await jobs.read(id)).toMatchObject({ failures: 0, nextAt: start - 3600 + 55 * 60 });
    expect(woken).toEqual([]);
    world.most = Number.POSITIVE_INFINITY;
    world.now += 60;
    await work();
    expect((await jobs.read(id))?.nextAt).toBeGreaterThan(world.now);
  });

  it('goes on when there are calls again where it has a limit of its own, or where Procore itself refuses', async () => {
    const { world, jobs, work } = await setUp();
    world.most = 5;
    await work(async () => undefined);
    expect((await jobs.read(id))?.nextAt).toBeGreaterThan(start + 600);
    const other = await setUp();
    Object.assign(other.world, { most: 5, status: 429 });
    await other.work();
    expect((await other.jobs.read(id))?.nextAt).toBeGreaterThan(start + 600);
  });
});
