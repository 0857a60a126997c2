import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

// One stuck call must not eat an invocation: every try ends in 2 s, and there are two. Procore waits 5 s for an answer
// to a delivery, and healthy calls take milliseconds. Code that needs more tries makes them itself.
const patience = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 2000, throwOnRequestTimeout: true },
};

/** Makes the DynamoDB client of a handler. @returns a client whose calls end within about 4 s */
export const dynamoDbClient = (): DynamoDBClient => new DynamoDBClient(patience);

/** Makes the SQS client of a handler. @returns a client whose calls end within about 4 s */
export const sqsClient = (): SQSClient => new SQSClient(patience);

/** Makes the Secrets Manager client of a handler. @returns a client whose calls end within about 4 s */
export const secretsManagerClient = (): SecretsManagerClient => new SecretsManagerClient(patience);

/**
 * Makes the Secrets Manager client of intake, which remembers the secret: one try of 1 s, so that even with ledger and
 * queue hanging in every call (3.8 s) Procore has its answer within 5 s.
 *
 * @returns a client whose calls end within 1 s
 */
export const impatientSecretsManagerClient = (): SecretsManagerClient =>
  new SecretsManagerClient({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 1000, throwOnRequestTimeout: true },
  });

/**
 * Makes the client of a function that invokes another: a try may last as long as `access-token` may run (30 s) and a
 * second more. A throttled invocation (429) or one that did not reach Lambda is tried again, with the SDK's back-off;
 * a throttle that outlasts it is a pause to whoever invoked (sdk-invocation.ts).
 *
 * @returns a client whose calls are tried three times at most
 */
export const lambdaClient = (): LambdaClient =>
  new LambdaClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 31_000, throwOnRequestTimeout: true },
  });
