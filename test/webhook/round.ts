import type { Slice } from '../../functions/jobs/work-slice.ts';
import { type AuditRoundDependencies, auditRound } from '../../functions/webhook/audit-round.ts';
import type { WebhookAuthorization } from '../../functions/webhook/webhook-authorization.ts';
import { memoryJobStore } from '../memory/job-store.ts';

/** A slice that nothing ends, of a job that begins. */
export const longSlice = (companyId: string, remaining: Slice['remaining'] = () => 60_000): Slice => ({
  job: {
    id: `audit#${companyId}`,
    kind: 'audit',
    companyId,
    state: 'active',
    request: null,
    failures: 0,
    createdAt: 0,
  },
  remaining,
  save: async () => 'saved',
});

/**
 * Goes once through all subscriptions.
 *
 * @param read gives what is in the secret
 * @returns what became of the previous value
 */
export async function goRound(
  read: () => WebhookAuthorization | Promise<WebhookAuthorization>,
  dependencies: Omit<AuditRoundDependencies, 'source' | 'jobs' | 'noteClientId'> & {
    readonly jobs?: AuditRoundDependencies['jobs'];
  },
): Promise<'none' | 'accepted' | 'retired'> {
  const before = await read();
  const source = { read: async () => read() };
  await auditRound(longSlice('all'), { jobs: memoryJobStore(), noteClientId: async () => {}, source, ...dependencies });
  if (before.previous === undefined) return 'none';
  return (await read()).previous === undefined ? 'retired' : 'accepted';
}
