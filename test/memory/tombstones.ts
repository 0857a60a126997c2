import type { Clock } from '../../functions/clock.ts';
import { type Tombstone, type TombstoneStore, tombstoneSeconds } from '../../functions/webhook/tombstones.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** Keeps tombstones in this process. */
export function memoryTombstones(clock: Clock, faults?: PortFaults): TombstoneStore {
  const placed = new Map<string, Tombstone>();
  const standing = (companyId: string) => {
    const found = placed.get(companyId);
    return found !== undefined && clock() < found.erasedAt + tombstoneSeconds ? found : undefined;
  };
  const store: TombstoneStore = {
    read: async (companyId) => standing(companyId),
    async place(companyId, erasedAt) {
      const tombstone = standing(companyId) ?? { erasedAt };
      placed.set(companyId, tombstone);
      return tombstone;
    },
    async lift(companyId) {
      placed.delete(companyId);
    },
  };
  return memoryPort('tombstones', store, faults);
}
