import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { dynamoDbCompanyTraces } from '../../functions/aws/dynamodb-company-traces.ts';
import { dynamoDbDeliveredMarks } from '../../functions/aws/dynamodb-delivered-marks.ts';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { useTable } from '../contracts/use-table.ts';
import { sampleEvent, sampleTime } from '../webhook/sample-events.ts';

const used = useTable('Deliveries');
beforeEach(used.empty);

const place = () => ({
  ...{ client: used.client, table: used.table, environment: 'sandbox' as const, clock: () => sampleTime },
});

describe('the traces of a company in the deliveries table', () => {
  it('are its events and the marks that its hooks deliver, and nothing of a company whose id begins alike', async () => {
    const marks = dynamoDbDeliveredMarks(place());
    for (const companyId of ['80', '8089']) {
      await dynamoDbLedger(place()).record(sampleEvent({ id: `event of ${companyId}`, companyId }), sampleTime);
      for (const projectId of ['1', null]) await marks.mark({ companyId, projectId }, sampleTime);
    }
    const traces = dynamoDbCompanyTraces({ deliveries: place(), rateBudget: place(), jobs: place() });
    // Only events are counted: a mark says nothing of its own.
    expect(await traces.ledgerPage('80')).toMatchObject({ deleted: 1 });
    const { Items = [] } = await used.client.send(new ScanCommand({ TableName: used.table }));
    const ids = Items.map(({ id }) => id?.S).toSorted();
    expect(ids).toEqual(['delivered#8089#1', 'delivered#8089#company', 'event#event of 8089']);
  });
});
