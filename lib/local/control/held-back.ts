import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { attentionIndex } from '../../../functions/settings.ts';
import { attentionPartitions } from '../../../functions/webhook/ledger.ts';
import type { Try, TryRecord } from '../../../functions/webhook/try-record.ts';
import type { LocalEnvironment, LocalSystem } from '../local-system.ts';
import { clientOptions } from '../template/provision.ts';
import type { TriggerTarget } from './trigger-target.ts';

/** Events that fail, and for which the worker puts off others of the same company and resource name untried. */
export interface HeldBack {
  /** How many of them fail, of those that were looked at. */
  readonly failing: number;
  /** The last of their tries that failed. */
  readonly last: Try;
}

/** So many failing events are looked at. */
const mostRead = 100;

const eventOf = z.looseObject({ companyId: z.string(), resourceName: z.string() });

/**
 * Looks why events are not even tried: others of their company and resource name fail, and have opened the worker's breaker.
 *
 * @returns undefined when none of them fails
 */
export async function findHeldBack(
  { aws }: Pick<LocalSystem, 'aws'>,
  { tables }: Pick<LocalEnvironment, 'tables'>,
  { companyId, resource }: Pick<TriggerTarget, 'companyId' | 'resource'>,
): Promise<HeldBack | undefined> {
  const client = new DynamoDBClient(clientOptions(aws));
  const tries: Try[] = [];
  try {
    for (const id of await failingIds(client, tables.Deliveries)) {
      const read = await client.send(new GetItemCommand({ TableName: tables.Deliveries, Key: { id: { S: id } } }));
      const { event, tried } = read.Item ?? {};
      if (event?.S === undefined || tried?.S === undefined) continue;
      const about = eventOf.parse(JSON.parse(event.S));
      if (about.companyId !== companyId || about.resourceName !== resource) continue;
      const { tries: all }: TryRecord = JSON.parse(tried.S);
      const last = all.findLast(({ errorName }) => errorName !== undefined);
      if (last !== undefined) tries.push(last);
    }
  } finally {
    client.destroy();
  }
  const last = tries.toSorted((one, other) => other.at - one.at)[0];
  return last && { failing: tries.length, last };
}

async function failingIds(client: DynamoDBClient, table: string | undefined): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const partition of attentionPartitions('failing')) {
    const { Items: items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: attentionIndex.name,
        KeyConditionExpression: '#partition = :partition',
        ExpressionAttributeNames: { '#partition': attentionIndex.partitionKey },
        ExpressionAttributeValues: { ':partition': { S: partition } },
        // What fails newest says best what is wrong now.
        ScanIndexForward: false,
        Limit: mostRead,
      }),
    );
    ids.push(...items.flatMap(({ id }) => (id?.S === undefined ? [] : [id.S])));
  }
  return ids.slice(0, mostRead);
}
