import { beforeEach, describe } from 'vitest';
import { dynamoDbSubscriptionStore } from '../../functions/aws/dynamodb-subscription-store.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { subscriptionStoreContract } from './subscription-store.ts';
import { useTable } from './use-table.ts';

describe('in memory', () => {
  subscriptionStoreContract(() => memorySubscriptionStore());
});

describe('in DynamoDB', () => {
  const used = useTable('Subscriptions');
  beforeEach(used.empty);

  subscriptionStoreContract(() =>
    dynamoDbSubscriptionStore({ client: used.client, table: used.table, environment: 'sandbox' }),
  );
});
