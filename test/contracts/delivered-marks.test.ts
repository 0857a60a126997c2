import { unmarshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from 'vitest';
import { dynamoDbDeliveredMarks } from '../../functions/aws/dynamodb-delivered-marks.ts';
import { memoryDeliveredMarks } from '../memory/delivered-marks.ts';
import { deliveredMarksContract } from './delivered-marks.ts';
import { useTable } from './use-table.ts';

describe('marks of delivering hooks in memory', () => {
  deliveredMarksContract(async () => memoryDeliveredMarks());
});

describe('marks of delivering hooks in DynamoDB', () => {
  const used = useTable('Deliveries');
  const newMarks = async () => {
    await used.empty();
    return dynamoDbDeliveredMarks({ client: used.client, table: used.table, environment: 'sandbox' });
  };
  deliveredMarksContract(newMarks);

  it('lets DynamoDB delete a mark after two hours', async () => {
    const marks = await newMarks();
    await marks.mark({ companyId: '8089', projectId: null }, 1000.5);
    const [item] = await used.items();
    expect(item && unmarshall(item)).toEqual({
      ...{ id: 'delivered#8089#company', environment: 'sandbox', deliveredAt: 1000.5, timeToLive: 1001 + 7200 },
    });
  });
});
