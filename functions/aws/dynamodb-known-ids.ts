import { marshall } from '@aws-sdk/util-dynamodb';
import { pack, unpack } from '../jobs/packed.ts';
import { jobsKey } from '../settings.ts';
import { type KnownIds, type KnownList, packForItems, unpackInto } from '../webhook/known-ids.ts';
import { deleteItem, type EnvironmentTable, ownItem, putItem, queryPage, readItem } from './environment-table.ts';

const { partitionKey, sortKey } = jobsKey;

/** The first item of a list. It says which others belong to it, so writing it is what makes new ids count. */
interface HeadItem {
  /** Counts the writes. The other items have it in their keys. */
  readonly version: number;
  /** How many items hold the ids, this one included. */
  readonly parts: number;
  readonly ids: Uint8Array;
}

/** Behind all jobs in the order of keys, so that no list of jobs comes across it. */
const prefixOf = (companyId: string) => `~ids#${companyId}#`;

const headOf = ({ companyId, of, resourceName, projectId }: KnownList) =>
  `${prefixOf(companyId)}${of}#${encodeURIComponent(resourceName)}#${projectId ?? 'company'}`;

const partOf = (list: KnownList, version: number, part: number) => `${headOf(list)}#${version}#${part}`;

/** Keeps ids in the `jobs` table, beside the jobs that read them: one item a list, several for very long ones. */
export function dynamoDbKnownIds(table: EnvironmentTable): KnownIds {
  const keyOf = (id: string) => ({ [partitionKey]: table.environment, [sortKey]: id });
  const readHead = async (list: KnownList) =>
    (await readItem(table, keyOf(headOf(list)))) as unknown as HeadItem | undefined;
  const readPart = async (id: string) =>
    unpack(((await readItem(table, keyOf(id))) as unknown as HeadItem).ids) as string[];

  return {
    async read(list) {
      const ids = new Set<bigint>();
      const head = await readHead(list);
      if (head === undefined) return ids;
      unpackInto(ids, unpack(head.ids) as string[]);
      for (let part = 1; part < head.parts; part++) unpackInto(ids, await readPart(partOf(list, head.version, part)));
      return ids;
    },

    async write(list, ids) {
      const [first = [], ...rest] = packForItems(ids);
      const before = await readHead(list);
      const version = (before?.version ?? 0) + 1;
      for (const [index, packings] of rest.entries()) {
        await putItem(table, keyOf(partOf(list, version, index + 1)), { ids: pack(packings, 'ids') });
      }
      await putItem(table, keyOf(headOf(list)), { version, parts: rest.length + 1, ids: pack(first, 'ids') });
      for (let part = 1; part < (before?.parts ?? 1); part++) {
        await deleteItem(table, keyOf(partOf(list, version - 1, part)));
      }
    },

    async forget(companyId) {
      for (let more = true; more; ) {
        const { items, next } = await queryPage(table, {
          ConsistentRead: true,
          KeyConditionExpression: '#environment = :environment AND begins_with(#id, :prefix)',
          ExpressionAttributeNames: { '#environment': partitionKey, '#id': sortKey },
          ExpressionAttributeValues: marshall({ ':environment': table.environment, ':prefix': prefixOf(companyId) }),
          Limit: 50,
        });
        for (const item of items) await deleteItem(table, keyOf(String(ownItem(table, item)[sortKey])));
        more = next !== undefined;
      }
    },
  };
}
