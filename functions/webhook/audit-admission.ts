import type { Clock } from '../clock.ts';
import type { Admission } from '../jobs/admission.ts';
import type { BackgroundRoom } from '../procore/rate-room.ts';
import { everyCompany } from './audit-round.ts';

/**
 * So many calls a company's look may take: of ten hooks 22, and twice as many where lists tell nothing of their end. If it
 * takes fewer, the next minute has the rest.
 */
const callsALook = 30;

/** What {@link auditAdmission} needs. */
export interface AuditAdmissionDependencies {
  readonly backgroundRoom: () => Promise<BackgroundRoom | undefined>;
  readonly clock: Clock;
}

/**
 * Lets as many audits of companies, and as many applies, begin in a minute as there are calls for a whole look each. Where others of the
 * background take every call as soon as there is one, audits begin at a pace that half of the calls are enough for.
 */
export function auditAdmission({ backgroundRoom, clock }: AuditAdmissionDependencies): Admission {
  return {
    isOf: ({ kind, companyId }) => (kind === 'audit' && companyId !== everyCompany) || kind === 'apply',
    async most() {
      const room = await backgroundRoom();
      if (room === undefined) return Number.POSITIVE_INFINITY;
      const looksAMinute = room.aMinute / callsALook / 2;
      const minute = Math.floor(clock() / 60);
      const paced = Math.floor((minute + 1) * looksAMinute) - Math.floor(minute * looksAMinute);
      return Math.max(Math.round(room.calls / callsALook), paced);
    },
  };
}
