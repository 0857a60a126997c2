import { afterEach, expect, it, vi } from 'vitest';
import {
  dynamoDbClient,
  impatientSecretsManagerClient,
  lambdaClient,
  secretsManagerClient,
  sqsClient,
} from '../../functions/aws/clients.ts';

afterEach(() => vi.unstubAllEnvs());

it.each([
  ['DynamoDB', dynamoDbClient, 2, 2000],
  ['SQS', sqsClient, 2, 2000],
  ['Secrets Manager', secretsManagerClient, 2, 2000],
  ['Secrets Manager for intake, which asks once and for a second', impatientSecretsManagerClient, 1, 1000],
  // Longer than access-token may run: it answers by then.
  ['Lambda', lambdaClient, 3, 31_000],
] as const)('no stuck call eats an invocation: %s', async (_, makeClient, tries, requestTimeout) => {
  vi.stubEnv('AWS_REGION', 'us-east-1');
  const client = makeClient();
  expect(await client.config.maxAttempts()).toBe(tries);
  // The handler reads its options when it is first used.
  const handler = client.config.requestHandler as unknown as { readonly configProvider: Promise<unknown> };
  expect(await handler.configProvider).toMatchObject({
    connectionTimeout: 1000,
    requestTimeout,
    throwOnRequestTimeout: true,
  });
  client.destroy();
});
