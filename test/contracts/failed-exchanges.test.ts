import { describe, expect, it } from 'vitest';
import { dynamoDbFailedExchanges } from '../../functions/aws/dynamodb-failed-exchanges.ts';
import { memoryFailedExchanges } from '../memory/failed-exchanges.ts';
import { failed } from '../procore/failed-exchange.ts';
import { failedExchangesContract } from './failed-exchanges.ts';
import { useTable } from './use-table.ts';

describe('in memory', () => {
  failedExchangesContract(memoryFailedExchanges);
});

describe('in DynamoDB', () => {
  const used = useTable('RateBudget');
  const props = () => ({ client: used.client, table: used.table, environment: 'sandbox' as const });
  failedExchangesContract((clock) => dynamoDbFailedExchanges({ ...props(), clock }));

  it('shows nothing of another environment', async () => {
    const clock = () => 1000;
    await dynamoDbFailedExchanges({ ...props(), environment: 'production', clock }).keep(
      failed(500, '', { responseHeaders: { 'x-request-id': 'foreign' } }),
    );
    expect(await dynamoDbFailedExchanges({ ...props(), clock }).find('foreign')).toBeUndefined();
  });
});
