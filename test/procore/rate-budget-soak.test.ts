import { expect, it } from 'vitest';
import { sharedRateBudget } from '../../functions/procore/rate-budget.ts';
import { sampleUnknowns } from '../../lib/procore-stand-in/unknowns.ts';
import { memoryRateBudget } from '../memory/rate-budget.ts';
import { standIn } from '../procore-stand-in/setup.ts';
import { startTime } from './client-world.ts';
import { movedTime } from './moved-time.ts';
import { standInClient } from './stand-in-client.ts';

const hourly = 600;
const limits = {
  windows: [
    { limit: 25, seconds: 10 },
    { limit: hourly, seconds: 3600 },
  ],
};

/**
 * Has fifty invocations call as fast as the budget lets them, for two hours of a clock that jumps.
 *
 * @param foreignEverySeconds how often somebody else spends a call of the same limit; 0 for never
 */
async function soak(rateLimitScope: 'app' | 'company', companies: readonly string[], foreignEverySeconds = 0) {
  const time = movedTime(startTime);
  const procore = await standIn({
    now: () => time.clock() * 1000,
    unknowns: { ...sampleUnknowns, rateLimits: limits, rateLimitScope },
  });
  const store = memoryRateBudget(time.clock);
  const end = startTime + 2 * 3600;
  const seen = { made: 0, throttled: [] as number[] };
  const shared = await standInClient(procore);

  async function invocation(number: number): Promise<void> {
    const drawn = () => ((number * 7919) % 50) / 50;
    const { clock, sleep } = time;
    const budget = sharedRateBudget({ store, clock, sleep, randomFraction: drawn, observer: shared.observer });
    const counted: typeof fetch = async (...call) => {
      const response = await time.fetch(...call);
      if (response.status === 429) seen.throttled.push(time.clock() - startTime);
      seen.made += 1;
      return response;
    };
    const remaining = () => (end - time.clock()) * 1000;
    const { client } = await standInClient(procore, {
      tokens: shared.tokens,
      budget,
      fetch: counted,
      clock,
      sleep,
      remaining,
    });
    const company = client.company(companies[number % companies.length] ?? '');
    while (time.clock() < end) {
      try {
        await company.get('/rest/v1.0/me');
      } catch {
        return;
      }
    }
  }

  /** Another program of the same app: it counts nothing and asks nobody. */
  async function stranger(): Promise<number> {
    const { accessToken } = await shared.tokens.current();
    const headers = { authorization: `Bearer ${accessToken}`, 'procore-company-id': companies[0] ?? '' };
    let calls = 0;
    while (foreignEverySeconds > 0 && time.clock() < end) {
      const { status } = await time.fetch(`${procore.apiOrigin}/rest/v1.0/me`, { headers });
      if (status !== 429) calls += 1;
      await time.sleep(foreignEverySeconds * 1000);
    }
    return calls;
  }

  const [foreign] = await time.run(
    Promise.all([stranger(), ...Array.from({ length: 50 }, (_, number) => invocation(number))]),
  );
  return { ...seen, foreign: foreign ?? 0, share: seen.made / (2 * hourly) };
}

it('fifty invocations over two hours get no 429 and use at least 95 % of the budget', async () => {
  const { throttled, share } = await soak('app', ['5358233']);
  expect({ throttled, usedAtLeast95Percent: share >= 0.95 }).toEqual({ throttled: [], usedAtLeast95Percent: true });
  expect(share).toBeLessThanOrEqual(1);
}, 120_000);

it('gets no 429 either, with fewer calls than it could make, where Procore counts by company', async () => {
  const { throttled, share } = await soak('company', ['5358233', '562949953421312345']);
  expect(throttled).toEqual([]);
  expect(share).toBeGreaterThan(0.9);
}, 120_000);

it('gets hardly a 429 and leaves little unused while another program spends of the same limit and counts nothing', async () => {
  const { throttled, made, foreign } = await soak('app', ['5358233'], 10);
  // The last call of a window shows what Procore has counted. The other program may have been faster.
  expect(throttled.length).toBeLessThanOrEqual(made / 300);
  expect(foreign).toBeGreaterThan(20);
  expect((made + foreign) / (2 * hourly)).toBeGreaterThan(0.95);
}, 120_000);
