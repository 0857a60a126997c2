import type { DiagnosisId } from '../../diagnosis-rows.ts';

/** Diagnoses that say that Procore, or the way to it, is down: nothing was refused. */
export const outages = [
  'server_error',
  'overloaded',
  'no_answer',
  'unreachable',
  'unreadable_answer',
] as const satisfies readonly DiagnosisId[];

/** Whether a diagnosis tells of an outage in place of a refusal. */
export function isOutage(id: DiagnosisId): boolean {
  return (outages as readonly DiagnosisId[]).includes(id);
}

/** Whether a problem lies in the way to Procore itself: then further calls would only meet it again. */
export function isBeforeAccess(id: DiagnosisId): boolean {
  const others: readonly DiagnosisId[] = [
    'access_token_invalid',
    'refresh_token_invalid',
    'client_credentials_rejected',
    'wrong_environment',
    'rate_limited',
  ];
  return isOutage(id) || others.includes(id);
}
