import { ConnectorError } from '../connector-error.ts';
import type { ApiPath } from '../procore/client.ts';
import { isProcoreId } from '../procore/procore-id.ts';
import type { ReconciledResource } from './reconcile.ts';

/** A request for a reconciliation. */
export interface ReconciliationRequest {
  readonly companyId: string;
  readonly resource: ReconciledResource;
  /** How far back it looks. */
  readonly hoursBack: number;
}

/** A request for a reconciliation is not valid. */
export class InvalidReconciliationRequestError extends ConnectorError {
  override readonly name = 'InvalidReconciliationRequestError';
  readonly code = 'invalid_reconciliation_request';
}

/** A usual schedule runs every hour. Twice that, so that one failed run leaves no gap. */
const usualHoursBack = 2;
const mostHoursBack = 31 * 24;

/**
 * Checks a request that came from outside, e.g. the constant input of a schedule.
 *
 * @returns the request
 * @throws InvalidReconciliationRequestError
 */
export function parseReconciliationRequest(value: unknown): ReconciliationRequest {
  const fields: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {};
  const { resourceName, path, hoursBack = usualHoursBack } = fields;
  const projectId = fields.projectId === undefined ? undefined : parseId(fields.projectId, 'projectId');
  if (typeof resourceName !== 'string' || resourceName === '') {
    throw new InvalidReconciliationRequestError('resourceName must be a name of the webhook catalogue, e.g. "RFIs".');
  }
  if (typeof path !== 'string' || !/^\/rest\/v\d+\.\d+\/[\w/-]+$/.test(path)) {
    throw new InvalidReconciliationRequestError(
      'path must lead to a list that knows filters[updated_at], e.g. "/rest/v1.0/projects/1/rfis". It has no query.',
    );
  }
  if (typeof hoursBack !== 'number' || !(hoursBack > 0 && hoursBack <= mostHoursBack)) {
    throw new InvalidReconciliationRequestError(`hoursBack must be a number above 0, at most ${mostHoursBack}.`);
  }
  const resource = { resourceName, path: path as ApiPath, ...(projectId !== undefined && { projectId }) };
  return { companyId: parseId(fields.companyId, 'companyId'), resource, hoursBack };
}

function parseId(value: unknown, name: string): string {
  if (isProcoreId(value)) return value;
  throw new InvalidReconciliationRequestError(
    `${name} must be a text of digits, e.g. "5358233". Numbers lose digits beyond 2^53.`,
  );
}
