import type { Clock } from '../../functions/clock.ts';
import type { Exchange } from '../../functions/procore/exchange.ts';
import { type FailedExchangeStore, keptSeconds, referenceIdOf } from '../../functions/procore/failed-exchanges.ts';

/** Keeps failed calls in this process. */
export function memoryFailedExchanges(clock: Clock): FailedExchangeStore {
  const kept = new Map<string, { readonly exchange: Exchange; readonly end: number }>();
  return {
    async keep(exchange) {
      kept.set(referenceIdOf(exchange), { exchange, end: clock() + keptSeconds });
    },
    async find(referenceId) {
      const found = kept.get(referenceId);
      return found !== undefined && found.end > clock() ? found.exchange : undefined;
    },
  };
}
