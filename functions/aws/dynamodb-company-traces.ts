import { marshall } from '@aws-sdk/util-dynamodb';
import { atATime } from '../at-a-time.ts';
import { jobIdOf, jobKinds } from '../jobs/job.ts';
import type { Exchange } from '../procore/exchange.ts';
import { jobsKey } from '../settings.ts';
import type { CompanyTraces, TracePage } from '../webhook/company-traces.ts';
import { isExchangeOf } from '../webhook/company-traces.ts';
import { resourceKey, workKey } from '../webhook/event-message.ts';
import type { WebhookEvent } from '../webhook/webhook-event.ts';
import { deliveredMarksOf } from './dynamodb-delivered-marks.ts';
import { deleteItem, type EnvironmentTable, type Item, ownItem, queryPage, scanPage } from './environment-table.ts';

const { partitionKey, sortKey } = jobsKey;

/** How many items are deleted side by side. */
const deletesAtATime = 10;

/** The ids that a reconciliation knows of a company's records stand beside the jobs, under this. */
const knownIdsOf = (companyId: string) => `~ids#${companyId}#`;

type Cursor = Parameters<typeof scanPage>[1]['next'];

const cursorOf = (text: string | undefined): Cursor => (text === undefined ? undefined : JSON.parse(text));

function pageOf(deleted: number, read: number, next: Cursor): TracePage {
  return { deleted, read, ...(next !== undefined && { cursor: JSON.stringify(next) }) };
}

/**
 * Finds and deletes what the tables hold of a company. Ledger and failed calls have no index by company: they are gone
 * through page by page.
 */
export function dynamoDbCompanyTraces({
  deliveries,
  rateBudget,
  jobs,
}: Readonly<Record<'deliveries' | 'rateBudget' | 'jobs', EnvironmentTable>>): CompanyTraces {
  const deleteAll = async (table: EnvironmentTable, ids: readonly string[]) => {
    await Promise.all(ids.map(atATime(deletesAtATime, (id: string) => deleteItem(table, { id }))));
    return ids.length;
  };
  return {
    async ledgerPage(companyId, cursor) {
      const { items, read, next } = await scanPage(deliveries, {
        filter: ({ name, value }) =>
          `contains(${name('event')}, ${value(JSON.stringify({ companyId }).slice(1, -1))}) OR ` +
          `begins_with(${name('id')}, ${value(deliveredMarksOf(companyId))})`,
        next: cursorOf(cursor),
      });
      const found = items.flatMap((item) => eventOf(item, companyId) ?? []);
      const marks = items.map(({ id }) => String(id)).filter((id) => id.startsWith(deliveredMarksOf(companyId)));
      await deleteAll(deliveries, marks);
      // The items that only these lead to go first: who dies between the two finds them again.
      const led = found.flatMap((event) => [
        `resource#${resourceKey(event)}`,
        `health#${workKey({ kind: 'webhook_event', event }).key}`,
      ]);
      await deleteAll(deliveries, [...new Set(led)]);
      await deleteAll(
        deliveries,
        found.map(({ id }) => `event#${id}`),
      );
      return pageOf(found.length, read, next);
    },

    async exchangePage(companyId, cursor) {
      const { items, read, next } = await scanPage(rateBudget, {
        filter: ({ name, value }) =>
          `begins_with(${name('id')}, ${value('exchange#')}) AND contains(${name('exchange')}, ${value(companyId)})`,
        next: cursorOf(cursor),
      });
      const found = items.filter(({ exchange }) => isExchangeOf(JSON.parse(String(exchange)) as Exchange, companyId));
      return pageOf(
        await deleteAll(
          rateBudget,
          found.map(({ id }) => String(id)),
        ),
        read,
        next,
      );
    },

    async budget(companyId) {
      await deleteAll(rateBudget, [`pause#${companyId}`, `rate#company#${companyId}`]);
    },

    async jobs(companyId, sparedId) {
      const ofKinds = jobKinds.map((kind) => jobIdOf({ kind, companyId }));
      const keys = await Promise.all([
        ...ofKinds.map((id) => keysBetween(jobs, id, `${id}#\u{ffff}`)),
        keysBetween(jobs, knownIdsOf(companyId), `${knownIdsOf(companyId)}\u{ffff}`),
      ]);
      const found = keys.flat().filter((id) => id !== sparedId);
      await Promise.all(found.map((id) => deleteItem(jobs, { [partitionKey]: jobs.environment, [sortKey]: id })));
      return found.length;
    },
  };
}

/** An event may hold the text that the filter looks for in another place. */
function eventOf(item: Item, companyId: string): WebhookEvent | undefined {
  if (item.event === undefined) return undefined;
  const event = JSON.parse(String(item.event)) as WebhookEvent;
  return event.companyId === companyId ? event : undefined;
}

/** Lists the ids of jobs, and of what stands beside them, from one to another. */
async function keysBetween(table: EnvironmentTable, from: string, to: string): Promise<readonly string[]> {
  const found: string[] = [];
  let start: Cursor;
  do {
    const { items, next } = await queryPage(table, {
      ConsistentRead: true,
      KeyConditionExpression: '#environment = :environment AND #id BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#environment': partitionKey, '#id': sortKey },
      ExpressionAttributeValues: marshall({ ':environment': table.environment, ':from': from, ':to': to }),
      ProjectionExpression: '#environment, #id',
      ExclusiveStartKey: start,
    });
    found.push(...items.map((item) => String(ownItem(table, item)[sortKey])));
    start = next;
  } while (start !== undefined);
  return found;
}
