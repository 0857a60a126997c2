import { ConnectorError } from '../connector-error.ts';
import { refusalOf } from '../procore/api-error.ts';
import type { ApiPath, CompanyClient } from '../procore/client.ts';
import { type ExactJson, type ExactJsonObject, exactId, isJsonObject } from '../procore/exact-json.ts';
import { type TriggerAction, triggerActions } from './subscription.ts';
import type { PayloadVersion } from './webhook-event.ts';

/** A hook as Procore has it. */
export interface Hook {
  readonly id: string;
  readonly status: 'active' | 'disabled';
  readonly payloadVersion: string;
  readonly namespace: string;
  readonly destinationUrl: string;
  /** Masked: stars and the last five characters; null when the hook sends none. */
  readonly authorization: string | null;
  /** undefined when Procore does not say. */
  readonly triggerCount: number | undefined;
  /** The project whose hook it is; null for a company's, or when Procore does not say. */
  readonly projectId: string | null;
}

/** The fields of a new hook. */
export interface HookFields {
  readonly payloadVersion: PayloadVersion;
  readonly namespace: string;
  readonly destinationUrl: string;
  /** The header's whole value, e.g. `Bearer …`. */
  readonly authorization: string;
}

/** A trigger that is wanted. */
export interface Trigger {
  readonly resourceName: string;
  readonly action: TriggerAction;
}

/** A trigger as Procore has it. */
export interface StoredTrigger {
  readonly id: string;
  readonly resourceName: string;
  /** One of ours in each of Procore's spellings, or one that we do not know, in lower case. */
  readonly action: string;
}

/** A resource of the webhook catalogue. */
export interface CatalogueEntry {
  readonly name: string;
  /** Ours in each of Procore's spellings, and those that we do not know, in lower case. */
  readonly actions: readonly string[];
}

/** A delivery of the list of deliveries. */
export interface ListedDelivery {
  readonly id: string;
  /** The event as JSON, ids beyond 2^53 as strings of their digits; null when Procore no longer has it. */
  readonly payload: ExactJson;
  /** Procore's word, e.g. `delivered`; an empty text when it does not say. */
  readonly status: string;
}

/** Procore's answer is not what its reference documents. */
export class HooksApiError extends ConnectorError {
  override readonly name = 'HooksApiError';
  readonly code = 'hooks_answer_invalid';
  constructor(method: string, path: string) {
    super(`${method} ${path}: the answer is not what the v2.0 reference of the webhook endpoints documents.`);
  }
}

/**
 * How lists are read. Some v2.0 endpoints refuse larger pages, and nobody waits for these lists.
 *
 * @see [PROCORE.md, section 5](../../lib/procore-stand-in/PROCORE.md#5-paging-and-incremental-reads)
 */
const paging = { perPage: 100, readAhead: 1, mostPages: 1000 } as const;
/** Most triggers in one bulk call. */
const mostInBulk = 500;

/** The v2.0 webhook endpoints of one company; a `projectId` of null means the company's own hooks. */
export interface HooksApi {
  /**
   * Lists the hooks of a project, or of the company. No document says whether a company's list has those of its projects:
   * look at their `projectId`.
   */
  listHooks(projectId: string | null, namespace: string): Promise<readonly Hook[]>;
  createHook(projectId: string | null, fields: HookFields): Promise<Hook>;
  changeHook(
    projectId: string | null,
    hookId: string,
    change: Partial<HookFields> & { readonly status?: Hook['status'] },
  ): Promise<void>;
  /** Deletes a hook. It is a success when the hook is gone already. */
  deleteHook(projectId: string | null, hookId: string): Promise<void>;
  /** Lists the triggers of a hook that was just seen. */
  listTriggers(projectId: string | null, hookId: string): Promise<readonly StoredTrigger[]>;
  /** Creates triggers in bulk. Procore's answer about single triggers has two shapes: list them to see what is kept. */
  createTriggers(projectId: string | null, hookId: string, triggers: readonly Trigger[]): Promise<void>;
  deleteTriggers(projectId: string | null, hookId: string, triggerIds: readonly string[]): Promise<void>;
  catalogue(projectId: string | null, payloadVersion: PayloadVersion): Promise<readonly CatalogueEntry[]>;
  /**
   * Lists the deliveries of a hook that was just seen, with a status and a day from `startDay` (yyyy-mm-dd) on, as far as
   * the caller reads.
   */
  deliveries(
    projectId: string | null,
    hookId: string,
    filter: { readonly status?: 'failed' | 'discarded'; readonly startDay: string },
  ): AsyncIterable<ListedDelivery>;
  /** Lists the ids of all projects that the connection sees. */
  listProjects(): Promise<readonly string[]>;
}

/**
 * Calls Procore's webhook endpoints, version 2.0. Version 1.0 is deprecated, and Procore refuses deprecated endpoints
 * to new apps.
 *
 * @returns the endpoints. Each call throws HooksApiError when the answer is not valid, ProcoreApiError when Procore
 * refuses the call, and what the client's lists and its source of tokens throw
 * @see [Webhooks API](https://developers.procore.com/documentation/webhooks-api)
 */
export function hooksApi(client: CompanyClient): HooksApi {
  const { companyId } = client;
  const base = (projectId: string | null): ApiPath =>
    `/rest/v2.0/companies/${companyId}${projectId === null ? '' : `/projects/${projectId}`}/webhooks`;
  const hookPath = (projectId: string | null, hookId: string): ApiPath => `${base(projectId)}/hooks/${hookId}`;

  async function* list<Entry>(
    path: ApiPath,
    query: Readonly<Record<string, string>>,
    read: (entry: ExactJsonObject) => Entry | undefined,
  ): AsyncGenerator<Entry> {
    for await (const entry of client.list(path, { query, ...paging })) {
      const value = isJsonObject(entry) ? read(entry) : undefined;
      if (value === undefined) throw new HooksApiError('GET', path);
      yield value;
    }
  }

  return {
    listHooks: (projectId, namespace) =>
      collect(list(`${base(projectId)}/hooks`, { namespace, include_trigger_count: 'true' }, readHook)),

    async createHook(projectId, fields) {
      const path = `${base(projectId)}/hooks` as const;
      const { body } = await client.post(path, writeHook(fields));
      const hook = isJsonObject(body) && isJsonObject(body.data) ? readHook(body.data) : undefined;
      if (hook === undefined) throw new HooksApiError('POST', path);
      return hook;
    },

    async changeHook(projectId, hookId, { status, ...fields }) {
      await client.patch(hookPath(projectId, hookId), { ...writeHook(fields), ...(status && { status }) });
    },

    deleteHook: (projectId, hookId) => deleteIfThere(client, hookPath(projectId, hookId)),

    listTriggers: (projectId, hookId) =>
      collect(ofSeenHook(list(`${hookPath(projectId, hookId)}/triggers`, {}, readTrigger))),

    async createTriggers(projectId, hookId, triggers) {
      for (const some of inBulk(triggers)) {
        const body = some.map(({ resourceName, action }) => ({ resource_name: resourceName, event_type: action }));
        await client.post(`${hookPath(projectId, hookId)}/triggers/bulk`, body);
      }
    },

    async deleteTriggers(projectId, hookId, triggerIds) {
      for (const id of triggerIds) await deleteIfThere(client, `${hookPath(projectId, hookId)}/triggers/${id}`);
    },

    catalogue: (projectId, payloadVersion) =>
      collect(list(`${base(projectId)}/resources`, { payload_version: payloadVersion }, readCatalogueEntry)),

    deliveries: (projectId, hookId, { status, startDay }) =>
      ofSeenHook(
        list(
          `${hookPath(projectId, hookId)}/deliveries`,
          { ...(status && { 'filter[status]': status }), 'filter[start]': startDay },
          readDelivery,
        ),
      ),

    listProjects: () => collect(list('/rest/v1.0/projects', { company_id: companyId }, ({ id }) => exactId(id))),
  };
}

/** Deletes something. A 404 is a success: it is gone already. */
async function deleteIfThere(client: CompanyClient, path: ApiPath): Promise<void> {
  try {
    await client.delete(path);
  } catch (error) {
    if (refusalOf(error)?.status !== 404) throw error;
  }
}

/**
 * Reads a list of a hook that exists. Procore was seen to answer 404 while it is empty. An HTML page says that the path
 * is wrong, so it is not taken for an empty list.
 *
 * @see [PROCORE.md, section 3.6](../../lib/procore-stand-in/PROCORE.md#36-deliveries)
 */
async function* ofSeenHook<Entry>(entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  let isEmpty = true;
  try {
    for await (const entry of entries) {
      isEmpty = false;
      yield entry;
    }
  } catch (error) {
    const refusal = refusalOf(error);
    if (!isEmpty || refusal?.status !== 404 || /^\s*</.test(refusal.text)) throw error;
  }
}

async function collect<Entry>(entries: AsyncIterable<Entry>): Promise<readonly Entry[]> {
  const all: Entry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

function* inBulk<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let index = 0; index < items.length; index += mostInBulk) yield items.slice(index, index + mostInBulk);
}

function writeHook({ payloadVersion, namespace, destinationUrl, authorization }: Partial<HookFields>) {
  return {
    ...(payloadVersion !== undefined && { payload_version: payloadVersion }),
    ...(namespace !== undefined && { namespace }),
    ...(destinationUrl !== undefined && { destination_url: destinationUrl }),
    ...(authorization !== undefined && { destination_headers: { Authorization: authorization } }),
  };
}

function textOf(value: ExactJson | undefined): string {
  return typeof value === 'string' ? value : '';
}

function readHook(hook: ExactJsonObject): Hook | undefined {
  const id = exactId(hook.id);
  if (id === undefined) return undefined;
  const headers = isJsonObject(hook.destination_headers) ? hook.destination_headers : {};
  return {
    id,
    // A hook counts as active unless Procore says that it is disabled.
    status: hook.status === 'disabled' ? 'disabled' : 'active',
    payloadVersion: textOf(hook.payload_version),
    namespace: textOf(hook.namespace),
    destinationUrl: textOf(hook.destination_url),
    authorization: textOf(headers.Authorization) || null,
    triggerCount: typeof hook.trigger_count === 'number' ? hook.trigger_count : undefined,
    projectId: exactId(hook.project_id) ?? null,
  };
}

/** Requests say `create`; answers were seen to say `create`, `CREATE` and `CREATED`. */
function readAction(value: ExactJson | undefined): string {
  const text = textOf(value).toLowerCase();
  return triggerActions.find((action) => [action, `${action}d`].includes(text)) ?? text;
}

function readTrigger(trigger: ExactJsonObject): StoredTrigger | undefined {
  const id = exactId(trigger.id);
  const action = readAction(trigger.event_type);
  const resourceName = textOf(trigger.resource_name);
  return id === undefined || action === '' || resourceName === '' ? undefined : { id, action, resourceName };
}

function readCatalogueEntry(entry: ExactJsonObject): CatalogueEntry | undefined {
  const name = textOf(entry.name);
  const given = Array.isArray(entry.actions) ? (entry.actions as readonly ExactJson[]) : [];
  return name === '' ? undefined : { name, actions: given.map(readAction).filter((action) => action !== '') };
}

function readDelivery({ id: given, payload, status }: ExactJsonObject): ListedDelivery | undefined {
  const id = exactId(given);
  // A delivery without a payload goes into quarantine, so that those behind it are read.
  return id === undefined ? undefined : { id, payload: payload ?? null, status: textOf(status).toLowerCase() };
}
