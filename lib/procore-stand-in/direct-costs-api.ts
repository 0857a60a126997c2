import { answerList, refuseCall, type StandInCall } from './api-call.ts';
import { denyProject, missingHeader } from './api-resources.ts';
import { isRecord, rawJson } from './exact-json.ts';
import { type Answer, jsonAnswer, readJson } from './http-exchange.ts';
import { type DirectCost, findProject, type Project } from './world.ts';

/** Most records of one sync action. @see [PROCORE.md, section 7](PROCORE.md#7-sync-actions) */
const mostInSync = 1000;

/** What a body asks to store. */
type Reading = Omit<DirectCost, 'id'> | { readonly property: string; readonly message: string };

/**
 * Answers a project's direct costs: list, create, update and sync, with Procore's rules about `origin_id`; undefined for
 * any other path or method.
 *
 * @see [PROCORE.md, section 7](PROCORE.md#7-sync-actions)
 */
export function answerDirectCosts(call: StandInCall): Answer | undefined {
  const { request, world } = call;
  const match = /^\/rest\/v1\.0\/projects\/(\d+)\/direct_costs(?:\/(\d+|sync))?$/.exec(request.url.pathname);
  if (!match) return undefined;
  if (call.companyId === undefined) return missingHeader(call, request.method === 'GET');
  const project = findProject(world, match[1] ?? '');
  const denied = denyProject(call, project, project?.companyId, true);
  if (denied || !project) return denied ?? refuseCall(call, 'notFound');
  const { costs } = project;
  const target = match[2];

  if (request.method === 'GET' && target === undefined) {
    const originId = request.url.searchParams.get('filters[origin_id]');
    const found = costs.filter((cost) => originId === null || cost.originId === originId);
    return answerList(call, 'direct costs', found, writeCost);
  }
  const body = readJson(request);
  if (!isRecord(body)) return refuseCall(call, 'badRequest', { property: 'base', message: 'Malformed JSON' });
  if (request.method === 'PATCH' && target === 'sync') return sync({ ...call, project }, body.updates);
  const existing = costs.find(({ id }) => id === target);
  if (request.method === 'PATCH' && target !== undefined && !existing) return refuseCall(call, 'notFound');
  if (!(request.method === 'POST' && target === undefined) && !(request.method === 'PATCH' && existing))
    return undefined;
  if (!isRecord(body.direct_cost)) {
    return refuseCall(call, 'badRequest', {
      property: 'direct_cost',
      message: 'param is missing or the value is empty',
    });
  }
  const reading = readCost(call, costs, body.direct_cost, existing);
  if ('message' in reading) return refuseCall(call, 'unprocessable', reading);
  return jsonAnswer(existing ? 200 : 201, writeCost(storeAndTell({ ...call, project }, reading, existing)));
}

type ProjectCall = StandInCall & { readonly project: Project };

function sync(call: ProjectCall, updates: unknown): Answer {
  const { costs } = call.project;
  if (!Array.isArray(updates)) return refuseCall(call, 'badRequest', { property: 'updates', message: 'is required' });
  if (updates.length > mostInSync) {
    return refuseCall(call, 'unprocessable', { property: 'updates', message: `At most ${mostInSync} updates` });
  }
  const entities: unknown[] = [];
  const errors: unknown[] = [];
  for (const update of updates) {
    const fields = isRecord(update) ? update : {};
    const byId = fields.id === undefined ? undefined : costs.find(({ id }) => id === String(read(fields.id)));
    const byOrigin = costs.find(({ originId }) => originId !== null && originId === read(fields.origin_id));
    const existing = byId ?? (fields.id === undefined ? byOrigin : undefined);
    const reading =
      fields.id !== undefined && !byId
        ? { property: 'id', message: 'Entity with this ID not found' }
        : readCost(call, costs, fields, existing);
    if ('message' in reading) errors.push({ ...fields, errors: { [reading.property]: [reading.message] } });
    else entities.push(writeCost(storeAndTell(call, reading, existing)));
  }
  return jsonAnswer(200, { entities, errors });
}

function readCost(
  { world }: StandInCall,
  costs: readonly DirectCost[],
  fields: Record<string, unknown>,
  existing: DirectCost | undefined,
): Reading {
  const originId = fields.origin_id === undefined ? (existing?.originId ?? null) : read(fields.origin_id);
  const costCodeId = fields.cost_code_id === undefined ? (existing?.costCodeId ?? null) : read(fields.cost_code_id);
  const { description } = fields;
  if (existing?.locked) return { property: 'base', message: 'This record is locked because it is synced with ERP' };
  if (originId !== null && costs.some((cost) => cost.originId === originId && cost !== existing)) {
    return { property: 'origin_id', message: 'has already been taken' };
  }
  if (costCodeId !== null && !world.costCodeIds.includes(costCodeId)) {
    return { property: 'cost_code_id', message: 'does not exist in this project' };
  }
  const text = typeof description === 'string' ? description : (existing?.description ?? '');
  return { originId, costCodeId, description: text, locked: existing?.locked ?? false };
}

function storeAndTell(
  { project, tell, world }: ProjectCall,
  reading: Omit<DirectCost, 'id'>,
  existing: DirectCost | undefined,
): DirectCost {
  const cost = store(project.costs, reading, existing);
  world.keep(project);
  tell({
    resourceName: 'Direct Costs',
    eventType: existing ? 'update' : 'create',
    companyId: project.companyId,
    projectId: project.id,
    resourceId: cost.id,
  });
  return cost;
}

function store(costs: DirectCost[], reading: Omit<DirectCost, 'id'>, existing: DirectCost | undefined): DirectCost {
  // Beyond 2^53, as real ids are.
  const id = existing?.id ?? (9_007_199_254_740_993n + BigInt(costs.length)).toString();
  const cost = { id, ...reading };
  if (existing) costs[costs.indexOf(existing)] = cost;
  else costs.push(cost);
  return cost;
}

/** Numbers that a double cannot hold come as raw JSON, whose text is its own. */
function read(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function writeCost({ id, originId, costCodeId, description }: DirectCost): unknown {
  return {
    id: rawJson(id),
    origin_id: originId,
    cost_code_id: costCodeId === null ? null : rawJson(costCodeId),
    description,
  };
}
