import { unmarshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from 'vitest';
import { dynamoDbPreviousUse } from '../../functions/aws/dynamodb-previous-use.ts';
import { memoryPreviousUse } from '../memory/previous-use.ts';
import { previousUseContract } from './previous-use.ts';
import { useTable } from './use-table.ts';

describe('previous use in memory', () => {
  previousUseContract(async (clock) => memoryPreviousUse(clock));
});

describe('previous use in DynamoDB', () => {
  const used = useTable('Deliveries');
  const newUse = async () => {
    await used.empty();
    return dynamoDbPreviousUse({ client: used.client, table: used.table, environment: 'sandbox' });
  };
  previousUseContract(newUse);

  it('lets DynamoDB delete what is older than the ledger, and not what is younger', async () => {
    const use = await newUse();
    await use.note('0123456789abcdef', 1000.5);
    const [item] = await used.items();
    expect(item && unmarshall(item)).toMatchObject({ timeToLive: 1001 + 30 * 24 * 3600, environment: 'sandbox' });
  });
});
