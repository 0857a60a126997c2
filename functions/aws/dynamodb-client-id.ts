import type { ClientIdStore } from '../oauth/client-id.ts';
import { type EnvironmentTable, readItem, updateItem } from './environment-table.ts';

/** How long a call may take, in milliseconds: an event waits for it. */
const callMs = 2000;

/**
 * Keeps an environment's client id in one item of the `rate-budget` table (`client#id`). That table is for what all who
 * call Procore share, and holds no token.
 *
 * @returns the store; each method throws ForeignItemError for an item of another environment
 */
export function dynamoDbClientId(place: EnvironmentTable): ClientIdStore {
  const table = { callMs, ...place };
  const key = { id: 'client#id' };
  return {
    async read() {
      const item = await readItem(table, key);
      return typeof item?.clientId === 'string' ? item.clientId : undefined;
    },
    async write(clientId) {
      // No time to live: nothing but new credentials makes it out of date.
      await updateItem(table, key, { set: { clientId } });
    },
  };
}
