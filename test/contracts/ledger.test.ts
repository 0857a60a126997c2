import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { dynamoDbLedgerReader } from '../../lib/operator/aws/dynamodb-ledger-reader.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { ledgerContract } from './ledger.ts';
import { useTable } from './use-table.ts';

describe('in memory', () => {
  ledgerContract((clock) => memoryLedger(clock));
});

describe('in DynamoDB', () => {
  const used = useTable('Deliveries');

  ledgerContract((clock) => {
    const place = { client: used.client, table: used.table, environment: 'sandbox' } as const;
    return { ...dynamoDbLedger({ ...place, clock }), ...dynamoDbLedgerReader(place) };
  });

  it('refuses an item of another environment', async () => {
    await used.client.send(
      new PutItemCommand({
        TableName: used.table,
        Item: { id: { S: 'event#foreign' }, environment: { S: 'production' }, timeToLive: { N: '9999999999' } },
      }),
    );
    const { client, table } = used;
    const ledger = dynamoDbLedger({ client, table, environment: 'sandbox', clock: () => 0 });
    await expect(ledger.find('foreign')).rejects.toMatchObject({ code: 'foreign_ledger_item' });
  });
});
