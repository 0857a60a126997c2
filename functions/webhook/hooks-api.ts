import { ConnectorError } from '../connector-error.ts';
import type { ApiPath } from '../procore/client.ts';
import { type ExactJson, type ExactJsonObject, exactId, isJsonObject } from '../procore/exact-json.ts';
import type { ApiAnswer, ApiCall, ApiRequest } from './api-call.ts';
import type { TriggerAction } from './subscription.ts';
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
  /** undefined where Procore does not say. */
  readonly triggerCount: number | undefined;
}

/** What a new hook is given. */
export interface HookFields {
  readonly payloadVersion: PayloadVersion;
  readonly namespace: string;
  readonly destinationUrl: string;
  /** The header's whole value, e.g. `Bearer …`. */
  readonly authorization: string;
}

/** A trigger, its action read whatever way Procore spells it. */
export interface Trigger {
  readonly resourceName: string;
  readonly action: TriggerAction;
}

/** A trigger as Procore has it. */
export interface StoredTrigger extends Trigger {
  readonly id: string;
}

/** A name of the catalogue. */
export interface CatalogueEntry {
  readonly name: string;
  readonly actions: readonly TriggerAction[];
}

/** A delivery that Procore gave up. */
export interface LostDelivery {
  readonly id: string;
  /** The event as JSON, ids beyond 2^53 as strings of their digits; null where Procore has none any more. */
  readonly payload: ExactJson;
}

/** Procore has no such company, project or hook, or answers what its reference does not document. */
export class HooksApiError extends ConnectorError {
  override readonly name = 'HooksApiError';
  readonly code = 'hooks_api_refused';
  /** HTTP status. */
  readonly status: number;
  constructor({ method, path }: ApiRequest, { status }: ApiAnswer) {
    const what =
      status === 404
        ? 'There is no such company, project or hook that the connection can see.'
        : 'The answer is not what the v2.0 reference of the webhook endpoints documents.';
    super(`${method} ${path}: status ${status}. ${what}`);
    this.status = status;
  }
}

/**
 * Some v2.0 endpoints refuse more.
 *
 * @see [PROCORE.md, section 5](../../lib/procore-stand-in/PROCORE.md#5-paging-and-incremental-reads)
 */
const pageSize = 100;
/** Most triggers in one bulk call. */
const mostInBulk = 500;
/** A list that does not end within so many pages is refused: something is wrong with its paging. */
const mostPages = 1000;

/** The v2.0 webhook endpoints of one company; a `projectId` of null means the company's own hooks. */
export interface HooksApi {
  listHooks(projectId: string | null, namespace: string): Promise<readonly Hook[]>;
  createHook(projectId: string | null, fields: HookFields): Promise<Hook>;
  changeHook(
    projectId: string | null,
    hookId: string,
    change: Partial<HookFields> & { readonly status?: Hook['status'] },
  ): Promise<void>;
  /** Deletes a hook; one that is gone already is no error. */
  deleteHook(projectId: string | null, hookId: string): Promise<void>;
  listTriggers(projectId: string | null, hookId: string): Promise<readonly StoredTrigger[]>;
  /** Creates triggers in bulk. What Procore says about single ones comes in two shapes: list again to know. */
  createTriggers(projectId: string | null, hookId: string, triggers: readonly Trigger[]): Promise<void>;
  deleteTriggers(projectId: string | null, hookId: string, triggerIds: readonly string[]): Promise<void>;
  catalogue(projectId: string | null, payloadVersion: PayloadVersion): Promise<readonly CatalogueEntry[]>;
  /** Lists the deliveries of a status whose day is `startDay` (yyyy-mm-dd) or later, as far as the caller reads. */
  deliveries(
    projectId: string | null,
    hookId: string,
    filter: { readonly status?: 'failed' | 'discarded'; readonly startDay: string },
  ): AsyncIterable<LostDelivery>;
  /** Lists the ids of all projects that the connection sees. */
  listProjects(): Promise<readonly string[]>;
}

/**
 * Speaks Procore's webhook endpoints, version 2.0 (v1.0 is deprecated, and new apps are refused deprecated endpoints).
 *
 * @returns the endpoints; each call throws HooksApiError for an answer that is none, and what `call` throws
 * @see https://developers.procore.com/documentation/webhooks-api
 */
export function hooksApi(call: ApiCall, companyId: string): HooksApi {
  const base = (projectId: string | null): ApiPath =>
    `/rest/v2.0/companies/${companyId}${projectId === null ? '' : `/projects/${projectId}`}/webhooks`;
  const hookPath = (projectId: string | null, hookId: string): ApiPath => `${base(projectId)}/hooks/${hookId}`;

  async function send(request: ApiRequest, ...expected: readonly number[]): Promise<ApiAnswer> {
    const answer = await call(request);
    if (!expected.includes(answer.status)) throw new HooksApiError(request, answer);
    return answer;
  }

  async function* pages<Entry>(
    path: ApiPath,
    query: Readonly<Record<string, string>>,
    read: (entry: ExactJsonObject) => Entry | undefined,
  ): AsyncGenerator<Entry> {
    for (let page = 1; ; page += 1) {
      const request: ApiRequest = {
        method: 'GET',
        path,
        query: { ...query, page: String(page), per_page: String(pageSize) },
      };
      const answer = await send(request, 200);
      const entries = listOf(answer.body);
      if (entries === undefined) throw new HooksApiError(request, answer);
      for (const entry of entries) {
        const value = isJsonObject(entry) ? read(entry) : undefined;
        if (value === undefined) throw new HooksApiError(request, answer);
        yield value;
      }
      // Whether every list has a Link header is not documented: without one a full page may have a next.
      if (!(answer.hasNext ?? entries.length >= pageSize)) return;
      if (page === mostPages) throw new HooksApiError(request, answer);
    }
  }

  return {
    listHooks: (projectId, namespace) =>
      collect(pages(`${base(projectId)}/hooks`, { namespace, include_trigger_count: 'true' }, readHook)),

    async createHook(projectId, fields) {
      const request: ApiRequest = { method: 'POST', path: `${base(projectId)}/hooks`, body: writeHook(fields) };
      return hookOf(request, await send(request, 201, 200));
    },

    async changeHook(projectId, hookId, { status, ...fields }) {
      const body = { ...writeHook(fields), ...(status && { status }) };
      await send({ method: 'PATCH', path: hookPath(projectId, hookId), body }, 200, 204);
    },

    async deleteHook(projectId, hookId) {
      await send({ method: 'DELETE', path: hookPath(projectId, hookId) }, 204, 200, 404);
    },

    listTriggers: (projectId, hookId) => collect(pages(`${hookPath(projectId, hookId)}/triggers`, {}, readTrigger)),

    async createTriggers(projectId, hookId, triggers) {
      for (const some of inBulk(triggers)) {
        const body = some.map(({ resourceName, action }) => ({ resource_name: resourceName, event_type: action }));
        await send({ method: 'POST', path: `${hookPath(projectId, hookId)}/triggers/bulk`, body }, 201, 207, 200);
      }
    },

    async deleteTriggers(projectId, hookId, triggerIds) {
      for (const id of triggerIds) {
        await send({ method: 'DELETE', path: `${hookPath(projectId, hookId)}/triggers/${id}` }, 204, 200, 404);
      }
    },

    catalogue: (projectId, payloadVersion) =>
      collect(pages(`${base(projectId)}/resources`, { payload_version: payloadVersion }, readCatalogueEntry)),

    deliveries: (projectId, hookId, { status, startDay }) =>
      pages(
        `${hookPath(projectId, hookId)}/deliveries`,
        { ...(status && { 'filter[status]': status }), 'filter[start]': startDay },
        readDelivery,
      ),

    listProjects: () => collect(pages('/rest/v1.0/projects', { company_id: companyId }, ({ id }) => exactId(id))),
  };
}

async function collect<Entry>(entries: AsyncIterable<Entry>): Promise<readonly Entry[]> {
  const all: Entry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

function hookOf(request: ApiRequest, answer: ApiAnswer): Hook {
  const data = isJsonObject(answer.body) && isJsonObject(answer.body.data) ? answer.body.data : undefined;
  const hook = data && readHook(data);
  if (hook === undefined) throw new HooksApiError(request, answer);
  return hook;
}

/** v2.0 wraps lists in `data`, v1 does not. */
function listOf(body: ExactJson | undefined): readonly ExactJson[] | undefined {
  const list = isJsonObject(body) ? body.data : body;
  return Array.isArray(list) ? (list as readonly ExactJson[]) : undefined;
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
    // Whatever is not said to be disabled is believed to be active.
    status: hook.status === 'disabled' ? 'disabled' : 'active',
    payloadVersion: textOf(hook.payload_version),
    namespace: textOf(hook.namespace),
    destinationUrl: textOf(hook.destination_url),
    authorization: textOf(headers.Authorization) || null,
    triggerCount: typeof hook.trigger_count === 'number' ? hook.trigger_count : undefined,
  };
}

/** Requests say `create`; answers were seen to say `create`, `CREATE` and `CREATED`. */
function readAction(value: ExactJson | undefined): TriggerAction | undefined {
  const stem = textOf(value).toLowerCase();
  return (['create', 'update', 'delete'] as const).find((action) => stem.startsWith(action.slice(0, -1)));
}

function readTrigger(trigger: ExactJsonObject): StoredTrigger | undefined {
  const id = exactId(trigger.id);
  const action = readAction(trigger.event_type);
  const resourceName = textOf(trigger.resource_name);
  return id === undefined || action === undefined || resourceName === '' ? undefined : { id, action, resourceName };
}

function readCatalogueEntry(entry: ExactJsonObject): CatalogueEntry | undefined {
  const name = textOf(entry.name);
  const given = Array.isArray(entry.actions) ? (entry.actions as readonly ExactJson[]) : [];
  return name === '' ? undefined : { name, actions: given.flatMap((action) => readAction(action) ?? []) };
}

function readDelivery({ id: given, payload }: ExactJsonObject): LostDelivery | undefined {
  const id = exactId(given);
  // One without a payload goes into quarantine: it must not keep those behind it from being read.
  return id === undefined ? undefined : { id, payload: payload ?? null };
}
