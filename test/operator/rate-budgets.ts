import { DeleteItemCommand, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';

/**
 * Forgets what was counted and learned of Procore's rate limit, in the budget of the app and in those of each scope: they go
 * by the real clock, and would wait for the end of a window that is over at a stand-in whose clock was advanced.
 */
export async function forgetRateBudgets(dynamoDb: DynamoDBClient, table: string | undefined): Promise<void> {
  const { Items = [] } = await dynamoDb.send(
    new ScanCommand({
      TableName: table,
      ConsistentRead: true,
      FilterExpression: 'begins_with(id, :rate)',
      ExpressionAttributeValues: { ':rate': { S: 'rate#' } },
      ProjectionExpression: 'id',
    }),
  );
  await Promise.all(Items.map((Key) => dynamoDb.send(new DeleteItemCommand({ TableName: table, Key }))));
}
