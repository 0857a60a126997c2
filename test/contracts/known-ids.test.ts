import { beforeEach, describe, expect, it } from 'vitest';
import { dynamoDbJobStore } from '../../functions/aws/dynamodb-job-store.ts';
import { dynamoDbKnownIds } from '../../functions/aws/dynamodb-known-ids.ts';
import { sampleJob } from '../jobs/sample-job.ts';
import { memoryKnownIds } from '../memory/known-ids.ts';
import { knownIdsContract } from './known-ids.ts';
import { useTable } from './use-table.ts';

describe('in memory', () => {
  knownIdsContract(() => memoryKnownIds());
});

describe('in DynamoDB', () => {
  const used = useTable('Jobs');
  beforeEach(used.empty);
  const place = () => ({ client: used.client, table: used.table, environment: 'sandbox' }) as const;

  knownIdsContract(() => dynamoDbKnownIds(place()));

  const rfis = { companyId: '8089', resourceName: 'RFIs', projectId: '1', of: 'known' } as const;
  const many = (count: number) => new Set(Array.from({ length: count }, (_, index) => BigInt(index) * 2n ** 46n));

  it('keeps every item under 100 kB, and no list of jobs comes across one', async () => {
    await dynamoDbKnownIds(place()).write(rfis, many(60_000));
    const jobs = dynamoDbJobStore(place());
    await jobs.create(sampleJob());
    const sizes = (await used.items()).map(({ ids }) => ids?.B?.length ?? 0);
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThan(100_000);
    const { jobs: listed, cursor } = await jobs.list({}, 2);
    expect({ listed: listed.length, cursor }).toEqual({ listed: 1, cursor: undefined });
  });

  it('shows all of the old ids or all of the new ones, wherever a write is cut off', async () => {
    for (let cut = 1; cut < 12; cut++) {
      await used.empty();
      await dynamoDbKnownIds(place()).write(rfis, many(30_000));
      let writes = 0;
      const client = new Proxy(used.client, {
        get: (target, property) =>
          property === 'send'
            ? (command: { readonly constructor: { readonly name: string } }) => {
                if (/Put|Delete/.test(command.constructor.name) && ++writes === cut) throw new Error('cut off');
                return target.send(command as never);
              }
            : Reflect.get(target, property),
      });
      const outcome = await dynamoDbKnownIds({ ...place(), client })
        .write(rfis, many(45_000))
        .then(
          () => 'written',
          () => 'cut off',
        );
      const { size } = await dynamoDbKnownIds(place()).read(rfis);
      expect(outcome === 'written' ? [45_000] : [30_000, 45_000]).toContain(size);
    }
  });
});
