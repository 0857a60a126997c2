import { errorName } from '../connector-error.ts';
import { type ExactJson, exactId, isJsonObject } from '../procore/exact-json.ts';
import { type AcceptanceDependencies, acceptDelivery } from './acceptance.ts';
import type { Ledger } from './ledger.ts';
import { parseDelivery } from './parse.ts';
import { recordEvent } from './record-event.ts';

/** Whose records are listed, and the name under which their events come. */
export interface ListedResource {
  readonly companyId: string;
  /** As webhooks name it, e.g. `RFIs`. */
  readonly resourceName: string;
  /** null for a resource of the company itself. */
  readonly projectId: string | null;
}

/** What {@link emitChange} needs. */
export interface EmitDependencies extends AcceptanceDependencies {
  readonly ledger: Pick<Ledger, 'find' | 'record' | 'history'>;
}

/**
 * What became of a record that was listed:
 * - `emitted`: it is on the queue as an event.
 * - `handled`: `onEvent` has already handled an event that is as new as the change.
 * - `known`: an earlier reconciliation has emitted it.
 * - `unusable`: it has no id or no `updated_at`, so there can be no event of it.
 * - `failed`: it could not be queued. The list has to be read again from the same time.
 */
export type ChangeOutcome = 'emitted' | 'handled' | 'known' | 'unusable' | 'failed';

/**
 * Emits an event for a change that was found in a list: Procore's webhooks are "best-effort, not guaranteed". The change is
 * accepted as if it were a delivery, so it can be found twice without harm.
 *
 * @see [Webhooks](https://developers.procore.com/documentation/webhooks)
 */
export async function emitChange(
  record: ExactJson,
  { companyId, resourceName, projectId }: ListedResource,
  dependencies: EmitDependencies,
): Promise<ChangeOutcome> {
  const resourceId = isJsonObject(record) ? exactId(record.id) : undefined;
  const updatedAt = isJsonObject(record) ? record.updated_at : undefined;
  if (resourceId === undefined || typeof updatedAt !== 'string') return 'unusable';
  const found = { companyId, resourceName, resourceId, updatedAt, ...(projectId !== null && { projectId }) };
  const body = recordEvent('reconciled', found);
  if (await wasHandled(body, dependencies)) return 'handled';
  const acceptance = await acceptDelivery(body, dependencies, 'reconciled');
  return acceptance === 'accepted'
    ? 'emitted'
    : acceptance === 'duplicate' || acceptance === 'erased'
      ? 'known'
      : 'failed';
}

async function wasHandled(body: Uint8Array, { ledger, observer }: EmitDependencies): Promise<boolean> {
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
