import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { dynamoDbConnectionStore } from '../../../functions/aws/dynamodb-connection-store.ts';
import { vendAccessToken } from '../../../functions/connection/vending.ts';
import { systemClock, systemRandomFraction, systemRandomId, systemSleep } from '../../../functions/system.ts';
import { clientOptions } from '../../../lib/local/template/provision.ts';
import { memoryTokenEndpoint } from '../../memory/token-endpoint.ts';
import type { BenchSize, Figures } from '../bench.ts';
import { type BenchSetting, connectionsTable, percentile } from './setting.ts';

const plans = { full: { warmUp: 1000, pairs: 4000 }, smoke: { warmUp: 10, pairs: 40 } } as const;

/** Vending a token that is fresh, against the bare strongly consistent read that it cannot do without, in turns. */
export async function measureVending(setting: BenchSetting, size: BenchSize): Promise<Figures> {
  const { warmUp, pairs } = plans[size];
  await setting.connect('acme', 0);
  const client = new DynamoDBClient(clientOptions(setting.endpoint));
  let awsCalls = 0;
  client.middlewareStack.add(
    (next) => (call) => {
      awsCalls += 1;
      return next(call);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  const unused = () => Promise.reject(new Error('A fresh token needs no more than the read.'));
  const dependencies = {
    store: dynamoDbConnectionStore({ client, table: connectionsTable, environment: 'sandbox' }),
    tokenEndpoint: memoryTokenEndpoint(systemClock, 'client-1'),
    oauthClient: { read: unused },
    escrow: { deposit: unused },
    changes: { announce: unused },
    clock: systemClock,
    sleep: systemSleep,
    remaining: () => 30_000,
    randomFraction: systemRandomFraction,
    randomId: systemRandomId,
    observer: { note: () => {}, count: () => {} },
    keepReplaced: true,
    apiOrigin: setting.standIn.apiOrigin,
  };
  const vend = () => vendAccessToken(dependencies, { connectionId: 'acme' });
  const read = () =>
    client.send(
      new GetItemCommand({ TableName: connectionsTable, Key: { connectionId: { S: 'acme' } }, ConsistentRead: true }),
    );
  const time = async (work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  try {
    for (let index = 0; index < warmUp; index += 1) {
      await vend();
      await read();
    }
    awsCalls = 0;
    const vends: number[] = [];
    const reads: number[] = [];
    for (let index = 0; index < pairs; index += 1) {
      // Who goes first alternates, so that what slows the machine down hits both alike.
      if (index % 2 === 0) vends.push(await time(vend));
      reads.push(await time(read));
      if (index % 2 === 1) vends.push(await time(vend));
    }
    return {
      vendP50Ms: percentile(vends, 0.5),
      readP50Ms: percentile(reads, 0.5),
      vendP50Ratio: percentile(vends, 0.5) / percentile(reads, 0.5),
      vendAwsCalls: (awsCalls - pairs) / pairs,
    };
  } finally {
    client.destroy();
  }
}
