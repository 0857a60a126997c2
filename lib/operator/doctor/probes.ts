import { ProcoreApiError } from '../../../functions/procore/api-error.ts';
import type { CompanyClient, ProcoreClient } from '../../../functions/procore/client.ts';
import { type Diagnosis, diagnose } from '../../../functions/procore/diagnosis.ts';
import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import { type ExactJson, exactId, isJsonObject } from '../../../functions/procore/exact-json.ts';
import type { Exchange } from '../../../functions/procore/exchange.ts';
import { EndlessListError, NotAListError, TruncatedListError } from '../../../functions/procore/paging.ts';
import { type DiagnosisId, namedDiagnosis } from '../../diagnosis-rows.ts';
import { isBeforeAccess } from './outage.ts';

/** A diagnosis with what the probes saw, in the order in which they looked. */
export interface Narrowed {
  readonly diagnosis: Diagnosis<DiagnosisId>;
  readonly evidence: readonly string[];
  /** What was called, as far as one knows: two problems of the same project may be one. */
  readonly about?: { readonly companyId?: string | undefined; readonly projectIds?: readonly string[] | undefined };
  /** Nothing was refused: the call was not made, because the rate budget is used up until then, in epoch seconds. */
  readonly heldUntil?: number;
}

/** What a call was about, read from its URL. */
export interface CallSubject {
  readonly companyId: string | undefined;
  readonly projectId: string | undefined;
  /** The path's word for the tool, e.g. `rfis`. */
  readonly tool: string | undefined;
}

/** What the permission manifest says about one tool. */
export type ToolAccess =
  | { readonly access: 'off' }
  | { readonly access: 'none' | 'read' | 'write'; readonly level: string }
  /** No tool of the manifest has a name like the path's. */
  | { readonly access: 'unmatched' };

/**
 * Reads what a call was about.
 *
 * @returns ids and tool as far as the URL and the company header tell
 */
export function subjectOf({ url, requestHeaders }: Pick<Exchange, 'url' | 'requestHeaders'>): CallSubject {
  const { pathname, searchParams } = new URL(url);
  const inPath = /\/companies\/(\d+)/.exec(pathname)?.[1];
  const projectId = /\/projects\/(\d+)/.exec(pathname)?.[1] ?? searchParams.get('project_id') ?? undefined;
  const tool =
    /\/projects\/\d+\/([a-z_]+)/.exec(pathname)?.[1] ??
    /^\/rest\/v[\d.]+\/(?!companies\b|projects\b)([a-z_]+)/.exec(pathname)?.[1];
  return {
    companyId: requestHeaders['procore-company-id'] ?? inPath ?? searchParams.get('company_id') ?? undefined,
    projectId,
    tool,
  };
}

/**
 * Tells apart what an answer alone cannot: the four 403s and the 404 of Procore's troubleshooting page. It asks, with
 * the same account, for the companies, the projects, and the permission manifest of the project; each answer rules
 * something out. Only on demand: every probe is a call that counts.
 *
 * @returns the narrower diagnosis; the one of the exchange itself when the probes do not tell, or Procore stops answering
 * @see https://developers.procore.com/reference/rest/permissions
 */
export async function narrow<E extends ProcoreEnvironmentName>(
  exchange: Exchange,
  client: ProcoreClient<E>,
): Promise<Narrowed> {
  const first = diagnose(exchange);
  const subject = subjectOf(exchange);
  const { companyId, projectId } = subject;
  const about = { companyId, ...(projectId !== undefined && { projectIds: [projectId] }) };
  if (first.id !== 'forbidden' && first.id !== 'not_visible') return { diagnosis: first, evidence: [], about };
  try {
    return { ...(await narrowRefusal(first, subject, client)), about };
  } catch (error) {
    const why =
      error instanceof ProcoreApiError ? error.diagnosis.cause : isListTrouble(error) ? error.message : undefined;
    if (why === undefined) throw error;
    return { diagnosis: first, evidence: [`Looking further ended: ${why}`], about };
  }
}

/** Tells that what came was no list, or not a whole one. */
function isListTrouble(error: unknown): error is NotAListError | EndlessListError | TruncatedListError {
  return error instanceof NotAListError || error instanceof EndlessListError || error instanceof TruncatedListError;
}

async function narrowRefusal<E extends ProcoreEnvironmentName>(
  first: Diagnosis,
  subject: CallSubject,
  client: ProcoreClient<E>,
): Promise<Narrowed> {
  const evidence: string[] = [];
  const found = (id: DiagnosisId, seen: string): Narrowed => {
    const { said, fields } = first;
    return { diagnosis: { ...namedDiagnosis(id), said, fields }, evidence: [...evidence, seen] };
  };
  if (subject.companyId === undefined) {
    return found('company_header_missing', 'The call names no company.');
  }
  const company = client.company(subject.companyId);
  const isHidden = first.id === 'not_visible';

  const projects = await visibleProjects(company);
  if ('refused' in projects) {
    if (projects.refused === 'app_not_connected') return found('app_not_connected', 'The list of projects says so.');
    const listed = await seesCompany(company);
    if (listed === false)
      return found('outside_access_scope', `The account does not see company ${subject.companyId}.`);
    return found(
      'insufficient_permissions',
      `The list of the company's projects is refused, too (${projects.refused}).`,
    );
  }
  evidence.push(`The account sees ${projects.ids.size} projects of company ${subject.companyId}.`);
  const { projectId, tool } = subject;
  if (projectId === undefined) {
    // Some of v1's paths that name no project answer 404 when the query names none either.
    if (tool !== undefined)
      evidence.push('The call names no project: paths like this one can want project_id in the query.');
    return { diagnosis: first, evidence };
  }
  if (projects.ids.has(projectId)) evidence.push(`Project ${projectId} is among them.`);
  else {
    const seen = `Project ${projectId} is not among them`;
    const shown = await showProject(company, projectId);
    if (shown === undefined) return found(isHidden ? 'not_visible' : 'outside_access_scope', `${seen}.`);
    evidence.push(`${seen}, but the account sees it: it is ${shown}.`);
  }

  if (tool === undefined) return { diagnosis: first, evidence };
  const access = await toolAccess(company, projectId, tool);
  if (access === undefined) {
    return { diagnosis: first, evidence: [...evidence, 'The permission manifest of the project cannot be read.'] };
  }
  switch (access.access) {
    case 'unmatched':
      return { diagnosis: first, evidence: [...evidence, `The permission manifest has no tool like "${tool}".`] };
    case 'off':
      return found('tool_disabled', `The tool "${tool}" is not among the tools of the project.`);
    case 'none':
      return found('insufficient_permissions', `The account's level on "${tool}" is ${access.level}.`);
    default: {
      const seen = `The account's level on "${tool}" is ${access.level}.`;
      if (isHidden) return found('not_visible', `${seen} So the record does not exist, or it is private.`);
      return found('insufficient_permissions', seen);
    }
  }
}

/**
 * Asks which projects of a company the account sees.
 *
 * @returns their ids, or why the list is refused
 * @throws ProcoreApiError when Procore refuses nothing, but does not answer, or takes no token
 */
export async function visibleProjects<E extends ProcoreEnvironmentName>(
  company: CompanyClient<E>,
): Promise<{ readonly ids: ReadonlySet<string> } | { readonly refused: string }> {
  const ids = new Set<string>();
  try {
    for await (const project of company.list('/rest/v1.0/projects', { query: { company_id: company.companyId } })) {
      const id = idOf(project);
      if (id !== undefined) ids.add(id);
    }
    return { ids };
  } catch (error) {
    if (isRefusal(error)) return { refused: error.code };
    throw error;
  }
}

/**
 * Asks for one project, since the list of projects has the active ones only.
 *
 * @returns undefined when it is refused, too
 * @throws ProcoreApiError when Procore refuses nothing, but does not answer, or takes no token
 */
export async function showProject<E extends ProcoreEnvironmentName>(
  company: CompanyClient<E>,
  projectId: string,
): Promise<'active' | 'not active' | undefined> {
  try {
    const { body } = await company.get(`/rest/v1.0/projects/${projectId}`, {
      query: { company_id: company.companyId },
    });
    return isJsonObject(body) && body.active === false ? 'not active' : 'active';
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** Whether the account's list of companies has this one; undefined when the list cannot be had. */
async function seesCompany<E extends ProcoreEnvironmentName>(company: CompanyClient<E>): Promise<boolean | undefined> {
  try {
    for await (const one of company.list('/rest/v1.0/companies')) if (idOf(one) === company.companyId) return true;
    return false;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** Tells what Procore refused from a call that was not made or not answered, which shows nothing. */
export function isRefusal(error: unknown): error is ProcoreApiError {
  return error instanceof ProcoreApiError && !isBeforeAccess(error.diagnosis.id);
}

/**
 * Asks the permission manifest what the account may do with a tool of a project. A tool that is switched off is taken
 * to be absent from it: Procore's reference does not say.
 *
 * @param tool the path's word, e.g. `rfis`
 * @returns undefined when the manifest cannot be read
 * @throws ProcoreApiError when Procore refuses nothing, but does not answer, or takes no token
 */
export async function toolAccess<E extends ProcoreEnvironmentName>(
  company: CompanyClient<E>,
  projectId: string,
  tool: string,
): Promise<ToolAccess | undefined> {
  try {
    const { body } = await company.get('/rest/v1.0/settings/permissions', { query: { project_id: projectId } });
    return readManifest(body, tool);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** Words of paths whose tool has a name that no rule leads to. */
const toolNames: Readonly<Record<string, string>> = {
  punch_items: 'punch_list',
  drawing_revisions: 'drawings',
  folders: 'documents',
  files: 'documents',
  users: 'directory',
  vendors: 'directory',
  observations: 'observations',
  incidents: 'incidents',
};

/** Whether a path's word is a kind of daily log, which are all of one tool: other logs are not bound to a day. */
export function isDailyLog(word: string): boolean {
  return /^(?!managed_|workflow_|time_and_material_|response_)\w+_logs$/.test(word);
}

function readManifest(body: ExactJson, tool: string): ToolAccess | undefined {
  const tools = isJsonObject(body) ? body.tools : undefined;
  if (!Array.isArray(tools)) return undefined;
  const wanted = new Set([tool, toolNames[tool] ?? (isDailyLog(tool) ? 'daily_log' : tool)].map(plain));
  const entry = (tools as readonly ExactJson[]).find(
    (one) =>
      isJsonObject(one) &&
      [one.name, one.friendly_name].some((name) => typeof name === 'string' && wanted.has(plain(name))),
  );
  if (!isJsonObject(entry)) return knownTools.has(plain(tool)) ? { access: 'off' } : { access: 'unmatched' };
  const level = isJsonObject(entry.user_access_level) ? entry.user_access_level.name : undefined;
  const name = typeof level === 'string' ? level : 'not told';
  if (entry.available_for_user === false || /^none$/i.test(name)) return { access: 'none', level: name };
  return { access: /read/i.test(name) ? 'read' : 'write', level: name };
}

/** Project tools whose name is the path's word: their absence from a manifest says that they are off. */
const knownTools = new Set(
  [
    'rfis',
    'submittals',
    'drawings',
    'documents',
    'daily_logs',
    'direct_costs',
    'meetings',
    'observations',
    'incidents',
    'commitments',
    'budget',
    'schedule',
    'photos',
    'specifications',
    'punch_items',
    'change_events',
    'inspections',
    'forms',
    'emails',
    'tasks',
    'coordination_issues',
    'prime_contracts',
  ].map(plain),
);

/** `RFIs`, `rfi` and `rfis` are one tool. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/s$/, '');
}

/** Reads the id of a record. @returns undefined when it has none */
export function idOf(record: ExactJson): string | undefined {
  return isJsonObject(record) ? exactId(record.id) : undefined;
}
