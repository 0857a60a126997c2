import { ConnectorError } from '../connector-error.ts';
import type { ApiPath } from '../procore/client.ts';
import type { ReconciledResource } from './reconcile.ts';

/** What a reconciliation is asked for. */
export interface ReconciliationRequest {
  readonly companyId: string;
  readonly resource: ReconciledResource;
  /** How far back it looks. */
  readonly hoursBack: number;
}

/** A request for a reconciliation is not one. */
export class InvalidReconciliationRequestError extends ConnectorError {
  override readonly name = 'InvalidReconciliationRequestError';
  readonly code = 'invalid_reconciliation_request';
}

/** Twice the hour of a usual schedule, so that one run that failed leaves no gap. */
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
      'path must be that of a list which knows filters[updated_at], e.g. "/rest/v1.0/projects/1/rfis", without a query.',
    );
  }
  if (typeof hoursBack !== 'number' || !(hoursBack > 0 && hoursBack <= mostHoursBack)) {
    throw new InvalidReconciliationRequestError(`hoursBack must be a number above 0, at most ${mostHoursBack}.`);
  }
  const resource = { resourceName, path: path as ApiPath, ...(projectId !== undefined && { projectId }) };
  return { companyId: parseId(fields.companyId, 'companyId'), resource, hoursBack };
}

function parseId(value: unknown, name: string): string {
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return value;
  throw new InvalidReconciliationRequestError(
    `${name} must be the text of its digits: numbers lose digits beyond 2^53.`,
  );
}
