import { describe, expect, it } from 'vitest';
import { dynamoDbCompanyPauses, dynamoDbRateBudget } from '../../functions/aws/dynamodb-rate-budget.ts';
import { memoryCompanyPauses, memoryRateBudget } from '../memory/rate-budget.ts';
import { companyPausesContract, rateBudgetContract } from './rate-budget.ts';
import { useTable } from './use-table.ts';

describe('in memory', () => {
  rateBudgetContract(() => memoryRateBudget(() => 1000));
  companyPausesContract(() => memoryCompanyPauses(() => 1000));
});

describe('in DynamoDB', () => {
  const used = useTable('RateBudget');
  let stores = 0;
  let now = 1000;

  const props = () => ({
    client: used.client,
    table: used.table,
    environment: 'sandbox' as const,
    clock: () => now,
  });
  const newBudget = () => dynamoDbRateBudget({ ...props(), scope: `scope ${stores++}` });

  rateBudgetContract(newBudget);
  companyPausesContract(() => dynamoDbCompanyPauses(props()));

  it('shares a budget among all that name the same scope', async () => {
    const [one, other] = [0, 1].map(() => dynamoDbRateBudget({ ...props(), scope: 'shared' }));
    await one?.pauseUntil(2000);
    expect(await other?.read()).toEqual({ pausedUntil: 2000 });
  });

  it('lets DynamoDB delete a budget and a pause a day after their last write, and not before', async () => {
    await used.empty();
    await newBudget().pauseUntil(2000);
    await dynamoDbCompanyPauses(props()).write('1', { until: 1060, refusals: 1, since: 1000 });
    const ends = (await used.items()).map(({ timeToLive }) => timeToLive?.N);
    expect(ends).toEqual([String(now + 24 * 3600), String(now + 24 * 3600)]);
  });

  it('is no dead end when DynamoDB deletes late', async () => {
    const store = newBudget();
    await store.replaceWindow('spike', undefined, { limit: 25, resetAt: 1010, used: 25 });
    now += 25 * 3600;
    const { spike } = await store.read();
    expect(await store.replaceWindow('spike', spike, { limit: 25, resetAt: now + 10, used: 0 })).toBe('written');
    now = 1000;
  });
});
