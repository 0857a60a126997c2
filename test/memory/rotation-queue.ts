import type { Clock } from '../../functions/clock.ts';
import type { DueConnection } from '../../functions/connection/connection-store.ts';
import type { RotationQueue } from '../../functions/connection/sweep.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** How long SQS drops a second message of the same deduplication id, in seconds. */
const deduplicationSeconds = 300;

/** A rotation queue in this process; `messages` holds what waits, in its order. */
export function memoryRotationQueue(
  clock: Clock,
  faults?: PortFaults,
): RotationQueue & { readonly messages: DueConnection[] } {
  const messages: DueConnection[] = [];
  const sentAt = new Map<string, number>();
  const queue: RotationQueue = {
    async send(connections: readonly DueConnection[]) {
      for (const { connectionId, rotateAt } of connections) {
        const deduplicationId = JSON.stringify([connectionId, rotateAt]);
        const last = sentAt.get(deduplicationId);
        if (last !== undefined && clock() - last < deduplicationSeconds) continue;
        sentAt.set(deduplicationId, clock());
        messages.push({ connectionId, rotateAt });
      }
      return { refused: 0 };
    },
    waiting: async () => messages.length,
  };
  return Object.assign(memoryPort('rotation queue', queue, faults), { messages });
}
