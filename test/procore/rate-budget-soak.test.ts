import { expect, it } from 'vitest';
import { sharedRateBudget } from '../../functions/procore/rate-budget.ts';
import { standIn } from '../local/procore-stand-in-setup.ts';
import { memoryRateBudget } from '../memory/rate-budget.ts';
import { startTime } from './client-world.ts';
import { movedTime } from './moved-time.ts';
import { standInClient } from './stand-in-client.ts';

const limits = { hourly: 600, spike: 25 };

it('fifty invocations over two hours get no 429 and use at least 95 % of the budget', async () => {
  const time = movedTime(startTime);
  const procore = await standIn({
    now: () => time.clock() * 1000,
    unknowns: { rateLimits: limits, rateLimitScope: 'client' },
  });
  const store = memoryRateBudget();
  const end = startTime + 2 * 3600;
  let made = 0;
  const throttled: number[] = [];
  const shared = await standInClient(procore);

  async function invocation(number: number): Promise<void> {
    const drawn = () => ((number * 7919) % 50) / 50;
    const budget = sharedRateBudget({
      store,
      clock: time.clock,
      sleep: time.sleep,
      randomFraction: drawn,
      observer: shared.observer,
    });
    const counted: typeof fetch = async (...call) => {
      const response = await time.fetch(...call);
      if (response.status === 429) throttled.push(time.clock() - startTime);
      made += 1;
      return response;
    };
    const { client } = await standInClient(procore, {
      tokens: shared.tokens,
      budget,
      fetch: counted,
      clock: time.clock,
      sleep: time.sleep,
      remaining: () => (end - time.clock()) * 1000,
    });
    while (time.clock() < end) {
      try {
        await client.get('/rest/v1.0/me');
      } catch {
        return;
      }
    }
  }

  await time.run(Promise.all(Array.from({ length: 50 }, (_, number) => invocation(number))));
  const used = made / (2 * limits.hourly);
  expect({ throttled, usedAtLeast95Percent: used >= 0.95 }).toEqual({ throttled: [], usedAtLeast95Percent: true });
  expect(used).toBeLessThanOrEqual(1);
}, 120_000);
