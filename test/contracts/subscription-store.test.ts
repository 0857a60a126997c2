import { beforeEach, describe } from 'vitest';
import { dynamoDbSubscriptionStore } from '../../functions/aws/dynamodb-subscription-store.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { sendingTwice } from './sending-twice.ts';
import { subscriptionStoreContract } from './subscription-store.ts';
import { useTable } from './use-table.ts';

describe('in memory', () => {
  subscriptionStoreContract((repetition) => memorySubscriptionStore([], () => repetition));
});

describe('in DynamoDB', () => {
  const used = useTable('Subscriptions');
  beforeEach(used.empty);

  subscriptionStoreContract((repetition) => {
    const client = repetition ? sendingTwice(used.client) : used.client;
    return dynamoDbSubscriptionStore({ client, table: used.table, environment: 'sandbox' });
  });
});
