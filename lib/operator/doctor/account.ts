import type { ApiPath, CompanyClient, ProcoreClient } from '../../../functions/procore/client.ts';
import { readLimit } from '../../../functions/procore/rate-budget.ts';
import type { StoredSubscription } from '../../../functions/webhook/subscription.ts';
import type { StoredConnection } from '../stored-connection.ts';
import { explainEmptyList } from './empty-list.ts';
import type { Evidence } from './examination.ts';
import { examineInstallation, type Installation } from './installation.ts';
import { type Narrowed, visibleProjects } from './probes.ts';
import { isBeforeAccess, problemOf, seenProblem } from './refusals.ts';

/** What is looked at of an account. */
export interface AccountQuestions {
  readonly connection: StoredConnection;
  readonly client: ProcoreClient;
  /** Whose subscriptions name companies, projects and tools. */
  readonly subscriptions: readonly StoredSubscription[];
  /** The company that was asked for. */
  readonly companyId?: string | undefined;
  /** Epoch seconds. */
  readonly now: number;
}

/** What an account's calls have shown. */
export interface SeenAccount
  extends Pick<Evidence, 'installation' | 'projects' | 'listsComplete' | 'budgetHourLeftPercent'> {
  readonly refusals: readonly Narrowed[];
  /** Whether Procore accepted the token; undefined when it did not say. */
  readonly accepted?: boolean;
  /** Paths whose lists were read. */
  readonly lists: readonly string[];
}

/** Companies, and projects of each, that are looked at: a doctor must not spend the hour's calls. */
const most = 3;
/** The resources of the catalogue whose list is found by a project's path. */
const listedTools: Readonly<Record<string, string>> = {
  RFIs: 'rfis',
  Submittals: 'submittals',
  'Direct Costs': 'direct_costs',
};

/**
 * Calls Procore as the account does: who it is, which companies have the app, which projects of the subscriptions it
 * sees, and whether their tools' lists can be read. Reads only.
 *
 * @throws every error that is not a refusal of Procore's
 */
export async function examineAccount(asked: AccountQuestions): Promise<SeenAccount> {
  const { connection, client, companyId, now } = asked;
  // A service account must name a company even where a person need not.
  const own = companyId ?? connection.companyId ?? connection.companyIds[0];
  const header = connection.grant === 'client_credentials' ? own : undefined;
  const refusals: Narrowed[] = [];
  let left: number | undefined;
  try {
    const { headers } = await (header === undefined ? client : client.company(header)).get('/rest/v1.0/me');
    left = hourLeftPercent(headers, now);
  } catch (error) {
    const problem = await problemOf(error, client);
    refusals.push(problem);
    const accepted = problem.diagnosis.id === 'access_token_invalid' ? { accepted: false } : {};
    if (isBeforeAccess(problem)) return { refusals, lists: [], ...accepted };
  }
  const seen = { accepted: true, ...(left !== undefined && { budgetHourLeftPercent: left }) };
  let installation: Installation;
  try {
    installation = await examineInstallation(client, header);
  } catch (error) {
    return { ...seen, lists: [], refusals: [...refusals, await problemOf(error, client)] };
  }
  if (installation.connected.length + Object.keys(installation.refused).length === 0) {
    refusals.push(...emptyCompanies(connection));
  }
  const matter = companiesThatMatter(asked, installation);
  const looked = await Promise.all(matter.map((id) => examineCompany(asked, id)));
  refusals.push(...looked.flatMap((company) => company.refusals));
  const refused = Object.fromEntries(Object.entries(installation.refused).filter(([id]) => matter.includes(id)));
  return {
    ...seen,
    refusals,
    installation: { ...installation, refused },
    lists: looked.flatMap((company) => company.lists),
    projects: looked.reduce((sum, company) => sum + company.projects, 0),
    listsComplete: !refusals.some(({ diagnosis }) => diagnosis.id === 'list_truncated'),
  };
}

/** Procore tells of one limit only, the one that is likely to be hit first. */
function hourLeftPercent(headers: Headers, now: number): number | undefined {
  const told = readLimit(headers);
  if (told === undefined || told.resetAt - now < 60) return undefined;
  return Math.floor((100 * told.remaining) / told.limit);
}

function emptyCompanies({ connectionId, companyIds }: StoredConnection): Narrowed[] {
  if (companyIds.length === 0) return [];
  const seen = `The list of companies is empty, although "${connectionId}" has seen ${companyIds.length} of them before.`;
  return [seenProblem('empty_because_of_permissions', seen)];
}

function companiesThatMatter({ companyId, connection, subscriptions }: AccountQuestions, found: Installation) {
  if (companyId !== undefined) return [companyId];
  const named = [connection.companyId, ...subscriptions.map((subscription) => subscription.companyId)];
  const wanted = [...new Set(named.filter((id) => id !== undefined))];
  return (wanted.length > 0 ? wanted : found.connected).slice(0, most);
}

async function examineCompany({ client, subscriptions }: AccountQuestions, companyId: string) {
  const company = client.company(companyId);
  const refusals: Narrowed[] = [];
  const lists: string[] = [];
  try {
    const projects = await visibleProjects(company);
    if ('refused' in projects) {
      // Once more, for the answer itself: what refuses a company's list of projects is narrowed like any other refusal.
      await company.get('/rest/v1.0/projects', { query: { company_id: companyId, per_page: 1 } });
      return { refusals, lists, projects: 0 };
    }
    const ours = subscriptions.filter((subscription) => subscription.companyId === companyId);
    const wanted = new Set(ours.flatMap(projectsOf));
    const hidden = [...wanted].filter((id) => !projects.ids.has(id));
    if (hidden.length > 0) {
      const seen = `Subscribed, but not among the ${projects.ids.size} projects that the account sees: ${hidden.join(', ')}.`;
      refusals.push(seenProblem('outside_access_scope', seen));
    }
    const tools = new Set(ours.flatMap(({ resources }) => resources.map(({ name }) => listedTools[name])));
    for (const projectId of [...wanted].filter((id) => projects.ids.has(id)).slice(0, most)) {
      for (const tool of tools) {
        if (tool === undefined) continue;
        const path: ApiPath = `/rest/v1.0/projects/${projectId}/${tool}`;
        const refused = await examineList(client, company, path);
        if (refused === undefined) lists.push(path);
        else refusals.push(refused);
      }
    }
    return { refusals, lists, projects: projects.ids.size };
  } catch (error) {
    return { refusals: [...refusals, await problemOf(error, client)], lists, projects: 0 };
  }
}

function projectsOf({ projects, hooks }: StoredSubscription): readonly string[] {
  return projects === 'all' ? hooks.flatMap(({ projectId }) => projectId ?? []) : projects;
}

async function examineList(
  client: ProcoreClient,
  company: CompanyClient,
  path: ApiPath,
): Promise<Narrowed | undefined> {
  try {
    for await (const _record of company.list(path, { perPage: 1, readAhead: 1 })) return undefined;
    const empty = await explainEmptyList(client, { companyId: company.companyId, path });
    return empty.diagnosis.id === 'really_empty' ? undefined : empty;
  } catch (error) {
    return problemOf(error, client);
  }
}
