// Two functions of a stack in miniature: one takes a request in and queues its body, the other stores it.
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

const dynamo = new DynamoDBClient({});
const sqs = new SQSClient({});
const store = (text) =>
  dynamo.send(
    new PutItemCommand({
      TableName: process.env.TABLE,
      Item: { id: { S: text }, origin: { S: process.env.PROCORE_LOGIN_ORIGIN } },
    }),
  );

export async function intake(event) {
  if (event.rawPath === '/store')
    return store('forbidden').catch((error) => ({ statusCode: 403, body: error.message }));
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: event.body }));
  return { statusCode: 202, body: process.env.ORIGIN };
}

export async function worker(event) {
  for (const record of event.Records) await store(record.body);
  return { batchItemFailures: [] };
}
