import { unmarshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from 'vitest';
import { dynamoDbClientId } from '../../functions/aws/dynamodb-client-id.ts';
import { memoryClientId } from '../memory/client-id.ts';
import { clientIdContract } from './client-id.ts';
import { useTable } from './use-table.ts';

describe('the client id in memory', () => {
  clientIdContract(async () => memoryClientId());
});

describe('the client id in DynamoDB', () => {
  const used = useTable('RateBudget');
  const newStore = async () => {
    await used.empty();
    return dynamoDbClientId({ client: used.client, table: used.table, environment: 'sandbox' });
  };
  clientIdContract(newStore);

  it('stands in an item of its own that never expires', async () => {
    await (await newStore()).write('our-client');
    expect((await used.items()).map((item) => unmarshall(item))).toEqual([
      { id: 'client#id', environment: 'sandbox', clientId: 'our-client' },
    ]);
  });
});
