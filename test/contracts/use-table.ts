import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  ScanCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll } from 'vitest';
import { dynamoDbClientOptions, endpointVariable, prefixVariable } from './endpoint.ts';
import { type TableName, tableDefinition } from './table-definition.ts';

/** An item as DynamoDB has it. */
export type StoredItem = Record<string, AttributeValue>;

/** One table for the tests of a file; every part of it is there only while tests run. */
export interface UsedTable {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** Gives all items as they are stored. */
  items(): Promise<readonly StoredItem[]>;
  /** Gives those attributes of an item that are its key. */
  keyOf(item: StoredItem): StoredItem;
  /** Deletes all items, for a test that wants a store of its own. */
  empty(): Promise<void>;
}

/**
 * Gives the tests of a file one table, made from the template's own definition: on the endpoint that `npm run
 * test:contracts -- --dynamodb URL` names, else on an embedded stand-in. Whoever named the endpoint removes the table.
 */
export function useTable(name: TableName): UsedTable {
  const table = `${process.env[prefixVariable] ?? 'contracts-'}${name}-${randomUUID()}`;
  const given = process.env[endpointVariable];
  const server = given === undefined ? dynalite({ createTableMs: 0 }) : undefined;
  let client: DynamoDBClient | undefined;
  let keys: readonly string[] = [];
  const running = () => {
    if (!client) throw new Error('The table is only there while tests run.');
    return client;
  };

  beforeAll(async () => {
    await new Promise<void>((resolve) => (server ? server.listen(0, '127.0.0.1', resolve) : resolve()));
    const address = server?.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    client = new DynamoDBClient(dynamoDbClientOptions(given ?? `http://127.0.0.1:${port}`));
    const definition = tableDefinition(name);
    keys = (definition.KeySchema ?? []).flatMap(({ AttributeName: key }) => (key === undefined ? [] : [key]));
    await client.send(new CreateTableCommand({ ...definition, TableName: table }));
    const patience = { client, maxWaitTime: 120, minDelay: given ? 1 : 0.02, maxDelay: 2 };
    await waitUntilTableExists(patience, { TableName: table });
  }, 150_000);

  afterAll(async () => {
    client?.destroy();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  });

  const keyOf = (item: StoredItem): StoredItem =>
    Object.fromEntries(Object.entries(item).filter(([attribute]) => keys.includes(attribute)));

  async function items(): Promise<readonly StoredItem[]> {
    const { Items: found = [] } = await running().send(new ScanCommand({ TableName: table, ConsistentRead: true }));
    return found;
  }

  return {
    get client() {
      return running();
    },
    table,
    items,
    keyOf,
    async empty() {
      const deletions = (await items()).map((item) => new DeleteItemCommand({ TableName: table, Key: keyOf(item) }));
      await Promise.all(deletions.map((deletion) => running().send(deletion)));
    },
  };
}
