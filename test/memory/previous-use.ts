import type { Clock } from '../../functions/clock.ts';
import { ledgerSeconds } from '../../functions/webhook/ledger.ts';
import type { PreviousUse } from '../../functions/webhook/previous-use.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** Remembers in this process when previous values were used; `uses` shows a test every note. */
export function memoryPreviousUse(
  clock: Clock,
  faults?: PortFaults,
): PreviousUse & { readonly uses: readonly (readonly [value: string, at: number])[] } {
  const uses: (readonly [string, number])[] = [];
  const usedAt = new Map<string, number>();
  const use: PreviousUse = {
    async note(value, at) {
      uses.push([value, at]);
      usedAt.set(value, at);
    },
    async last(value) {
      const at = usedAt.get(value);
      return at !== undefined && clock() < at + ledgerSeconds ? at : undefined;
    },
  };
  return Object.assign(memoryPort('previous use', use, faults), { uses });
}
