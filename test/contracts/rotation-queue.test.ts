import { SQSClient } from '@aws-sdk/client-sqs';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqsEscrow } from '../../functions/aws/sqs-escrow.ts';
import { sqsRotationQueue } from '../../functions/aws/sqs-rotation-queue.ts';
import { recoverBatch } from '../../functions/connection/escrow-messages.ts';
import { connectionWorld } from '../connection/world.ts';
import { memoryRotationQueue } from '../memory/rotation-queue.ts';
import { rotationQueueContract } from './rotation-queue.ts';

let server: FauxqsServer;
let client: SQSClient;
let made = 0;

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false });
  client = new SQSClient({
    endpoint: server.address,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});

afterAll(async () => {
  client.destroy();
  await server.stop();
});

const bodies = (queueName: string) =>
  (server.inspectQueue(queueName)?.messages.ready ?? []).map(({ body }) => JSON.parse(body));

rotationQueueContract('in-memory', async () => {
  const queue = memoryRotationQueue(() => 0);
  return { queue, waiting: async () => queue.waiting };
});

rotationQueueContract('SQS', async () => {
  made += 1;
  const { queueUrl, queueName } = server.createQueue(`rotation-${made}.fifo`, { attributes: { FifoQueue: 'true' } });
  return {
    queue: sqsRotationQueue({ client, queueUrl }),
    waiting: async () => bodies(queueName).map(({ connectionId }) => connectionId),
  };
});

describe('the escrow queue', () => {
  it('gives back what was deposited, so that it can land', async () => {
    const { queueUrl, queueName } = server.createQueue('escrow');
    const world = connectionWorld();
    const { environment, connectionId, generation, authorizedBy } = world.put();
    const tokens = world.tokenEndpoint.tokenSet(3);
    await sqsEscrow({ client, queueUrl }).deposit({ environment, connectionId, generation, authorizedBy, tokens });
    const [body] = server.inspectQueue(queueName)?.messages.ready ?? [];
    expect(await recoverBatch(world.invocation(), [{ messageId: 'm', body: body?.body ?? '' }])).toEqual([]);
    expect(world.stored().tokens).toEqual(tokens);
  });
});
