import { describe } from 'vitest';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { dynamoDbLedgerReader } from '../../lib/operator/aws/dynamodb-ledger-reader.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { ledgerContract } from './ledger.ts';
import { sendingTwice } from './sending-twice.ts';
import { useTable } from './use-table.ts';

describe('in memory', () => {
  ledgerContract((clock, repetition) => memoryLedger(clock, () => repetition));
});

describe('in DynamoDB', () => {
  const used = useTable('Deliveries');

  ledgerContract((clock, repetition) => {
    const client = repetition ? sendingTwice(used.client) : used.client;
    // Fifty calls at once on a busy machine may take longer than the 600 ms of production.
    const place = { client, table: used.table, environment: 'sandbox', callMs: 20_000 } as const;
    return { ...dynamoDbLedger({ ...place, clock }), ...dynamoDbLedgerReader(place) };
  });
});
