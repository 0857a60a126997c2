import { AccessTokenRefusedError } from '../../../functions/procore/access-token-source.ts';
import { ProcoreApiError, pathOf } from '../../../functions/procore/api-error.ts';
import type { ProcoreClient } from '../../../functions/procore/client.ts';
import { EndlessListError, NotAListError, TruncatedListError } from '../../../functions/procore/paging.ts';
import { HooksApiError } from '../../../functions/webhook/hooks-api.ts';
import { type DiagnosisId, diagnosisRows, namedDiagnosis } from '../../diagnosis-rows.ts';
import { OperatorError } from '../exit-codes.ts';
import { type Narrowed, narrow } from './probes.ts';

/** A problem that was seen. @returns it with the row of its diagnosis */
export function seenProblem(id: DiagnosisId, seen: string, about?: Narrowed['about']): Narrowed {
  return { diagnosis: namedDiagnosis(id), evidence: [seen], ...(about && { about }) };
}

/** What `access-token` refuses with, as the page calls it. */
const vendingProblems: Readonly<Record<string, DiagnosisId>> = {
  reauthorization_required: 'refresh_token_invalid',
  client_credentials_rejected: 'client_credentials_rejected',
  foreign_token: 'wrong_environment',
};

/**
 * Finds out which problem an error is that a call ended with, by probes where its answer alone does not tell.
 *
 * @returns the problem
 * @throws the error itself when it did not come from Procore
 */
export async function problemOf(error: unknown, client: ProcoreClient): Promise<Narrowed> {
  if (error instanceof ProcoreApiError) {
    const { exchange, status, retryAfterSeconds } = error;
    if (exchange.tries === 0 && error.code === 'rate_limited') {
      const evidence = [`${exchange.method} ${pathOf(exchange.url)}: not made.`];
      return {
        diagnosis: namedDiagnosis('rate_limited'),
        evidence,
        heldUntil: exchange.startedAt + (retryAfterSeconds ?? 0),
      };
    }
    const answer = status === undefined ? (exchange.failure ?? 'not sent') : `status ${status}`;
    const report = `npm run procore -- support-report ${error.referenceId} --environment ${exchange.environment}`;
    // A call that was not made is not kept.
    const whole = exchange.tries === 0 ? '' : ` All of it: ${report}.`;
    const made = `${exchange.method} ${pathOf(exchange.url)}: ${answer}.${whole}`;
    const { diagnosis, evidence, about } = await narrow(exchange, client);
    // A pause says what it is itself; there is no answer to diagnose.
    const found = exchange.tries === 0 ? error.diagnosis : diagnosis;
    // Project, tool and company are ruled out, and "ask the doctor" is no remedy here.
    const named = found.id === 'forbidden' ? namedDiagnosis('insufficient_permissions') : found;
    return { diagnosis: named, evidence: [made, ...evidence], ...(about && { about }) };
  }
  if (error instanceof TruncatedListError) return seenProblem('list_truncated', error.message);
  if (error instanceof NotAListError || error instanceof EndlessListError) {
    return seenProblem('unknown', error.message);
  }
  if (error instanceof HooksApiError) return seenProblem('webhooks_not_delivered', error.message);
  if (error instanceof OperatorError || error instanceof AccessTokenRefusedError) {
    const id = vendingProblems[error.code];
    if (id !== undefined) return seenProblem(id, error.message);
  }
  throw error;
}

/** Reads the id of a diagnosis. @returns undefined when there is no such row */
export function asDiagnosisId(code: unknown): DiagnosisId | undefined {
  return diagnosisRows.find(({ id }) => id === code)?.id;
}
