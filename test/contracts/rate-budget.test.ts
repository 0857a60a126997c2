import { beforeEach, describe, expect, it } from 'vitest';
import { dynamoDbCompanyPauses, dynamoDbRateBudget } from '../../functions/aws/dynamodb-rate-budget.ts';
import { optionalParts } from '../../functions/procore/rate-windows.ts';
import { memoryCompanyPauses, memoryRateBudget } from '../memory/rate-budget.ts';
import { sampleWindow } from '../procore/sample-window.ts';
import { companyPausesContract, rateBudgetContract } from './rate-budget.ts';
import { useTable } from './use-table.ts';

describe('in memory', () => {
  rateBudgetContract(() => memoryRateBudget(() => 1000));
  companyPausesContract(() => memoryCompanyPauses(() => 1000));
});

describe('in DynamoDB', () => {
  const used = useTable('RateBudget');
  beforeEach(used.empty);

  const props = () => ({
    client: used.client,
    table: used.table,
    environment: 'sandbox' as const,
    clock: () => 1000,
  });

  rateBudgetContract(() => dynamoDbRateBudget(props()));
  companyPausesContract(() => dynamoDbCompanyPauses(props()));

  it('lets DynamoDB delete a pause a day after its last write, and a budget a fortnight after', async () => {
    await dynamoDbRateBudget(props()).pauseUntil('app', 2000, 429);
    await dynamoDbCompanyPauses(props()).write('1', { until: 1060, refusals: 1, since: 1000 });
    const ends = Object.fromEntries((await used.items()).map(({ id, timeToLive }) => [id?.S, Number(timeToLive?.N)]));
    expect(ends).toEqual({ 'rate#app': 1000 + 14 * 24 * 3600, 'pause#1': 1000 + 24 * 3600 });
  });

  it('leaves out an optional part in the form of a later version, and keeps what is new there', async () => {
    const store = dynamoDbRateBudget(props());
    const kept = { ...sampleWindow(), ofALaterVersion: 7 };
    for (const name of Object.keys(optionalParts)) {
      const later: object = { ...kept, [name]: { form: 'another' } };
      await store.write(name, { seen: 0, change: { windows: [later as never, sampleWindow({ slot: 2 })], set: {} } });
      expect((await store.read(name)).windows, name).toEqual([kept, sampleWindow({ slot: 2 })]);
    }
  });

  it('takes no window for one that a later version has written in another form', async () => {
    const store = dynamoDbRateBudget(props());
    const later: object = { slot: 1, form: 'another' };
    await store.write('app', { seen: 0, change: { windows: [later as never], set: {} } });
    expect(await store.read('app')).toMatchObject({ version: 1, windows: [] });
  });
});
