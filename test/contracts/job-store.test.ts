import { beforeEach, describe } from 'vitest';
import { dynamoDbJobStore } from '../../functions/aws/dynamodb-job-store.ts';
import { memoryJobStore } from '../memory/job-store.ts';
import { jobStoreContract } from './job-store.ts';
import { sendingTwice } from './sending-twice.ts';
import { useTable } from './use-table.ts';

describe('in memory', () => {
  jobStoreContract((repetition) => memoryJobStore(() => repetition));
});

describe('in DynamoDB', () => {
  const used = useTable('Jobs');
  beforeEach(used.empty);

  jobStoreContract((repetition) => {
    const client = repetition ? sendingTwice(used.client) : used.client;
    return dynamoDbJobStore({ client, table: used.table, environment: 'sandbox' });
  });
});
