import { timeToLiveAttribute } from '../settings.ts';
import { ledgerSeconds } from '../webhook/ledger.ts';
import type { PreviousUse } from '../webhook/previous-use.ts';

import { type EnvironmentTable, readItem, updateItem } from './environment-table.ts';

/** How long a call may take, in milliseconds: intake has to answer Procore in time. */
const callMs = 600;

/**
 * Keeps in the `deliveries` table, beside the events, when a previous `Authorization` value was last used
 * (`authorization#<fingerprint>`).
 *
 * @returns the store; each method throws ForeignItemError for an item of another environment
 */
export function dynamoDbPreviousUse(place: EnvironmentTable): PreviousUse {
  const keyOf = (value: string) => ({ id: `authorization#${value}` });
  return {
    async note(value, at) {
      const set = { usedAt: at, [timeToLiveAttribute]: Math.ceil(at) + ledgerSeconds };
      await updateItem({ callMs, ...place }, keyOf(value), { set });
    },
    async last(value) {
      const item = await readItem(place, keyOf(value));
      return item && Number(item.usedAt);
    },
  };
}
