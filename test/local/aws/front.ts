import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll } from 'vitest';
import { type AwsFront, startAwsFront } from '../../../lib/local/aws/front.ts';
import { clientOptions } from '../../../lib/local/template/provision.ts';

/** Starts a front for the tests of a file and stops it after them. */
export function useFront() {
  const logged: string[] = [];
  let front: AwsFront | undefined;
  const clients: { destroy(): void }[] = [];
  const running = () => {
    if (!front) throw new Error('The front is only there while tests run.');
    return front;
  };
  const keep = <Client extends { destroy(): void }>(client: Client) => {
    clients.push(client);
    return client;
  };
  beforeAll(async () => {
    front = await startAwsFront(0, (line) => logged.push(line));
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await front?.stop();
  });
  return {
    logged,
    front: running,
    dynamo: (as?: string) => keep(new DynamoDBClient(clientOptions(running().endpoint, as))),
    sqs: (as?: string) => keep(new SQSClient(clientOptions(running().endpoint, as))),
    secrets: (as?: string) => keep(new SecretsManagerClient(clientOptions(running().endpoint, as))),
    lambda: (as?: string) => keep(new LambdaClient({ ...clientOptions(running().endpoint, as), maxAttempts: 1 })),
  };
}
