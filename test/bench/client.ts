import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { atATime } from '../../functions/at-a-time.ts';
import type { Observer } from '../../functions/observer.ts';
import { accessTokenSource } from '../../functions/procore/access-token-source.ts';
import { procoreClient } from '../../functions/procore/client.ts';
import { sharedRateBudget } from '../../functions/procore/rate-budget.ts';
import { systemClock, systemRandomFraction, systemSleep } from '../../functions/system.ts';
import { memoryRateBudget } from '../memory/rate-budget.ts';
import type { SlowStandIn, SlowStandInData } from '../procore/slow-stand-in.ts';
import type { Bench, Figures } from './bench.ts';

const companyId = '5358233';
const projectId = '23498237';
const path = `/rest/v1.0/projects/${projectId}/rfis` as const;
const perPage = 100;
const readAhead = 8;
const hourly = 3600;
const limits = {
  windows: [
    { limit: 1000, seconds: 10 },
    { limit: hourly, seconds: 3600 },
  ],
};

/** Lists 20,000 items with the client and with a pager that asks for one page after the other. */
export const bench: Bench = {
  about: '20,000 items at 100 a page, 80 ms a call, 1,000 calls in 10 s: the client against a sequential pager',
  async run(_flags, size): Promise<Figures> {
    const items = size === 'smoke' ? 1000 : 20_000;
    const workerData: SlowStandInData = { projectId, rfis: items, latencyMs: 80, calls: 1000, limits };
    const worker = new Worker(new URL('../procore/slow-stand-in.ts', import.meta.url), { workerData });
    const procore = await new Promise<SlowStandIn>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    try {
      const sequential = await timed(() => listSequentially(procore, items));
      const bare = await timed(() => listWithoutClient(procore, items));
      const client = await timed(() => listWithClient(procore, items));
      return {
        speedup: sequential.seconds / client.seconds,
        sequentialSeconds: sequential.seconds,
        clientSeconds: client.seconds,
        shareOfBare: bare.seconds / client.seconds,
        requests: client.result.requests,
        requests429: client.result.requests429,
        budgetUsed: client.result.requests / hourly,
        peakMemoryMb: client.result.peakMemoryMb,
      };
    } finally {
      await worker.terminate();
    }
  },
};

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; seconds: number }> {
  const began = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - began) / 1000 };
}

async function listSequentially(procore: SlowStandIn, items: number): Promise<void> {
  let received = 0;
  for (let page = 1; received < items; page++) received += await fetchPage(procore, page);
}

/** As many pages at a time as the client asks for, and nothing else of what it does: faster than this it cannot be. */
async function listWithoutClient(procore: SlowStandIn, items: number): Promise<void> {
  const fetchOne = atATime(readAhead, (page: number) => fetchPage(procore, page));
  const first = await fetchOne(1);
  const more = Array.from({ length: Math.ceil(items / first) - 1 }, (_, index) => fetchOne(index + 2));
  const received = (await Promise.all(more)).reduce((sum, count) => sum + count, first);
  if (received !== items) throw new Error(`the bare pager listed ${received} items`);
}

/** @returns how many items the page has */
async function fetchPage({ apiOrigin, accessToken }: SlowStandIn, page: number): Promise<number> {
  const response = await fetch(`${apiOrigin}${path}?page=${page}&per_page=${perPage}`, {
    headers: { authorization: `Bearer ${accessToken}`, 'procore-company-id': companyId },
  });
  const list = (await response.json()) as unknown[];
  if (!response.ok || list.length === 0) throw new Error(`page ${page} was answered ${response.status}`);
  return list.length;
}

async function listWithClient({ apiOrigin, accessToken }: SlowStandIn, items: number) {
  const counts = { requests: 0, requests429: 0 };
  const observer: Observer = { note() {}, count() {} };
  const shared = { clock: systemClock, sleep: systemSleep, randomFraction: systemRandomFraction, observer };
  const counted: typeof fetch = async (...call) => {
    const response = await fetch(...call);
    counts.requests += 1;
    if (response.status === 429) counts.requests429 += 1;
    return response;
  };
  const client = procoreClient({
    environment: 'sandbox',
    tokens: accessTokenSource({
      environment: 'sandbox',
      connectionId: 'bench',
      clock: systemClock,
      vend: async () => ({
        accessToken,
        expiresAt: systemClock() + 5400,
        generation: 1,
        environment: 'sandbox',
        apiHost: apiOrigin,
        companyIds: [companyId],
      }),
    }),
    origins: { apiOrigin },
    fetch: counted,
    remaining: () => 120_000,
    budget: sharedRateBudget({ store: memoryRateBudget(shared.clock), ...shared }),
    ...shared,
  });
  let peak = 0;
  let received = 0;
  for await (const _item of client.company(companyId).list(path, { perPage, readAhead })) {
    received += 1;
    if (received % perPage === 0) peak = Math.max(peak, getHeapStatistics().used_heap_size);
  }
  if (received !== items) throw new Error(`the client listed ${received} items`);
  return { ...counts, peakMemoryMb: peak / 2 ** 20 };
}
