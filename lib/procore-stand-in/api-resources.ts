import { answerList, refuseCall, type StandInCall } from './api-call.ts';
import { secondTimestamp } from './clock.ts';
import { rawJson } from './exact-json.ts';
import { type Answer, jsonAnswer } from './http-exchange.ts';
import { type Company, findProject, type Project, type Rfi } from './world.ts';

/**
 * Default and greatest per_page.
 *
 * @see [PROCORE.md, section 5](PROCORE.md#5-paging-and-incremental-reads): v1 defaults vary, v2 has 10 and 100
 */
const pageSizes = {
  companies: { defaultPerPage: 100, maxPerPage: 2000 },
  projects: { defaultPerPage: 30, maxPerPage: 2000 },
  rfisV1: { defaultPerPage: 20, maxPerPage: 100 },
  v2: { defaultPerPage: 10, maxPerPage: 100 },
} as const;

/** Answers the read-only resources: me, companies, projects, RFIs and submittals; undefined for any other path. */
export function answerResource(call: StandInCall): Answer | undefined {
  const { request, world } = call;
  const path = request.url.pathname;
  if (path === '/rest/v1.0/me') return withServiceAccountHeader(call, () => answerMe(call));
  if (path === '/rest/v1.0/companies') {
    return withServiceAccountHeader(call, () =>
      answerList(call, visibleCompanies(call), pageSizes.companies, v1Company),
    );
  }
  if (path === '/rest/v1.0/projects') return answerProjects(call);
  if (path === '/rest/v1.0/settings/permissions') return answerPermissions(call);

  const v1 = /^\/rest\/v1\.0\/projects\/(\d+)(\/rfis(?:\/(\d+))?|\/submittals)?$/.exec(path);
  const v2 = /^\/rest\/v2\.0\/companies\/(\d+)\/projects\/(\d+)(\/rfis(?:\/(\d+))?)$/.exec(path);
  if (!v1 && !v2) return undefined;
  if (call.companyId === undefined)
    return missingHeader(call, ['/rfis', '/submittals'].includes(v1?.[2] ?? v2?.[3] ?? ''));
  const project = findProject(world, (v1 ? v1[1] : v2?.[2]) ?? '');
  const pathCompany = v2 ? v2[1] : project?.companyId;
  const denied = denyProject(call, project, pathCompany, (v1 ? v1[2] : v2?.[3]) !== undefined);
  if (denied || !project) return denied ?? refuseCall(call, 'notFound');
  if (v1 && v1[2] === undefined) return jsonAnswer(200, v1Project(project));
  // The stand-in has no submittals; the list is there for callers that test whether they may read it.
  if (v1?.[2] === '/submittals') return answerList(call, [], pageSizes.rfisV1, (none: unknown) => none);
  return answerRfis(call, project, v1 ? v1[3] : v2?.[4]);
}

/**
 * Answers a call without Procore-Company-Id.
 *
 * @param isList an empty list is one of the things that Procore was seen to answer
 * @see [PROCORE.md, section 2](PROCORE.md#2-api-versions-and-the-company-header)
 */
export function missingHeader(call: StandInCall, isList: boolean): Answer {
  const refusal = refuseCall(call, 'companyHeaderMissing');
  if (!isList || refusal.status !== 404) return refusal;
  return jsonAnswer(200, call.style === 'v2' ? { data: [] } : [], { total: '0' });
}

/**
 * Says why a company's resources are refused to this call, if they are: another company in the header than in the path,
 * a company that is not there or has disconnected the app.
 */
export function denyCompany(call: StandInCall, companyId: string): Answer | undefined {
  const known = call.world.companies.some(({ id }) => id === companyId);
  if (!known || call.companyId !== companyId) return refuseCall(call, 'notFound');
  if (call.world.disconnected.has(companyId)) return refuseCall(call, 'appNotConnected');
  if (call.world.forbidden.get(companyId) !== undefined) return refuseCall(call, 'forbidden');
  return undefined;
}

/** Says why a project's resources are refused to this call, if they are. */
export function denyProject(
  call: StandInCall,
  project: Project | undefined,
  companyId: string | undefined,
  isTool: boolean,
): Answer | undefined {
  if (!project || project.companyId !== companyId) return refuseCall(call, 'notFound');
  const denied = denyCompany(call, project.companyId);
  if (denied) return denied;
  const forbidden = call.world.forbidden.get(project.id);
  if (forbidden === 'outside-scope') return refuseCall(call, 'forbidden');
  return forbidden !== undefined && isTool ? refuseCall(call, 'forbidden') : undefined;
}

function withServiceAccountHeader(call: StandInCall, answer: () => Answer): Answer {
  // A service account must send the header even here. @see [PROCORE.md, section 1.10](PROCORE.md#110-client-credentials-and-service-accounts)
  return call.token.grant === 'service-account' && call.companyId === undefined
    ? refuseCall(call, 'companyHeaderMissing')
    : answer();
}

function answerMe({ token, world }: StandInCall): Answer {
  const { id, login, name } = token.grant === 'person' ? world.person : world.serviceAccount;
  return jsonAnswer(200, { id: rawJson(id), login, name });
}

function visibleCompanies({ world, token, unknowns }: StandInCall): readonly Company[] {
  const listsDisconnected = token.grant === 'person' && unknowns.disconnectedCompanyIsListed;
  return world.companies.filter(
    ({ id }) => !world.unseen.has(id) && (listsDisconnected || !world.disconnected.has(id)),
  );
}

function answerProjects(call: StandInCall): Answer {
  if (call.companyId === undefined) return missingHeader(call, true);
  const companyId = call.request.url.searchParams.get('company_id');
  if (companyId === null) {
    return refuseCall(call, 'badRequest', { message: 'company_id is required', property: 'company_id' });
  }
  const denied = denyCompany(call, companyId);
  if (denied) return denied;
  const projects = call.world.companies
    .flatMap((company) => company.projects)
    .filter(({ id, companyId: owner }) => owner === companyId && call.world.forbidden.get(id) !== 'outside-scope');
  return answerList(call, projects, pageSizes.projects, v1Project);
}

/** The tools that every project of the stand-in has. */
const projectTools = [
  { name: 'rfi', friendlyName: 'RFIs' },
  { name: 'submittals', friendlyName: 'Submittals' },
  { name: 'direct_costs', friendlyName: 'Direct Costs' },
  { name: 'documents', friendlyName: 'Documents' },
] as const;

/**
 * Answers a project's permission manifest. That a tool which is switched off is absent from it is an assumption.
 *
 * @see https://developers.procore.com/reference/rest/permissions
 */
function answerPermissions(call: StandInCall): Answer {
  if (call.companyId === undefined) return missingHeader(call, false);
  const project = findProject(call.world, call.request.url.searchParams.get('project_id') ?? '');
  const denied = denyProject(call, project, project?.companyId, false);
  if (denied || !project) return denied ?? refuseCall(call, 'notFound');
  const forbidden = call.world.forbidden.get(project.id);
  const level = forbidden === 'insufficient-permissions' ? { id: 1, name: 'None' } : { id: 3, name: 'Standard' };
  const tools = projectTools.map(({ name, friendlyName }, index) => ({
    id: index + 1,
    name,
    friendly_name: friendlyName,
    available_for_user: level.id > 1,
    user_access_level: level,
  }));
  return jsonAnswer(200, { tools: forbidden === 'tool-disabled' ? [] : tools });
}

function answerRfis(call: StandInCall, project: Project, rfiId: string | undefined): Answer {
  const write = (rfi: Rfi) => writeRfi(rfi, call.style);
  if (rfiId !== undefined) {
    const rfi = project.rfis.find(({ id }) => id === rfiId);
    if (!rfi) return refuseCall(call, 'notFound');
    return jsonAnswer(200, call.style === 'v2' ? { data: write(rfi) } : write(rfi));
  }
  const range = call.request.url.searchParams.get('filters[updated_at]');
  const [from = Number.NaN, to = Number.NaN] = (range ?? '').split('...').map((text) => Date.parse(text));
  if (range !== null && (Number.isNaN(from) || Number.isNaN(to))) {
    return refuseCall(call, 'badRequest', { message: 'must be a range', property: 'updated_at' });
  }
  const rfis = project.rfis.filter(({ updatedAt }) => range === null || (from <= updatedAt && updatedAt <= to));
  return answerList(call, rfis, call.style === 'v2' ? pageSizes.v2 : pageSizes.rfisV1, write);
}

function v1Company({ id, name }: Company): unknown {
  return { id: rawJson(id), name, is_active: true };
}

function v1Project({ id, name, companyId }: Project): unknown {
  return { id: rawJson(id), name, active: true, company: { id: rawJson(companyId) } };
}

function writeRfi({ id, number, subject, createdAt, updatedAt }: Rfi, style: StandInCall['style']): unknown {
  return {
    id: style === 'v2' ? id : rawJson(id),
    number: String(number),
    subject,
    status: 'open',
    created_at: secondTimestamp(createdAt),
    updated_at: secondTimestamp(updatedAt),
  };
}
