import { ConnectorError } from '../connector-error.ts';
import { type ExactJson, type ExactJsonInput, exactId, isJsonObject } from './exact-json.ts';

/**
 * The most records that Procore takes in one sync action.
 *
 * @see https://developers.procore.com/documentation/using-sync-actions
 */
export const mostInSync = 1000;

/** The member of a sync action's body that has the records: the budget's lines have a name of their own. */
type SyncName = 'updates' | 'budget_line_items';

/** A record to create or update. */
export type SyncUpdate = Readonly<Record<string, ExactJsonInput | undefined>>;

/** How one record of a sync action ended. */
export type SyncResult =
  | { readonly update: SyncUpdate; readonly outcome: 'saved'; readonly entity: ExactJson }
  | { readonly update: SyncUpdate; readonly outcome: 'failed'; readonly errors: ExactJson }
  /** Procore's answer names it neither among the saved records nor among the failed ones. */
  | { readonly update: SyncUpdate; readonly outcome: 'unanswered' };

/** Options of a sync action. */
export interface SyncOptions {
  /** Fields that the endpoint needs besides `updates`, e.g. `{ company_id: '1' }`. */
  readonly fields?: SyncUpdate;
  /**
   * Whether records without id and origin_id may be created: a repetition creates them twice.
   *
   * @default false
   */
  readonly createsWithoutOriginId?: boolean;
  /** Called after each chunk. */
  readonly onProgress?: (done: number, of: number) => void;
}

/** A record could not be recognised again after it was created. */
export class UnidentifiedUpdateError extends ConnectorError {
  override readonly name = 'UnidentifiedUpdateError';
  readonly code = 'unidentified_update';
  constructor(index: number) {
    super(
      `Record ${index} of the sync has neither id nor origin_id: a repetition would create it twice. Give it an ` +
        'origin_id (your own key of it), or allow it with createsWithoutOriginId.',
    );
  }
}

/** A chunk failed as a whole. `results` has what was done before it. */
export class SyncInterruptedError extends ConnectorError {
  override readonly name = 'SyncInterruptedError';
  readonly code = 'sync_interrupted';
  declare readonly results: readonly SyncResult[];
  constructor(results: readonly SyncResult[], total: number, cause: unknown) {
    const why = cause instanceof Error ? ` ${cause.message}` : '';
    super(`The sync ended after ${results.length} of ${total} records.${why}`, { cause });
    Object.defineProperty(this, 'results', { value: results, enumerable: false });
  }
}

/**
 * Creates and updates records in chunks of 1,000, one after the other.
 *
 * @param name the member of the body that has the records
 * @param send makes one sync call with such a body; it must be repeatable
 * @returns how each record ended, in the order given: Procore answers 200 even if records failed
 * @throws UnidentifiedUpdateError before anything is sent; SyncInterruptedError
 */
export async function syncInChunks(
  updates: readonly SyncUpdate[],
  { fields = {}, createsWithoutOriginId = false, onProgress }: SyncOptions,
  name: SyncName,
  send: (body: { readonly [key: string]: ExactJsonInput | undefined }) => Promise<ExactJson>,
): Promise<readonly SyncResult[]> {
  const unidentified = updates.findIndex((update) => keysOf(update).length === 0);
  if (unidentified >= 0 && !createsWithoutOriginId) throw new UnidentifiedUpdateError(unidentified);
  const results: SyncResult[] = [];
  for (let start = 0; start < updates.length; start += mostInSync) {
    const chunk = updates.slice(start, start + mostInSync);
    try {
      results.push(...matchResults(chunk, await send({ ...fields, [name]: chunk })));
    } catch (error) {
      throw new SyncInterruptedError(results, updates.length, error);
    }
    onProgress?.(results.length, updates.length);
  }
  return results;
}

/**
 * Finds each record's outcome in the answer of a sync action: by origin_id or id. Records with neither take what is
 * left over, in order.
 *
 * @returns one result a record, in the order given
 */
export function matchResults(chunk: readonly SyncUpdate[], answer: ExactJson): SyncResult[] {
  const read = (name: string) => {
    const list = isJsonObject(answer) ? answer[name] : undefined;
    return Array.isArray(list) ? (list as readonly ExactJson[]) : [];
  };
  // The budget's lines come as a list alone: if one cannot be saved, the whole call fails.
  const saved = index(Array.isArray(answer) ? (answer as readonly ExactJson[]) : read('entities'));
  const failed = index(read('errors'));
  return chunk.map((update): SyncResult => {
    const keys = keysOf(update);
    const failure = failed.take(keys);
    if (failure !== undefined) {
      const errors = isJsonObject(failure) && failure.errors !== undefined ? failure.errors : failure;
      return { update, outcome: 'failed', errors };
    }
    const entity = saved.take(keys);
    return entity === undefined ? { update, outcome: 'unanswered' } : { update, outcome: 'saved', entity };
  });
}

/** A record's own keys, the one that Procore looks it up by first. */
function keysOf(record: { readonly [key: string]: unknown }): string[] {
  const text = (value: unknown) =>
    typeof value === 'bigint' ? String(value) : exactId(value as ExactJson | undefined);
  const [id, originId] = [text(record.id), text(record.origin_id)];
  return [...(id === undefined ? [] : [`id ${id}`]), ...(originId === undefined ? [] : [`origin ${originId}`])];
}

function index(records: readonly ExactJson[]) {
  const left = new Set(records);
  const byKey = new Map<string, ExactJson>();
  for (const record of records) if (isJsonObject(record)) for (const key of keysOf(record)) byKey.set(key, record);
  return {
    take(keys: readonly string[]): ExactJson | undefined {
      const found =
        keys.length > 0
          ? keys.map((key) => byKey.get(key)).find((record) => record !== undefined && left.has(record))
          : [...left].find((record) => isJsonObject(record) && exactId(record.origin_id) === undefined);
      if (found !== undefined) left.delete(found);
      return found;
    },
  };
}
