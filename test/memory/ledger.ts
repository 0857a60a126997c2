import type { Clock } from '../../functions/clock.ts';
import type { Ledger, LedgerReader } from '../../functions/webhook/ledger.ts';
import { instantLedger } from '../../lib/testing/instant-ledger.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** Keeps the ledger in this process, behind a port. */
export function memoryLedger(clock: Clock, faults?: PortFaults): Ledger & LedgerReader {
  return memoryPort('ledger', instantLedger(clock), faults);
}
