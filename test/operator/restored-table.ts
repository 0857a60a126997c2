import {
  CreateTableCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { restoredTableSuffix } from '../../functions/settings.ts';
import { tableDefinition } from '../contracts/table-definition.ts';

/**
 * Makes what `aws dynamodb restore-table-to-point-in-time` makes: another table, with the items as they are now.
 *
 * @param table the connections table
 * @returns the name of the copy
 */
export async function restoreTable(dynamoDb: DynamoDBClient, table: string): Promise<string> {
  const restored = `${table}${restoredTableSuffix}`;
  await dynamoDb.send(new CreateTableCommand({ ...tableDefinition('Connections'), TableName: restored }));
  await waitUntilTableExists(
    { client: dynamoDb, maxWaitTime: 20, minDelay: 0.05, maxDelay: 1 },
    { TableName: restored },
  );
  const { Items: items = [] } = await dynamoDb.send(new ScanCommand({ TableName: table }));
  for (const item of items) await dynamoDb.send(new PutItemCommand({ TableName: restored, Item: item }));
  return restored;
}

/** Loses a connection, as somebody does who deletes the wrong item. */
export async function loseConnection(dynamoDb: DynamoDBClient, table: string, connectionId: string): Promise<void> {
  await dynamoDb.send(new DeleteItemCommand({ TableName: table, Key: { connectionId: { S: connectionId } } }));
}
