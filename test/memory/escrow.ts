import type { Escrow, EscrowedTokenSet } from '../../functions/connection/escrow.ts';
import type { WaitingEscrow, WaitingEscrowMessage } from '../../functions/connection/escrow-messages.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** An escrow queue in this process; `deposited` shows a test what lies there. */
export function memoryEscrow(
  faults?: PortFaults,
): Escrow & { readonly deposited: EscrowedTokenSet[]; readonly waiting: WaitingEscrow } {
  const deposited: EscrowedTokenSet[] = [];
  const escrow: Escrow = {
    async deposit(escrowed) {
      deposited.push(structuredClone(escrowed));
    },
  };
  const waiting = memoryPort('waitingEscrow', waitingIn(deposited), faults);
  return Object.assign(memoryPort('escrow', escrow, faults), { deposited, waiting });
}

/** What was received stays hidden, as for the length of a visibility time-out. */
function waitingIn(deposited: EscrowedTokenSet[]): WaitingEscrow {
  const hidden = new Map<string, EscrowedTokenSet>();
  let received = 0;
  return {
    async receive() {
      const seen = new Set(hidden.values());
      const visible = deposited.filter((escrowed) => !seen.has(escrowed)).slice(0, 10);
      return visible.map((escrowed): WaitingEscrowMessage => {
        received += 1;
        hidden.set(`receipt ${received}`, escrowed);
        const [messageId, receipt] = [`message ${received}`, `receipt ${received}`];
        return { messageId, receipt, body: JSON.stringify(escrowed), sentAt: 0 };
      });
    },
    async remove(messages) {
      for (const { receipt } of messages) {
        const escrowed = hidden.get(receipt);
        if (escrowed !== undefined) deposited.splice(deposited.indexOf(escrowed), 1);
      }
    },
  };
}
