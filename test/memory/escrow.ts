import type { Escrow, EscrowedTokenSet } from '../../functions/connection/escrow.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** An escrow queue in this process; `deposited` shows a test what lies there. */
export function memoryEscrow(faults?: PortFaults): Escrow & { readonly deposited: EscrowedTokenSet[] } {
  const deposited: EscrowedTokenSet[] = [];
  const escrow: Escrow = {
    async deposit(escrowed) {
      deposited.push(structuredClone(escrowed));
    },
  };
  return Object.assign(memoryPort('escrow', escrow, faults), { deposited });
}
