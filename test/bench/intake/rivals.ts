import { hash } from 'node:crypto';
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
import { dynamoDbClient, sqsClient } from '../../../functions/aws/clients.ts';

/** A Lambda handler of intake's requests. */
export type IntakeHandler = (request: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;

interface Payload {
  readonly id: string;
  readonly company_id: string;
  readonly project_id: string;
  readonly resource_type: string;
  readonly resource_id: string;
  readonly reason: string;
  readonly user_id: string;
  readonly timestamp: string;
}

function sending(queueUrl: string, message: object, payload: Payload): SendMessageCommand {
  const text = (value: string) => ({ DataType: 'String', StringValue: value });
  const { id, company_id, project_id, resource_type, resource_id, reason } = payload;
  return new SendMessageCommand({
    QueueUrl: queueUrl,
    MessageBody: JSON.stringify(message),
    MessageGroupId: hash('sha256', JSON.stringify([company_id, project_id, resource_type, resource_id]), 'hex'),
    MessageDeduplicationId: hash('sha256', id, 'hex'),
    MessageAttributes: {
      kind: text('webhook_event'),
      eventType: text(reason),
      resourceName: text(resource_type),
      companyId: text(company_id),
    },
  });
}

/**
 * The same two calls of AWS, with the same clients and inputs, and nothing else: no check of who sends, no reading of
 * other versions, no time limits, no log.
 */
export function bareHandler(queueUrl: string, table: string): IntakeHandler {
  const sqs = sqsClient();
  const dynamoDb = dynamoDbClient();
  return async ({ body = '' }) => {
    const payload = JSON.parse(body) as Payload;
    const now = Date.now() / 1000;
    const event = {
      id: payload.id,
      payloadVersion: 'v4.0',
      eventType: payload.reason,
      resourceName: payload.resource_type,
      resourceId: payload.resource_id,
      companyId: payload.company_id,
      projectId: payload.project_id,
      userId: payload.user_id,
      timestamp: payload.timestamp,
      occurredAt: Date.parse(payload.timestamp) / 1000,
      relatedResources: [],
    };
    const message = { kind: 'webhook_event', environment: 'sandbox', event, receivedAt: now };
    await sqs.send(sending(queueUrl, message, payload));
    await dynamoDb.send(
      new UpdateItemCommand({
        TableName: table,
        Key: marshall({ id: `event#${payload.id}` }),
        UpdateExpression:
          'SET receivedAt = if_not_exists(receivedAt, :receivedAt), #event = if_not_exists(#event, :event), ' +
          'arrivedDay = if_not_exists(arrivedDay, :day), arrivedAt = if_not_exists(arrivedAt, :now), ' +
          'environment = :environment, timeToLive = :timeToLive',
        ExpressionAttributeNames: { '#event': 'event' },
        ExpressionAttributeValues: marshall({
          ':event': JSON.stringify(event),
          ':day': `${Math.floor(now / 86_400)}#0`,
          ':now': now,
          ':receivedAt': now,
          ':environment': 'sandbox',
          ':timeToLive': Math.ceil(now) + 2_592_000,
        }),
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
      await sqs.send(sending(queueUrl, payload, payload));
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
