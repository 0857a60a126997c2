import type { WakeUps } from '../../functions/jobs/wake-ups.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** Keeps wake-ups in this process. `sent` has all that were ever sent, `waitingIds` those that nobody has taken. */
export function memoryWakeUps(
  faults?: PortFaults,
): WakeUps & { readonly sent: string[]; readonly waitingIds: string[] } {
  const sent: string[] = [];
  const waitingIds: string[] = [];
  const port = memoryPort<WakeUps>(
    'wake-ups',
    {
      async send(jobIds) {
        sent.push(...jobIds);
        waitingIds.push(...jobIds);
        return { refused: 0 };
      },
      waiting: async () => waitingIds.length,
    },
    faults,
  );
  return Object.assign(port, { sent, waitingIds });
}
