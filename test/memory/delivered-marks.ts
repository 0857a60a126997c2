import type { DeliveredMarks, DeliveringHook } from '../../functions/webhook/delivered.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** Remembers in this process which hooks deliver; `written` shows a test every mark. */
export function memoryDeliveredMarks(
  faults?: PortFaults,
): DeliveredMarks & { readonly written: readonly (DeliveringHook & { readonly at: number })[] } {
  const written: (DeliveringHook & { readonly at: number })[] = [];
  const marks: DeliveredMarks = {
    async mark({ companyId, projectId }, at) {
      written.push({ companyId, projectId, at });
    },
    async markedAt({ companyId, projectId }) {
      return written.findLast((one) => one.companyId === companyId && one.projectId === projectId)?.at;
    },
  };
  return Object.assign(memoryPort('delivered marks', marks, faults), { written });
}
