import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

/** The variable that names the DynamoDB endpoint on which the contract suites run. */
export const endpointVariable = 'CONTRACTS_DYNAMODB_ENDPOINT';

/** The variable that says how the names of one run's tables begin, so that the run can find them all again. */
export const prefixVariable = 'CONTRACTS_TABLE_PREFIX';

/**
 * What an SDK client needs to call a DynamoDB endpoint: at AWS the machine's own credentials and the region of the
 * endpoint's name; anything else takes any key.
 */
export function dynamoDbClientOptions(endpoint: string): DynamoDBClientConfig {
  const region = /^dynamodb\.([a-z0-9-]+)\.amazonaws\.com$/.exec(new URL(endpoint).hostname)?.[1];
  if (region !== undefined) return { endpoint, region };
  return { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}
