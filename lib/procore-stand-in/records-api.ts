import { answerList, refuseCall, type StandInCall } from './api-call.ts';
import { denyCompany, denyProject, missingHeader } from './api-resources.ts';
import { secondTimestamp } from './clock.ts';
import { isRecord, rawJson } from './exact-json.ts';
import { type Answer, jsonAnswer, readJson, textAnswer } from './http-exchange.ts';
import { filterRecords } from './list-filters.ts';
import { type StoredRecord, withDefaults } from './records.ts';
import { type FoundEndpoint, findEndpoint, type ResourceKind } from './resource-kinds.ts';
import { findProject } from './world.ts';

/** A call of an endpoint of a kind, by somebody who may make it. */
interface RecordCall extends StandInCall {
  readonly kind: ResourceKind;
  /** The company or project that the records belong to. */
  readonly ownerId: string;
  readonly id: string | undefined;
  readonly body: unknown;
}

/**
 * Answers lists and records of every {@link ResourceKind}, and lets them be created, changed and deleted, which tells the
 * hooks; undefined for any other path or method.
 */
export function answerRecords(call: StandInCall): Answer | undefined {
  const { method, url } = call.request;
  const endpoint = findEndpoint(url.pathname);
  if (!endpoint?.methods.includes(method)) return undefined;
  const isList = endpoint.id === undefined;
  if (call.companyId === undefined) return missingHeader(call, isList && method === 'GET');
  const body = method === 'POST' || method === 'PATCH' ? readJson(call.request) : undefined;
  if (body !== undefined && !isRecord(body)) {
    return refuseCall(call, 'badRequest', { property: 'base', message: 'Malformed JSON' });
  }
  const owner = ownerOf(call, endpoint, body);
  if ('answer' in owner) return owner.answer;
  const recordCall: RecordCall = { ...call, kind: endpoint.kind, ownerId: owner.id, id: endpoint.id, body };
  return isList ? answerCollection(recordCall) : answerItem(recordCall);
}

/** Finds whose records are meant, in path, query or body, and refuses those that the caller may not see. */
function ownerOf(
  call: StandInCall,
  { kind, company, project: projectInPath }: FoundEndpoint,
  body: Readonly<Record<string, unknown>> | undefined,
): { readonly id: string } | { readonly answer: Answer } {
  const parameter = `${kind.level}_id`;
  const id =
    (kind.level === 'company' ? company : projectInPath) ??
    call.request.url.searchParams.get(parameter) ??
    idText(body?.[parameter]);
  if (id === undefined) {
    return { answer: refuseCall(call, 'badRequest', { property: parameter, message: `${parameter} is required` }) };
  }
  if (kind.level === 'company') {
    const answer = denyCompany(call, id);
    return answer ? { answer } : { id };
  }
  const project = findProject(call.world, id);
  const hides = kind.emptyWithoutPermission && call.world.forbidden.get(id) === 'insufficient-permissions';
  const answer = denyProject(call, project, company ?? project?.companyId, !hides);
  return answer ? { answer } : { id };
}

function answerCollection(call: RecordCall): Answer {
  const { kind, ownerId, world, request } = call;
  if (request.method === 'POST') return create(call);
  const records = world.forbidden.has(ownerId) ? [] : world.records.list(kind.name, ownerId);
  const found = filterRecords(records, request.url.searchParams, kind, secondTimestamp(call.now).slice(0, 10));
  if ('message' in found) return refuseCall(call, 'badRequest', { ...found });
  return answerList(call, kind.name, found.records, (record) => writeRecord(call, record));
}

function create(call: RecordCall): Answer {
  const { kind, ownerId, world, now } = call;
  const fields = fieldsOf(call);
  if (!fields) return missingBody(call);
  const { needs } = kind;
  if (needs !== undefined && (fields[needs] === undefined || fields[needs] === '')) {
    return refuseCall(call, 'unprocessable', { property: needs, message: "can't be blank" });
  }
  const record = world.records.add(kind.name, ownerId, withDefaults(kind, fields, now), now);
  tell(call, 'create', record.id);
  return answerRecord(call, 201, record);
}

function answerItem(call: RecordCall): Answer {
  const { kind, ownerId, world, now, id = '' } = call;
  const record = world.records.list(kind.name, ownerId).find((one) => one.id === id);
  if (!record || world.forbidden.has(ownerId)) return refuseCall(call, 'notFound');
  const { method } = call.request;
  if (method === 'GET') return answerRecord(call, 200, record);
  const lock = world.locks.get(id);
  if (lock !== undefined) return refuseCall(call, 'unprocessable', { property: 'base', message: lock });
  if (method === 'DELETE') {
    world.records.remove(kind.name, ownerId, id);
    tell(call, 'delete', id);
    return textAnswer(204, '');
  }
  const fields = fieldsOf(call);
  if (!fields) return missingBody(call);
  const changed = world.records.change(kind.name, ownerId, id, { fields, now }) ?? record;
  tell(call, 'update', id);
  return answerRecord(call, 200, changed);
}

function tell({ kind, ownerId, companyId = '', ...call }: RecordCall, eventType: string, resourceId: string): void {
  const projectId = kind.level === 'project' && { projectId: ownerId };
  call.tell({ resourceName: kind.name, eventType, companyId, ...projectId, resourceId });
}

function fieldsOf({ kind, body }: RecordCall): Readonly<Record<string, unknown>> | undefined {
  const fields = isRecord(body) && kind.body !== undefined ? body[kind.body] : body;
  return isRecord(fields) ? fields : undefined;
}

function missingBody(call: RecordCall): Answer {
  const property = call.kind.body ?? 'body';
  return refuseCall(call, 'badRequest', { property, message: 'param is missing or the value is empty' });
}

function answerRecord(call: RecordCall, status: number, record: StoredRecord): Answer {
  const written = writeRecord(call, record);
  return jsonAnswer(status, call.style === 'v2' ? { data: written } : written);
}

function writeRecord({ style }: StandInCall, { id, createdAt, updatedAt, fields }: StoredRecord): unknown {
  return {
    id: style === 'v2' ? id : rawJson(id),
    ...fields,
    created_at: secondTimestamp(createdAt),
    updated_at: secondTimestamp(updatedAt),
  };
}

/** Numbers that a double cannot hold come as raw JSON, whose text is its own. */
function idText(value: unknown): string | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
