import type { Clock } from '../clock.ts';
import { timeToLiveAttribute } from '../settings.ts';
import { type TombstoneStore, tombstoneSeconds } from '../webhook/tombstones.ts';
import { deleteItem, type EnvironmentTable, type Item, readItem, updateItem } from './environment-table.ts';

/** How long a call may take, in milliseconds: intake asks beside the ledger, and has to answer Procore in time. */
const callMs = 600;

/**
 * Keeps tombstones in the `deliveries` table (`erased#<company id>`), which everybody reads who has to know them.
 *
 * @returns the store; each method throws ForeignItemError for an item of another environment
 */
export function dynamoDbTombstones({ clock, ...place }: EnvironmentTable & { readonly clock: Clock }): TombstoneStore {
  const table = { callMs, ...place };
  const keyOf = (companyId: string) => ({ id: `erased#${companyId}` });
  const standing = (item: Item | undefined) =>
    item !== undefined && Number(item[timeToLiveAttribute]) > clock() ? { erasedAt: Number(item.erasedAt) } : undefined;
  return {
    read: async (companyId) => standing(await readItem(table, keyOf(companyId))),

    async place(companyId, erasedAt) {
      const found = standing(await readItem(table, keyOf(companyId)));
      if (found !== undefined) return found;
      const timeToLive = Math.ceil(erasedAt) + tombstoneSeconds;
      await updateItem(table, keyOf(companyId), { set: { erasedAt, [timeToLiveAttribute]: timeToLive } });
      return { erasedAt };
    },

    async lift(companyId) {
      await deleteItem(table, keyOf(companyId));
    },
  };
}
