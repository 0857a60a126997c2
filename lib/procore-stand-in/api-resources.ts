import { answerList, refuseCall, type StandInCall } from './api-call.ts';
import { rawJson } from './exact-json.ts';
import { type Answer, jsonAnswer } from './http-exchange.ts';
import { type Company, findProject, type Project } from './world.ts';

/** Answers me, companies, zones, projects and permissions; undefined for any other path. */
export function answerResource(call: StandInCall): Answer | undefined {
  const path = call.request.url.pathname;
  if (path === '/rest/v1.0/me') return withServiceAccountHeader(call, () => answerMe(call));
  if (path === '/rest/v1.0/companies') {
    return withServiceAccountHeader(call, () => answerList(call, 'companies', visibleCompanies(call), v1Company));
  }
  if (path === '/rest/v1.0/company_base_url') return answerZone(call);
  if (path === '/rest/v1.0/settings/permissions') return answerPermissions(call);
  return undefined;
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

/** Answers in which zone the company of the header lives. @see [PROCORE.md, section 2](PROCORE.md#2-api-versions-and-the-company-header) */
function answerZone(call: StandInCall): Answer {
  const { companyId, unknowns, world } = call;
  if (companyId === undefined) return missingHeader(call, false);
  const place = world.companies.findIndex(({ id }) => id === companyId);
  const zone = unknowns.zones[place % unknowns.zones.length];
  const denied = denyCompany(call, companyId);
  return denied ?? jsonAnswer(200, { zone, web_base_url: `https://${zone}.procore.com` });
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

function v1Company({ id, name }: Company): unknown {
  return { id: rawJson(id), name, is_active: true };
}
