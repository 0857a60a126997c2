import { createHash } from 'node:crypto';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import middy from '@middy/core';
import httpErrorHandler from '@middy/http-error-handler';
import httpHeaderNormalizer from '@middy/http-header-normalizer';
import httpJsonBodyParser from '@middy/http-json-body-parser';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';

/** A Lambda handler of intake's requests. */
export type IntakeHandler = (request: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;

interface Payload {
  readonly id: string;
  readonly company_id: string;
  readonly project_id: string;
  readonly resource_type: string;
  readonly resource_id: string;
  readonly reason: string;
}

function sending(queueUrl: string, body: string, payload: Payload): SendMessageCommand {
  const text = (value: string) => ({ DataType: 'String', StringValue: value });
  const { id, company_id, project_id, resource_type, resource_id, reason } = payload;
  return new SendMessageCommand({
    QueueUrl: queueUrl,
    MessageBody: body,
    MessageGroupId: createHash('sha256')
      .update(`${company_id}/${project_id}/${resource_type}/${resource_id}`)
      .digest('hex'),
    MessageDeduplicationId: createHash('sha256').update(id).digest('hex'),
    MessageAttributes: { eventType: text(reason), resourceName: text(resource_type), companyId: text(company_id) },
  });
}

/** The same two calls of AWS and nothing else: no check of who sends, no reading of other versions, no log. */
export function bareHandler(queueUrl: string, table: string): IntakeHandler {
  const sqs = new SQSClient();
  const dynamoDb = new DynamoDBClient();
  return async ({ body = '' }) => {
    const payload = JSON.parse(body) as Payload;
    await sqs.send(sending(queueUrl, body, payload));
    const now = Date.now() / 1000;
    await dynamoDb.send(
      new UpdateItemCommand({
        TableName: table,
        Key: marshall({ id: `event#${payload.id}` }),
        UpdateExpression: 'SET receivedAt = if_not_exists(receivedAt, :now), #event = :event, timeToLive = :timeToLive',
        ExpressionAttributeNames: { '#event': 'event' },
        ExpressionAttributeValues: marshall({ ':now': now, ':event': body, ':timeToLive': Math.ceil(now) + 2_592_000 }),
        ReturnValues: 'UPDATED_OLD',
      }),
    );
    return { statusCode: 200 };
  };
}

/** The same job as one builds it from Powertools and middy's HTTP middleware, following their guides. */
export function powertoolsHandler(queueUrl: string, table: string, authorization: string): IntakeHandler {
  const sqs = new SQSClient();
  const logger = new Logger({ serviceName: 'webhook' });
  const metrics = new Metrics({ namespace: 'Webhooks', serviceName: 'webhook' });
  const persistenceStore = new DynamoDBPersistenceLayer({ tableName: table, awsSdkV3Client: new DynamoDBClient() });
  const config = new IdempotencyConfig({ expiresAfterSeconds: 2_592_000 });
  const accept = makeIdempotent(
    async (payload: Payload) => {
      await sqs.send(sending(queueUrl, JSON.stringify(payload), payload));
      return { accepted: payload.id };
    },
    { persistenceStore, config, dataIndexArgument: 0 },
  );
  const handle = async (request: APIGatewayProxyEventV2, context: Context) => {
    if (request.headers.authorization !== authorization) return { statusCode: 401 };
    config.registerLambdaContext(context);
    // The body parser has put the parsed body in the place of the text.
    await accept(request.body as unknown as Payload);
    metrics.addMetric('accepted', 'Count', 1);
    return { statusCode: 200 };
  };
  return middy<APIGatewayProxyEventV2, unknown>(handle)
    .use(injectLambdaContext(logger))
    .use(logMetrics(metrics))
    .use(httpHeaderNormalizer())
    .use(httpJsonBodyParser())
    .use(httpErrorHandler()) as unknown as IntakeHandler;
}
