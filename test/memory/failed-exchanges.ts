import type { Clock } from '../../functions/clock.ts';
import type { Exchange } from '../../functions/procore/exchange.ts';
import { type FailedExchangeStore, keptSeconds, referenceIdOf } from '../../functions/procore/failed-exchanges.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** Keeps failed calls in this process. */
export function memoryFailedExchanges(clock: Clock, faults?: PortFaults): FailedExchangeStore {
  const kept = new Map<string, { readonly exchange: Exchange; readonly end: number }>();
  const store: FailedExchangeStore = {
    async keep(exchange) {
      kept.set(referenceIdOf(exchange), { exchange: structuredClone(exchange), end: clock() + keptSeconds });
    },
    async find(referenceId) {
      const found = kept.get(referenceId);
      return found !== undefined && found.end > clock() ? structuredClone(found.exchange) : undefined;
    },
  };
  return memoryPort('failed exchanges', store, faults);
}
