import { answerList, refuseCall, type StandInCall } from './api-call.ts';
import { denyCompany, denyProject, missingHeader } from './api-resources.ts';
import { isRecord, rawJson } from './exact-json.ts';
import { type Answer, jsonAnswer, readJson } from './http-exchange.ts';
import { findProject, type Project } from './world.ts';

/**
 * Answers the two lists of projects, and one project, and lets them be created and changed; undefined for any other path
 * or method.
 *
 * @see [PROCORE.md, section 5](PROCORE.md#5-paging-and-incremental-reads)
 */
export function answerProjects(call: StandInCall): Answer | undefined {
  const { method, url } = call.request;
  const ofCompany = /^\/rest\/v1\.0\/companies\/(\d+)\/projects$/.exec(url.pathname)?.[1];
  const one = /^\/rest\/v1\.0\/projects\/(\d+)$/.exec(url.pathname)?.[1];
  const body = method === 'POST' || method === 'PATCH' ? readJson(call.request) : undefined;
  const given = url.searchParams.get('company_id') ?? (isRecord(body) ? textOf(body.company_id) : undefined);
  if (ofCompany !== undefined && method === 'GET') return listAll(call, ofCompany);
  if (url.pathname === '/rest/v1.0/projects') {
    if (method === 'GET') return listByStatus(call, given);
    return method === 'POST' ? create(call, given, body) : undefined;
  }
  if (one === undefined || (method !== 'GET' && method !== 'PATCH')) return undefined;
  if (call.companyId === undefined) return missingHeader(call, false);
  if (given === undefined && call.unknowns.projectNeedsCompanyId) return companyIdMissing(call);
  const project = findProject(call.world, one);
  const denied = denyProject(call, project, project?.companyId, false);
  if (denied || !project) return denied ?? refuseCall(call, 'notFound');
  return method === 'GET' ? jsonAnswer(200, writeProject(project)) : change(call, project, body);
}

/** `/rest/v1.0/companies/{id}/projects` never pages. */
function listAll(call: StandInCall, companyId: string): Answer {
  if (call.companyId === undefined) return missingHeader(call, true);
  const denied = denyCompany(call, companyId);
  return (
    denied ?? answerList(call, "a company's projects", visibleProjects(call, companyId), writeProject, { pages: false })
  );
}

/** `/rest/v1.0/projects` has active ones only, unless asked for others. */
function listByStatus(call: StandInCall, companyId: string | undefined): Answer {
  if (call.companyId === undefined) return missingHeader(call, true);
  if (companyId === undefined) return companyIdMissing(call);
  const denied = denyCompany(call, companyId);
  if (denied) return denied;
  const status = call.request.url.searchParams.get('filters[by_status]') ?? 'Active';
  const projects = visibleProjects(call, companyId).filter(
    ({ isActive }) => status === 'All' || isActive === (status === 'Active'),
  );
  return answerList(call, 'projects', projects, writeProject);
}

function create(call: StandInCall, companyId: string | undefined, body: unknown): Answer {
  if (call.companyId === undefined) return missingHeader(call, false);
  if (companyId === undefined) return companyIdMissing(call);
  const denied = denyCompany(call, companyId);
  const company = call.world.companies.find(({ id }) => id === companyId);
  if (denied || !company) return denied ?? refuseCall(call, 'notFound');
  const fields = isRecord(body) && isRecord(body.project) ? body.project : {};
  if (typeof fields.name !== 'string' || fields.name === '') {
    return refuseCall(call, 'unprocessable', { property: 'name', message: "can't be blank" });
  }
  const { id } = call.world.records.add('Projects', companyId, {}, call.now);
  const project: Project = { id, name: fields.name, companyId, isActive: fields.active !== false, costs: [] };
  company.projects.push(project);
  call.world.keep(project);
  tell(call, 'create', project);
  return jsonAnswer(201, writeProject(project));
}

function change(call: StandInCall, project: Project, body: unknown): Answer {
  const fields = isRecord(body) && isRecord(body.project) ? body.project : {};
  if (typeof fields.name === 'string') project.name = fields.name;
  if (typeof fields.active === 'boolean') project.isActive = fields.active;
  call.world.keep(project);
  tell(call, 'update', project);
  return jsonAnswer(200, writeProject(project));
}

function tell(call: StandInCall, eventType: string, { id, companyId }: Project): void {
  call.tell({ resourceName: 'Projects', eventType, companyId, projectId: id, resourceId: id });
}

function visibleProjects({ world }: StandInCall, companyId: string): Project[] {
  const projects = world.companies.find(({ id }) => id === companyId)?.projects ?? [];
  return projects.filter(({ id }) => world.forbidden.get(id) !== 'outside-scope');
}

function companyIdMissing(call: StandInCall): Answer {
  return refuseCall(call, 'badRequest', { message: 'company_id is required', property: 'company_id' });
}

function writeProject({ id, name, isActive, companyId }: Project): unknown {
  return { id: rawJson(id), name, active: isActive, company: { id: rawJson(companyId) } };
}

/** Numbers that a double cannot hold come as raw JSON, whose text is its own. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || value === undefined ? value : JSON.stringify(value);
}
