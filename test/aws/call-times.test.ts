import { createServer, type Server } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { impatientSecretsManagerClient } from '../../functions/aws/clients.ts';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { secretsManagerWebhookAuthorization } from '../../functions/aws/secrets-manager-webhook-authorization.ts';
import { sqsEventQueue } from '../../functions/aws/sqs-event-queue.ts';
import { sqsQuarantine } from '../../functions/aws/sqs-quarantine.ts';
import { acceptDelivery } from '../../functions/webhook/acceptance.ts';
import { quarantineMessage } from '../../functions/webhook/quarantine.ts';
import { processMilliseconds } from '../process-time.ts';
import { recordingObserver, sampleTime } from '../webhook/sample-events.ts';

// Real time-outs of real clients against a server that takes requests and never answers.
describe('when AWS takes a call and never answers', () => {
  let server: Server;
  let requests = 0;
  let endpoint = '';

  beforeAll(async () => {
    server = createServer((request) => {
      requests += 1;
      request.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.address();
    endpoint = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });

  beforeEach(() => {
    requests = 0;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const adapters = () => {
    const sqs = new SQSClient({ endpoint, region: 'us-east-1', credentials });
    const dynamoDb = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
    const queueUrl = `${endpoint}/000000000000/any.fifo`;
    return {
      queue: sqsEventQueue({ client: sqs, queueUrl }),
      quarantine: sqsQuarantine({ client: sqs, queueUrl }),
      ledger: dynamoDbLedger({ client: dynamoDb, table: 'any', environment: 'sandbox', clock: () => sampleTime }),
    };
  };

  it('the ledger gives up within a second, the quarantine within 2.5', async () => {
    const { ledger, quarantine } = adapters();
    const message = quarantineMessage(new Uint8Array(1), 'invalid_json', 0);
    const [asked, kept] = await Promise.all([
      processMilliseconds(ledger.find('1')),
      processMilliseconds(quarantine.keep(message)),
    ]);
    expect(asked).toBeLessThan(1000);
    expect(kept).toBeLessThan(2500);
    await expect(ledger.find('1')).rejects.toThrow();
  });

  it('intake asks for its secret once, and no longer than a second', async () => {
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    const { read } = secretsManagerWebhookAuthorization({
      client: impatientSecretsManagerClient(),
      secretId: 'any',
      environment: 'sandbox',
      clock: () => sampleTime,
    });
    const began = performance.now();
    expect(await processMilliseconds(read())).toBeLessThan(1400);
    expect(performance.now() - began).toBeGreaterThan(800);
    expect(requests).toBe(1);
  });

  it('an old event is answered within Procore’s 5 seconds, after two tries at the queue', async () => {
    const body = Buffer.from(
      '{"id":"1","timestamp":"2020-07-20T15:22:01Z","reason":"x","company_id":"8","resource_type":"x","resource_id":"1"}',
    );
    const { queue, ...others } = adapters();
    const observer = recordingObserver();
    const dependencies = { ...others, environment: 'sandbox' as const, clock: () => sampleTime, observer };
    const sent = {
      send: (message: Parameters<typeof queue.send>[0]) => queue.send(message).catch(() => 'sent' as const),
    };
    // As if the queue took the event in the last millisecond: then the ledger hangs twice more.
    expect(await processMilliseconds(acceptDelivery(body, { ...dependencies, queue: sent }))).toBeLessThan(4300);
    expect(requests).toBe(5);
    expect(observer.counts.get('ledgerUnwritten')).toBe(1);
  });
});
