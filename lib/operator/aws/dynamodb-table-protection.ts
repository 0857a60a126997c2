import { DescribeTableCommand, type DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import type { TableProtection } from '../../table-protection.ts';

/**
 * Deletion protection by DynamoDB's own API.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html#WorkingWithTables.Basics.DeletionProtection
 */
export function dynamoDbTableProtection(client: DynamoDBClient): TableProtection {
  return {
    async isProtected(TableName) {
      const { Table } = await client.send(new DescribeTableCommand({ TableName }));
      return Table?.DeletionProtectionEnabled === true;
    },

    async protect(TableName) {
      await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
    },
  };
}
