import { answerEmptySubList, answerList, refuseCall, type StandInCall } from './api-call.ts';
import { denyCompany, denyProject, missingHeader } from './api-resources.ts';
import type { Delivery } from './deliveries.ts';
import { readHookFields, writeDelivery, writeHook } from './hook-bodies.ts';
import { type Hook, payloadVersions, webhookResources } from './hooks.ts';
import type { HooksApiContext } from './hooks-api-context.ts';
import { type Answer, jsonAnswer, readJson, textAnswer } from './http-exchange.ts';
import { answerTriggers } from './triggers-api.ts';
import { findProject } from './world.ts';

/**
 * Answers the v2.0 webhook endpoints, and refuses the deprecated v1.0 ones; undefined for any other path.
 *
 * @see [PROCORE.md, section 3.2](PROCORE.md#32-endpoints-of-v20)
 */
export function answerHooks(call: StandInCall, context: HooksApiContext): Answer | undefined {
  const path = call.request.url.pathname;
  if (path.startsWith('/rest/v1.0/webhooks/')) return refuseCall(call, 'deprecated');
  const match =
    /^\/rest\/v2\.0\/companies\/(\d+)(?:\/projects\/(\d+))?\/webhooks\/(hooks|resources)(?:\/(\d+))?(\/.*)?$/.exec(
      path,
    );
  if (!match) return undefined;
  const [, companyId = '', projectId = null, collection, hookId, rest] = match;
  if (call.companyId === undefined) return missingHeader(call, call.request.method === 'GET' && hookId === undefined);
  const denied =
    projectId === null
      ? denyCompany(call, companyId)
      : denyProject(call, findProject(call.world, projectId), companyId, true);
  if (denied) return denied;

  const owner = { companyId, projectId };
  if (collection === 'resources') {
    return hookId === undefined && rest === undefined ? listResources(call, projectId) : refuseCall(call, 'notFound');
  }
  if (hookId === undefined) return rest === undefined ? answerCollection(call, context, owner) : undefined;
  const hook = context.hooks.find(hookId);
  if (!hook || hook.companyId !== companyId || hook.projectId !== projectId) return refuseCall(call, 'notFound');
  if (rest === undefined) return answerHook(call, context, hook);
  if (rest === '/deliveries' && call.request.method === 'GET') return listDeliveries(call, context, hook);
  return answerTriggers(call, context, hook, rest);
}

type HookOwner = Pick<Hook, 'companyId' | 'projectId'>;

function answerCollection(call: StandInCall, context: HooksApiContext, owner: HookOwner): Answer | undefined {
  if (call.request.method === 'GET') return listHooks(call, context, owner);
  if (call.request.method !== 'POST') return undefined;
  const reading = readHookFields(readJson(call.request));
  if ('message' in reading) return refuseCall(call, 'badRequest', reading);
  const { payloadVersion, namespace, destinationUrl, authorization } = reading.fields;
  if (!payloadVersion || namespace === undefined || destinationUrl === undefined) {
    const property = !payloadVersion ? 'payload_version' : namespace === undefined ? 'namespace' : 'destination_url';
    return refuseCall(call, 'badRequest', { property, message: `${property} is required` });
  }
  const hook = context.hooks.add(owner, { payloadVersion, namespace, destinationUrl, authorization });
  return jsonAnswer(201, { data: writeHook(hook, context.book, true) });
}

function listHooks(call: StandInCall, { hooks, book }: HooksApiContext, owner: HookOwner): Answer {
  const query = call.request.url.searchParams;
  const namespace = query.get('namespace');
  if (namespace === null && owner.projectId === null) {
    return refuseCall(call, 'badRequest', { property: 'namespace', message: 'namespace is required' });
  }
  const all =
    namespace === null
      ? call.unknowns.namespaceLeftOut === 'all'
      : namespace === '*' && call.unknowns.namespaceStar === 'all';
  const version = query.get('payload_version');
  const listsAll = call.unknowns.companyListsProjectHooks;
  const found = hooks
    .all()
    .filter(({ companyId }) => companyId === owner.companyId)
    .filter(({ projectId }) => projectId === owner.projectId || (listsAll && owner.projectId === null))
    .filter((hook) => all || hook.namespace === (namespace ?? 'procore'))
    .filter((hook) => version === null || hook.payloadVersion === version);
  const withCount = query.get('include_trigger_count') === 'true';
  return answerList(call, 'hooks', found, (hook) => writeHook(hook, book, withCount));
}

function answerHook(call: StandInCall, { hooks, book }: HooksApiContext, hook: Hook): Answer | undefined {
  switch (call.request.method) {
    case 'GET':
      return jsonAnswer(200, { data: writeHook(hook, book, true) });
    case 'PATCH': {
      const reading = readHookFields(readJson(call.request));
      if ('message' in reading) return refuseCall(call, 'badRequest', reading);
      return jsonAnswer(200, { data: writeHook(hooks.change(hook.id, reading.fields) ?? hook, book, true) });
    }
    case 'DELETE':
      hooks.remove(hook.id);
      return textAnswer(204, '');
    default:
      return undefined;
  }
}

function listResources(call: StandInCall, projectId: string | null): Answer {
  const version = call.request.url.searchParams.get('payload_version');
  if (!payloadVersions.some((known) => known === version)) {
    return refuseCall(call, 'badRequest', { property: 'payload_version', message: 'payload_version is required' });
  }
  const resources = projectId === null ? webhookResources.company : webhookResources.project;
  return answerList(call, 'webhook resources', resources, ({ category, tool, name, actions }) => ({
    category,
    tool,
    name,
    payload_version: version,
    actions,
  }));
}

/**
 * The data says `delivered` where the filter says `succeeded`.
 *
 * @see [PROCORE.md, section 3.6](PROCORE.md#36-deliveries)
 */
const statusFilters: Readonly<Record<string, Delivery['status']>> = {
  succeeded: 'delivered',
  failed: 'failed',
  discarded: 'discarded',
  enqueued: 'enqueued',
  retrying: 'retrying',
};

function listDeliveries(call: StandInCall, { deliveries, book }: HooksApiContext, hook: Hook): Answer {
  const query = call.request.url.searchParams;
  const status = query.get('filter[status]');
  if (status !== null && !Object.hasOwn(statusFilters, status)) {
    return refuseCall(call, 'badRequest', {
      property: 'filter[status]',
      message: 'filter[status] is not a valid value',
    });
  }
  const [start, end] = ['filter[start]', 'filter[end]'].map((name) => query.get(name));
  for (const [name, date] of [
    ['filter[start]', start],
    ['filter[end]', end],
  ] as const) {
    if (typeof date === 'string' && !/^\d{4}-\d{2}-\d{2}$/.test(date)) {
      return refuseCall(call, 'badRequest', { property: name, message: `${name} must be a date yyyy-mm-dd` });
    }
  }
  const resourceName = query.get('filter[resource_name]');
  const eventType = query.get('filter[event_type]');
  const found = deliveries
    .list(hook.id)
    .filter((delivery) => status === null || delivery.status === statusFilters[status])
    .filter((delivery) => resourceName === null || delivery.resourceName === resourceName)
    .filter((delivery) => eventType === null || delivery.eventType === eventType)
    .filter(({ createdAt }) => {
      const day = new Date(createdAt).toISOString().slice(0, 10);
      return (!start || start <= day) && (!end || day <= end);
    });
  if (call.unknowns.deliveriesOrder === 'newest-first') found.reverse();
  if (deliveries.list(hook.id).length === 0 && call.unknowns.emptySubList !== 'empty') return answerEmptySubList(call);
  return answerList(call, 'deliveries', found, (delivery) => writeDelivery(delivery, book));
}
