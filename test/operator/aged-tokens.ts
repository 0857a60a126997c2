import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';

/** Makes a connection's tokens older than they are, because younger ones than a minute are not replaced. */
export async function ageTokens(
  dynamoDb: DynamoDBClient,
  table: string | undefined,
  connectionId: string,
  seconds = 120,
): Promise<void> {
  await dynamoDb.send(
    new UpdateItemCommand({
      TableName: table,
      Key: { connectionId: { S: connectionId } },
      UpdateExpression: 'SET issuedAt = issuedAt - :age',
      ExpressionAttributeValues: { ':age': { N: String(seconds) } },
    }),
  );
}
