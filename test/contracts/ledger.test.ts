import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { ledgerContract } from './ledger.ts';

describe('in memory', () => {
  ledgerContract((clock) => memoryLedger(clock));
});

describe('in DynamoDB', () => {
  const server = dynalite({ createTableMs: 0 });
  let client: DynamoDBClient;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    client = new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    await client.send(
      new CreateTableCommand({
        TableName: 'deliveries',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
  });

  afterAll(async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  ledgerContract((clock) => dynamoDbLedger({ client, table: 'deliveries', environment: 'sandbox', clock }));

  it('refuses an item of another environment', async () => {
    await client.send(
      new PutItemCommand({
        TableName: 'deliveries',
        Item: { id: { S: 'event#foreign' }, environment: { S: 'production' }, timeToLive: { N: '9999999999' } },
      }),
    );
    const ledger = dynamoDbLedger({ client, table: 'deliveries', environment: 'sandbox', clock: () => 0 });
    await expect(ledger.find('foreign')).rejects.toMatchObject({ code: 'foreign_ledger_item' });
  });
});
