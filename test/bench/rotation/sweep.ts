import { BatchWriteItemCommand, CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import { dueShardOf } from '../../../functions/connection/connection-store.ts';
import { dueIndex } from '../../../functions/settings.ts';
import { clientOptions } from '../../../lib/local/template/provision.ts';
import { storedConnection } from '../../contracts/connection-store.ts';
import { tableDefinition } from '../../contracts/table-definition.ts';
import type { BenchSize, Figures } from '../bench.ts';
import { startProcess } from '../processes.ts';
import type { BenchSetting } from './setting.ts';
import { measureSlowQueue } from './slow-queue.ts';
import type { SweepAnswer, SweepQuestion } from './sweep-process.ts';

/** How many are due, by what the figures are called; and how many of those are also rotated, to count reads and writes. */
const plans = {
  full: { sizes: { '1k': 1000, '10k': 10_000, '100k': 100_000 }, rotated: 1000 },
  smoke: { sizes: { '1k': 10, '10k': 100, '100k': 1000 }, rotated: 50 },
} as const;

/** So many connections due at once: from the index to the rotation queue, and from there to new tokens. */
export async function measureSweep({ endpoint, dynamoDb }: BenchSetting, benchSize: BenchSize): Promise<Figures> {
  const { sizes, rotated } = plans[benchSize];
  const sqs = new SQSClient(clientOptions(endpoint));
  const figures: Record<string, number> = {};
  const seconds = new Map<string, number>();
  try {
    for (const [name, size] of Object.entries(sizes)) {
      const table = `connections-${name}`;
      const ids = Array.from({ length: size }, (_, index) => `connection-${index}`);
      await fill(dynamoDb, table, ids);
      const queue = await sqs.send(
        new CreateQueueCommand({ QueueName: `rotation-${name}.fifo`, Attributes: { FifoQueue: 'true' } }),
      );
      // A new process for each size: the memory at its peak is this sweep's.
      const sweeper = await startProcess<SweepQuestion, SweepAnswer>(new URL('sweep-process.ts', import.meta.url));
      const swept = await sweeper.ask({ job: 'sweep', endpoint, table, queueUrl: queue.QueueUrl ?? '' });
      if (swept.handled !== size) throw new Error(`Of ${size} due connections ${swept.handled} were queued.`);
      figures[`sweepSeconds${name}`] = swept.seconds;
      figures[`sweepPeakMemoryMb${name}`] = swept.peakMemoryMb;
      seconds.set(name, swept.seconds);
      if (name === '10k') {
        const connectionIds = ids.slice(0, rotated);
        const worked = await sweeper.ask({ job: 'rotate', endpoint, table, connectionIds });
        if (worked.handled !== rotated) throw new Error(`Of ${rotated} connections ${worked.handled} were rotated.`);
        figures.sweepReadsPerConnection = swept.reads / size + worked.reads / rotated;
        figures.sweepWritesPerConnection = swept.writes / size + worked.writes / rotated;
      }
      sweeper.stop();
    }
    figures.sweepTime100kOver10k = (seconds.get('100k') ?? Number.NaN) / (seconds.get('10k') ?? Number.NaN);
    const { shardSkew, duplicatesQueued } = await measureSlowQueue(sizes['100k']);
    return { ...figures, shardSkew, duplicatesQueued };
  } finally {
    sqs.destroy();
  }
}

async function fill(client: DynamoDBClient, table: string, ids: readonly string[]): Promise<void> {
  await client.send(new CreateTableCommand({ ...tableDefinition('Connections'), TableName: table }));
  const now = Math.floor(Date.now() / 1000);
  const tokens = { accessToken: 'access-0', refreshToken: 'refresh-0', issuedAt: now - 5000, expiresAt: now + 400 };
  const put = (connectionId: string, index: number) => {
    // Times of their own: the stand-in takes two entries of an index for one when their short hashes and times agree.
    const { tokens: _, ...connection } = storedConnection({
      ...{ connectionId, rotateAt: now - 60 - index / 10_000 },
      ...{ companiesCount: 2, companiesReadAt: now, companiesFor: 'session-1' },
    });
    const item = { ...connection, ...tokens, [dueIndex.partitionKey]: dueShardOf(connectionId) };
    return { PutRequest: { Item: marshall(item) } };
  };
  for (let start = 0; start < ids.length; start += 100) {
    const slices = [0, 25, 50, 75].map((offset) => ids.slice(start + offset, start + offset + 25));
    const batches = slices.filter((batch) => batch.length > 0);
    await Promise.all(
      batches.map((batch, offset) =>
        client.send(
          new BatchWriteItemCommand({
            RequestItems: { [table]: batch.map((id, index) => put(id, start + offset * 25 + index)) },
          }),
        ),
      ),
    );
  }
}
