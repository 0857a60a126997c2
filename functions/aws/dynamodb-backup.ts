import { ResourceNotFoundException, ScanCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { type Backup, BackupNotFoundError } from '../connection/backup.ts';
import type { Connection } from '../connection/connection.ts';
import { ForeignItemError } from '../procore/foreign-item.ts';
import { companiesMark } from '../settings.ts';
import { connectionOf } from './dynamodb-connection-store.ts';
import { type EnvironmentTable, ownItem, readItem } from './environment-table.ts';

/**
 * Reads a table that DynamoDB has restored from the backup of the `connections` table. It is the one table that is
 * scanned: nothing else uses it. Its items of companies are left out; the sweep lists companies again.
 */
export function dynamoDbBackup(table: EnvironmentTable): Backup {
  const noTable = (error: unknown): never => {
    throw error instanceof ResourceNotFoundException ? new BackupNotFoundError(table.table) : error;
  };
  return {
    async read(connectionId) {
      const item = await readItem(table, { connectionId }).catch(noTable);
      return item && connectionOf(item);
    },

    async page(limit, cursor) {
      const scan = new ScanCommand({
        TableName: table.table,
        Limit: limit,
        ConsistentRead: true,
        ...(cursor !== undefined && { ExclusiveStartKey: marshall({ connectionId: cursor }) }),
      });
      const { Items: items = [], LastEvaluatedKey: next } = await table.client.send(scan).catch(noTable);
      const connections: Connection[] = [];
      const foreign: string[] = [];
      for (const attributes of items) {
        const id = attributes.connectionId?.S ?? '';
        if (id.includes(companiesMark)) continue;
        try {
          connections.push(connectionOf(ownItem(table, attributes)));
        } catch (error) {
          if (!(error instanceof ForeignItemError)) throw error;
          foreign.push(id);
        }
      }
      const last = next?.connectionId?.S;
      return { connections, foreign, ...(last !== undefined && { cursor: last }) };
    },
  };
}
