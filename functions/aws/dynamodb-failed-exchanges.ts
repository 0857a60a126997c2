import type { Clock } from '../clock.ts';
import type { Exchange } from '../procore/exchange.ts';
import { type FailedExchangeStore, keptSeconds, referenceIdOf } from '../procore/failed-exchanges.ts';
import { timeToLiveAttribute } from '../settings.ts';
import { type EnvironmentTable, readItem, updateItem } from './environment-table.ts';

/** How long a call may take, in milliseconds. The caller's own call of Procore has failed already. */
const callMs = 1000;

/**
 * Keeps failed calls in the `rate-budget` table, one item a call. Every function that calls Procore may write that
 * table. It is encrypted with the environment's own key, and no function reads these items.
 *
 * @returns the store; each method throws ForeignItemError for an item of another environment
 */
export function dynamoDbFailedExchanges({
  clock,
  ...place
}: EnvironmentTable & { readonly clock: Clock }): FailedExchangeStore {
  const keyOf = (referenceId: string) => ({ id: `exchange#${referenceId}` });
  return {
    async keep(exchange) {
      const end = Math.ceil(clock()) + keptSeconds;
      const set = { exchange: JSON.stringify(exchange), [timeToLiveAttribute]: end };
      await updateItem({ callMs, ...place }, keyOf(referenceIdOf(exchange)), { set });
    },

    async find(referenceId) {
      const item = await readItem(place, keyOf(referenceId));
      if (item === undefined || !(Number(item[timeToLiveAttribute]) > clock())) return undefined;
      return JSON.parse(String(item.exchange)) as Exchange;
    },
  };
}
