import type { Quarantine, QuarantineMessage } from '../../functions/webhook/quarantine.ts';

/** Keeps quarantined deliveries in this process. */
export function memoryQuarantine(): Quarantine & { readonly messages: readonly QuarantineMessage[] } {
  const messages: QuarantineMessage[] = [];
  return {
    messages,
    async keep(message) {
      messages.push(message);
      return 'kept';
    },
  };
}
