import { errorName } from '../connector-error.ts';
import type { ApiPath, CompanyClient } from '../procore/client.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { exactId, isJsonObject } from '../procore/exact-json.ts';
import type { Query } from '../procore/listing.ts';
import { sha256 } from '../sha256.ts';
import { type AcceptanceDependencies, acceptDelivery } from './acceptance.ts';
import type { Ledger } from './ledger.ts';
import { parseDelivery } from './parse.ts';

/** What is reconciled: a list that knows `filters[updated_at]`, and the name under which its events come. */
export interface ReconciledResource {
  /** As webhooks name it, e.g. `RFIs`. */
  readonly resourceName: string;
  readonly path: ApiPath;
  /** Absent for a resource of the company itself. */
  readonly projectId?: string;
  readonly query?: Query;
}

/** What {@link reconcile} needs. */
export interface ReconcileDependencies<E extends ProcoreEnvironmentName> extends AcceptanceDependencies {
  readonly company: CompanyClient<E>;
  readonly ledger: Pick<Ledger, 'find' | 'record' | 'history'>;
}

/** How many records were listed, and how each of them ended. */
export interface Reconciliation {
  readonly listed: number;
  /** Records of which `onEvent` has already handled an event that is as new as the change. */
  readonly handled: number;
  readonly emitted: number;
  /** Records that an earlier reconciliation has emitted. */
  readonly known: number;
  /** Records that could not be queued: run again from the same time. */
  readonly failed: number;
  /** Where the next one starts, epoch seconds. */
  readonly until: number;
}

/**
 * Emits events for changes that Procore never reported: its webhooks are "best-effort, not guaranteed". It lists what
 * changed since a time and accepts each change as if it were a delivery. It can be run twice without harm.
 *
 * @param since epoch seconds; the `until` of the last run, less a minute or so for clocks and slow writes
 * @returns how many records there were, and where the next run starts
 * @throws ProcoreApiError, and what the client's lists throw, e.g. TruncatedListError
 * @see [Webhooks](https://developers.procore.com/documentation/webhooks)
 */
export async function reconcile<E extends ProcoreEnvironmentName>(
  dependencies: ReconcileDependencies<E>,
  resource: ReconciledResource,
  since: number,
): Promise<Reconciliation> {
  const until = Math.floor(dependencies.clock());
  const counts = { listed: 0, handled: 0, emitted: 0, known: 0, failed: 0 };
  const options = { ...(resource.query && { query: resource.query }) };
  for await (const record of dependencies.company.listChanged(resource.path, since, until, options)) {
    counts.listed += 1;
    const id = isJsonObject(record) ? exactId(record.id) : undefined;
    const updatedAt = isJsonObject(record) ? record.updated_at : undefined;
    if (id === undefined || typeof updatedAt !== 'string') {
      counts.failed += 1;
      continue;
    }
    const body = reconciledEvent(dependencies.company.companyId, resource, id, updatedAt);
    if (await wasHandled(body, dependencies)) {
      counts.handled += 1;
      continue;
    }
    const acceptance = await acceptDelivery(body, dependencies, 'reconciled');
    counts[acceptance === 'accepted' ? 'emitted' : acceptance === 'duplicate' ? 'known' : 'failed'] += 1;
  }
  dependencies.observer.note('reconciled', { resourceName: resource.resourceName, count: counts.emitted });
  return { ...counts, until };
}

/**
 * Writes a change as a v4.0 payload. Its id is made of resource, id and time of the change, so it is always the same.
 */
function reconciledEvent(
  companyId: string,
  { resourceName, projectId }: ReconciledResource,
  resourceId: string,
  updatedAt: string,
): Uint8Array {
  const id = sha256(JSON.stringify([resourceName, resourceId, updatedAt]));
  const event = {
    id: `reconciled-${id}`,
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

async function wasHandled<E extends ProcoreEnvironmentName>(
  body: Uint8Array,
  { ledger, observer }: ReconcileDependencies<E>,
): Promise<boolean> {
  const parsed = parseDelivery(body);
  if ('unreadable' in parsed) return false;
  const { event } = parsed;
  try {
    const { newestHandled } = await ledger.history(event);
    return newestHandled !== null && event.occurredAt !== null && newestHandled >= event.occurredAt;
  } catch (error) {
    observer.count('ledgerUnread');
    observer.note('reconcile.ledger_unread', { errorName: errorName(error) });
    return false;
  }
}
