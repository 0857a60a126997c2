import { beforeEach, describe } from 'vitest';
import { dynamoDbTombstones } from '../../functions/aws/dynamodb-tombstones.ts';
import { memoryTombstones } from '../memory/tombstones.ts';
import { tombstonesContract } from './tombstones.ts';
import { useTable } from './use-table.ts';

describe('memory tombstones', () => tombstonesContract(memoryTombstones));

describe('DynamoDB tombstones', () => {
  const used = useTable('Deliveries');
  beforeEach(used.empty);
  tombstonesContract((clock) =>
    dynamoDbTombstones({ client: used.client, table: used.table, environment: 'sandbox', clock }),
  );
});
