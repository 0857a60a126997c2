import { sha256 } from '../sha256.ts';

/** A record as it was found at Procore. */
export interface FoundRecord {
  readonly companyId: string;
  /** Absent for a record of the company itself. */
  readonly projectId?: string | undefined;
  /** As webhooks name it, e.g. `RFIs`. */
  readonly resourceName: string;
  readonly resourceId: string;
  /** When it last changed, as Procore writes it. */
  readonly updatedAt: string;
}

/**
 * Writes what was found as a v4.0 payload, as if Procore had delivered it. Its id is made of resource, id and time of the
 * change, so it is always the same.
 *
 * @param origin what the id begins with
 * @returns the body of a delivery
 */
export function recordEvent(
  origin: 'reconciled' | 'backfilled',
  { companyId, projectId, resourceName, resourceId, updatedAt }: FoundRecord,
): Uint8Array {
  const event = {
    id: `${origin}-${sha256(JSON.stringify([resourceName, resourceId, updatedAt]))}`,
    timestamp: updatedAt,
    reason: 'update',
    company_id: companyId,
    project_id: projectId ?? null,
    user_id: null,
    resource_type: resourceName,
    resource_id: resourceId,
  };
  return new TextEncoder().encode(JSON.stringify(event));
}
