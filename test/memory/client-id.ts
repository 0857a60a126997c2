import type { ClientIdStore } from '../../functions/oauth/client-id.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** Keeps a client id in this process. */
export function memoryClientId(initial?: string, faults?: PortFaults): ClientIdStore {
  let kept = initial;
  const store: ClientIdStore = {
    read: async () => kept,
    async write(clientId) {
      kept = clientId;
    },
  };
  return memoryPort('client id', store, faults);
}
