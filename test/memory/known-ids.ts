import type { KnownIds, KnownList } from '../../functions/webhook/known-ids.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** Keeps known ids in this process; every answer is a copy, as through the wire. */
export function memoryKnownIds(faults?: PortFaults): KnownIds & { readonly stored: ReadonlyMap<string, Set<bigint>> } {
  const stored = new Map<string, Set<bigint>>();
  const keyOf = ({ companyId, of, resourceName, projectId }: KnownList) =>
    JSON.stringify([companyId, of, resourceName, projectId]);
  const store: KnownIds = {
    read: async (list) => new Set(stored.get(keyOf(list))),
    async write(list, ids) {
      stored.set(keyOf(list), new Set(ids));
    },
    async forget(companyId) {
      for (const key of [...stored.keys()]) if (key.startsWith(`[${JSON.stringify(companyId)},`)) stored.delete(key);
    },
  };
  return { ...memoryPort('known ids', store, faults), stored };
}
