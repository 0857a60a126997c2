import type { Clock } from '../../functions/clock.ts';
import type { Quarantine, QuarantineMessage } from '../../functions/webhook/quarantine.ts';
import type { QuarantineReader } from '../../lib/operator/quarantine.ts';
import { memoryPort, type PortFaults } from './port.ts';
import { memorySqs } from './sqs.ts';

/** How long what is in an operator's hand stays hidden, in seconds. */
const inHandSeconds = 60;

/** Keeps quarantined deliveries in this process; `messages` shows a test all that were ever taken. */
export function memoryQuarantine(
  clock: Clock,
  faults?: PortFaults,
): Quarantine & QuarantineReader & { readonly messages: readonly QuarantineMessage[] } {
  const queue = memorySqs(clock);
  const messages: QuarantineMessage[] = [];
  const port: Quarantine & QuarantineReader = {
    async keep(message) {
      const sent = queue.send({ body: JSON.stringify(message), attributes: { reason: message.reason } });
      if (sent === 'refused') return 'refused';
      messages.push(message);
      return 'kept';
    },
    receive: async () =>
      queue.receive(inHandSeconds).map(({ body, messageId, receipt }) => ({ ...JSON.parse(body), messageId, receipt })),
    async giveBack(deliveries) {
      for (const { receipt } of deliveries) queue.changeVisibility(receipt, 0);
    },
    async delete({ receipt }) {
      queue.delete(receipt);
    },
  };
  return Object.assign(memoryPort('quarantine', port, faults), { messages });
}
