import type { ApiPath, ProcoreClient } from '../../../functions/procore/client.ts';
import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import type { Query } from '../../../functions/procore/listing.ts';
import { namedDiagnosis } from '../../diagnosis-rows.ts';
import { idOf, type Narrowed, subjectOf, toolAccess, visibleProjects } from './probes.ts';

/** A list that came back empty. */
export interface EmptyList {
  readonly companyId: string;
  readonly path: ApiPath;
  readonly query?: Query;
}

/** Companies that are searched for a project that the given one does not have. */
const mostCompanies = 20;

/**
 * Says why a list is empty, by the three causes of Procore's troubleshooting page: its filters, the company header, the
 * account's permissions; in a sandbox also that sandboxes start empty. Only on demand: every look is a call that counts.
 *
 * @returns `really_empty` when all three are in order
 * @see https://developers.procore.com/documentation/troubleshooting
 */
export async function explainEmptyList<E extends ProcoreEnvironmentName>(
  client: ProcoreClient<E>,
  { companyId, path, query = {} }: EmptyList,
): Promise<Narrowed> {
  const company = client.company(companyId);
  const evidence: string[] = [];
  const filters = Object.keys(query).filter((name) => /^filters?\[|^search$|^q$/.test(name));
  if (filters.length > 0) {
    const open = Object.fromEntries(Object.entries(query).filter(([name]) => !filters.includes(name)));
    for await (const _record of company.list(path, { query: open, perPage: 1, readAhead: 1 })) {
      return {
        diagnosis: namedDiagnosis('empty_because_of_filters'),
        evidence: [`Without ${filters.join(', ')} the same list has records.`],
      };
    }
    evidence.push(`Without ${filters.join(', ')} the list is empty, too.`);
  }

  const url = `https://any.invalid${path}?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))}`;
  const { projectId, tool } = subjectOf({ url, requestHeaders: { 'procore-company-id': companyId } });
  const projects = await visibleProjects(company);
  if ('refused' in projects) {
    const seen = `The list of the company's projects is refused (${projects.refused}).`;
    return { diagnosis: namedDiagnosis('empty_because_of_permissions'), evidence: [...evidence, seen] };
  }
  if (projects.ids.size === 0 && client.environment === 'sandbox') {
    const seen = `Company ${companyId} of the sandbox has no project that the account sees.`;
    return { diagnosis: namedDiagnosis('sandbox_empty'), evidence: [...evidence, seen] };
  }
  if (projectId === undefined) return { diagnosis: namedDiagnosis('really_empty'), evidence };
  if (!projects.ids.has(projectId)) {
    const owner = await companyOf(client, projectId, companyId);
    return owner === undefined
      ? {
          diagnosis: namedDiagnosis('empty_because_of_permissions'),
          evidence: [...evidence, `The account does not see project ${projectId}.`],
        }
      : {
          diagnosis: namedDiagnosis('empty_because_of_company'),
          evidence: [
            ...evidence,
            `Project ${projectId} belongs to company ${owner}, and the header named ${companyId}.`,
          ],
        };
  }
  evidence.push(`The account sees project ${projectId}, and it belongs to company ${companyId}.`);
  const access = tool === undefined ? undefined : await toolAccess(company, projectId, tool);
  if (access?.access === 'off' || access?.access === 'none') {
    const seen =
      access.access === 'off'
        ? `The tool "${tool}" is off in the project.`
        : `The level on "${tool}" is ${access.level}.`;
    return { diagnosis: namedDiagnosis('empty_because_of_permissions'), evidence: [...evidence, seen] };
  }
  if (access !== undefined && 'level' in access) evidence.push(`The level on "${tool}" is ${access.level}.`);
  return { diagnosis: namedDiagnosis('really_empty'), evidence };
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
