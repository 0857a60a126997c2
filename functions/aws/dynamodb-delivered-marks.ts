import { timeToLiveAttribute } from '../settings.ts';
import type { DeliveredMarks, DeliveringHook } from '../webhook/delivered.ts';
import { type EnvironmentTable, readItem, updateItem } from './environment-table.ts';

/** How long a call may take, in milliseconds: intake has to answer Procore in time. */
const callMs = 600;

/** A mark is of no use after an hour. */
const keptSeconds = 7200;

/** What the ids of all marks of a company begin with. */
export const deliveredMarksOf = (companyId: string): string => `delivered#${companyId}#`;

/**
 * Keeps in the `deliveries` table, beside the events, which hooks deliver (`delivered#<company>#<project>`).
 *
 * @returns the store; each method throws ForeignItemError for an item of another environment
 */
export function dynamoDbDeliveredMarks(place: EnvironmentTable): DeliveredMarks {
  const keyOf = ({ companyId, projectId }: DeliveringHook) => ({
    id: `${deliveredMarksOf(companyId)}${projectId ?? 'company'}`,
  });
  return {
    async mark(hook, at) {
      const set = { deliveredAt: at, [timeToLiveAttribute]: Math.ceil(at) + keptSeconds };
      await updateItem({ callMs, ...place }, keyOf(hook), { set });
    },
    async markedAt(hook) {
      const item = await readItem({ callMs, ...place }, keyOf(hook));
      return item && Number(item.deliveredAt);
    },
  };
}
