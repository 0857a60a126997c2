import { describe } from 'vitest';
import { dynamoDbFailedExchanges } from '../../functions/aws/dynamodb-failed-exchanges.ts';
import { memoryFailedExchanges } from '../memory/failed-exchanges.ts';
import { failedExchangesContract } from './failed-exchanges.ts';
import { useTable } from './use-table.ts';

describe('in memory', () => {
  failedExchangesContract(memoryFailedExchanges);
});

describe('in DynamoDB', () => {
  const used = useTable('RateBudget');
  const props = () => ({ client: used.client, table: used.table, environment: 'sandbox' as const });
  failedExchangesContract((clock) => dynamoDbFailedExchanges({ ...props(), clock }));
});
