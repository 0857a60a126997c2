import type { ApiPath, CompanyClient, ProcoreClient } from '../../../functions/procore/client.ts';
import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import type { Query } from '../../../functions/procore/listing.ts';
import { systemClock } from '../../../functions/system.ts';
import { type DiagnosisId, namedDiagnosis } from '../../diagnosis-rows.ts';
import {
  idOf,
  isDailyLog,
  isRefusal,
  type Narrowed,
  showProject,
  subjectOf,
  toolAccess,
  visibleProjects,
} from './probes.ts';

/** A list that came back empty. */
export interface EmptyList {
  readonly companyId: string;
  readonly path: ApiPath;
  readonly query?: Query;
}

/** Companies that are searched for a project that the given one does not have. */
const mostCompanies = 20;
/** How far back a list that is bound to a date is read, in days. */
const daysBack = 30;

/** Parameters that say where or how to read, and leave no record out. */
const structural = /^(company_id|project_id|page|per_page|cursor|view|sort|serializer_view|include\w*)$/;
/** @see [Working with Daily Logs](https://developers.procore.com/documentation/content/daily-logs) */
const dates = /^(log_date|start_date|end_date)$/;
/** @see [PROCORE.md, section 5](../../procore-stand-in/PROCORE.md#5-paging-and-incremental-reads) */
function isDatedList(path: string): boolean {
  const [, ofProject = ''] = /\/projects\/[^/]+\/(?:daily_logs\/)?(\w+)$/.exec(path) ?? [];
  return isDailyLog(ofProject) || /\/(?:\w+_)?timecard_entries$/.test(path);
}

/**
 * Says why a list is empty: its filters, a date that it needs, the company header, projects that are not active, the
 * account's permissions (Procore shows a list without records in place of a refusal, e.g. of prime contracts); in a
 * sandbox also that sandboxes start empty. Only on demand: every look is a call that counts.
 *
 * @param now epoch seconds
 * @returns `really_empty` when all of them are in order; `empty_unexplained` when one could not be tried
 * @see https://developers.procore.com/documentation/troubleshooting
 */
export async function explainEmptyList<E extends ProcoreEnvironmentName>(
  client: ProcoreClient<E>,
  list: EmptyList,
  now = systemClock(),
): Promise<Narrowed> {
  const { companyId, path, query = {} } = list;
  const company = client.company(companyId);
  const evidence: string[] = [];
  const found = (id: DiagnosisId, ...seen: readonly string[]): Narrowed => ({
    diagnosis: namedDiagnosis(id),
    evidence: [...evidence, ...seen],
  });

  const isDated = isDatedList(path);
  const filters = Object.keys(query).filter((name) => !structural.test(name) && !(isDated && dates.test(name)));
  if (filters.length > 0) {
    const open = Object.fromEntries(Object.entries(query).filter(([name]) => !filters.includes(name)));
    const without = `Without ${filters.join(', ')}`;
    const has = await hasRecords(company, path, open);
    if (has === true) return found('empty_because_of_filters', `${without} the same list has records.`);
    evidence.push(has === false ? `${without} the list is empty, too.` : `${without} the list is refused (${has}).`);
  }
  const lacksDate = isDated && !Object.keys(query).some((name) => dates.test(name));
  if (lacksDate) {
    const [from, to] = [dayOf(now, daysBack), dayOf(now, 1)];
    const has = await hasRecords(company, path, { ...query, start_date: from, end_date: to });
    const range = `From ${from} to ${to} the list`;
    if (has === true) return found('empty_because_of_date', `${range} has records.`);
    evidence.push(has === false ? `${range} is empty, too.` : `${range} is refused (${has}).`);
  }
  const reached = await explainReach(client, company, list);
  const explained = found(reached.id, ...reached.evidence);
  // Older records may be there all the same.
  const isOpen = reached.id === 'really_empty' || reached.id === 'empty_unexplained';
  return lacksDate && isOpen ? { ...explained, diagnosis: namedDiagnosis('empty_because_of_date') } : explained;
}

interface Reached {
  readonly id: DiagnosisId;
  readonly evidence: readonly string[];
}

/** Looks whether the account can see records of the list at all: company, project, tool. */
async function explainReach<E extends ProcoreEnvironmentName>(
  client: ProcoreClient<E>,
  company: CompanyClient<E>,
  { companyId, path, query = {} }: EmptyList,
): Promise<Reached> {
  if (path === '/rest/v1.0/companies')
    return { id: 'installed_nowhere', evidence: ['The list of companies is empty.'] };
  const url = `https://any.invalid${path}?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))}`;
  const { projectId, tool } = subjectOf({ url, requestHeaders: { 'procore-company-id': companyId } });
  const projects = await visibleProjects(company);
  if ('refused' in projects) {
    const seen = `The list of the company's projects is refused (${projects.refused}).`;
    return { id: 'empty_because_of_permissions', evidence: [seen] };
  }
  if (projects.ids.size === 0) {
    const others = await hasRecords(company, `/rest/v1.0/companies/${companyId}/projects`, {});
    if (others === true && projectId === undefined) {
      const seen = `Company ${companyId} has projects, and none of them is active.`;
      return { id: 'empty_because_inactive', evidence: [seen] };
    }
    if (others !== true && client.environment === 'sandbox') {
      const seen = `Company ${companyId} of the sandbox has no project that the account sees.`;
      return { id: 'sandbox_empty', evidence: [seen] };
    }
  }
  if (projectId === undefined) {
    const seen = `What the account may see of company ${companyId} outside of projects cannot be asked.`;
    return { id: 'empty_unexplained', evidence: [seen] };
  }
  const evidence: string[] = [];
  if (projects.ids.has(projectId)) {
    evidence.push(`The account sees project ${projectId}, and it belongs to company ${companyId}.`);
  } else {
    const shown = await showProject(company, projectId);
    if (shown === undefined) return hiddenProject(client, companyId, projectId);
    evidence.push(`The account sees project ${projectId}, which is ${shown}.`);
  }
  const level = await explainLevel(company, projectId, tool);
  return { ...level, evidence: [...evidence, ...level.evidence] };
}

async function hiddenProject<E extends ProcoreEnvironmentName>(
  client: ProcoreClient<E>,
  companyId: string,
  projectId: string,
): Promise<Reached> {
  const owner = await companyOf(client, projectId, companyId);
  return owner === undefined
    ? { id: 'empty_because_of_permissions', evidence: [`The account does not see project ${projectId}.`] }
    : {
        id: 'empty_because_of_company',
        evidence: [`Project ${projectId} belongs to company ${owner}, and the header named ${companyId}.`],
      };
}

async function explainLevel<E extends ProcoreEnvironmentName>(
  company: CompanyClient<E>,
  projectId: string,
  tool: string | undefined,
): Promise<Reached> {
  const access = tool === undefined ? undefined : await toolAccess(company, projectId, tool);
  if (access === undefined || access.access === 'unmatched') {
    const seen = `The level on "${tool ?? 'the tool'}" could not be read.`;
    return { id: 'empty_unexplained', evidence: [seen] };
  }
  if (access.access === 'off') {
    return { id: 'empty_because_of_permissions', evidence: [`The tool "${tool}" is off in the project.`] };
  }
  const seen = `The level on "${tool}" is ${access.level}.`;
  return { id: access.access === 'none' ? 'empty_because_of_permissions' : 'really_empty', evidence: [seen] };
}

/** Looks whether a list has a record. @returns the diagnosis when it is refused */
async function hasRecords<E extends ProcoreEnvironmentName>(
  company: CompanyClient<E>,
  path: ApiPath,
  query: Query,
): Promise<boolean | string> {
  try {
    for await (const _record of company.list(path, { query, perPage: 1, readAhead: 1 })) return true;
    return false;
  } catch (error) {
    if (isRefusal(error)) return error.code;
    throw error;
  }
}

function dayOf(now: number, before: number): string {
  return new Date((now - before * 86_400) * 1000).toISOString().slice(0, 10);
}

async function companyOf<E extends ProcoreEnvironmentName>(
  client: ProcoreClient<E>,
  projectId: string,
  otherThan: string,
): Promise<string | undefined> {
  let looked = 0;
  for await (const record of client.company(otherThan).list('/rest/v1.0/companies')) {
    const id = idOf(record);
    if (id === undefined || id === otherThan) continue;
    looked += 1;
    if (looked > mostCompanies) return undefined;
    const projects = await visibleProjects(client.company(id));
    if ('ids' in projects && projects.ids.has(projectId)) return id;
  }
  return undefined;
}
