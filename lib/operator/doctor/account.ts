import type { ApiPath, CompanyClient, ProcoreClient } from '../../../functions/procore/client.ts';
import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import { readLimit } from '../../../functions/procore/rate-limit-headers.ts';
import type { StoredSubscription } from '../../../functions/webhook/subscription.ts';
import { namedDiagnosis } from '../../diagnosis-rows.ts';
import type { StoredConnection } from '../stored-connection.ts';
import { explainEmptyList } from './empty-list.ts';
import type { Evidence } from './evidence.ts';
import { examineInstallation, type Installation } from './installation.ts';
import { isBeforeAccess } from './outage.ts';
import { type Narrowed, showProject, visibleProjects } from './probes.ts';
import { problemOf, seenProblem } from './refusals.ts';

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
  extends Pick<
    Evidence,
    | 'installation'
    | 'projects'
    | 'projectsCompared'
    | 'listsRead'
    | 'unexplained'
    | 'listsComplete'
    | 'budgetHourLeftPercent'
  > {
  readonly refusals: readonly Narrowed[];
  /** Whether Procore accepted the token; undefined when it did not say. */
  readonly accepted?: boolean;
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
    if (isBeforeAccess(problem.diagnosis.id)) return { refusals, ...accepted };
  }
  const seen = { accepted: true, ...(left !== undefined && { budgetHourLeftPercent: left }) };
  let installation: Installation;
  try {
    installation = everInstalled(connection, await examineInstallation(client, header));
  } catch (error) {
    return { ...seen, refusals: [...refusals, await problemOf(error, client)] };
  }
  if (installation.connected.length + Object.keys(installation.refused).length === 0) {
    refusals.push(...emptyCompanies(connection, client.environment));
  }
  const matter = companiesThatMatter(asked, installation);
  const looked = await Promise.all(matter.map((id) => examineCompany(asked, id)));
  refusals.push(...looked.flatMap((company) => company.refusals));
  const refused = Object.fromEntries(Object.entries(installation.refused).filter(([id]) => matter.includes(id)));
  const reached = { ...seen, refusals, installation: { ...installation, refused } };
  // What was held back may be what is refused, so the lists that were read prove nothing.
  if (refusals.some(({ heldUntil }) => heldUntil !== undefined)) return reached;
  const listsComplete = !refusals.some(({ diagnosis }) => diagnosis.id === 'list_truncated');
  return { ...reached, ...sumOf(looked), listsComplete };
}

/** Procore tells of one limit only, the one that is likely to be hit first. */
function hourLeftPercent(headers: Headers, now: number): number | undefined {
  const told = readLimit(headers);
  if (told === undefined || told.resetAt - now < 60) return undefined;
  return Math.floor((100 * told.remaining) / told.limit);
}

/** Where the account has seen companies before, the app was installed, and how a first sandbox gets it is no remedy. */
function everInstalled({ companyIds }: StoredConnection, found: Installation): Installation {
  const isFirst = companyIds.length === 0 || found.diagnosis?.id !== 'app_not_installed';
  return isFirst ? found : { ...found, diagnosis: namedDiagnosis('app_not_connected') };
}

function emptyCompanies(
  { connectionId, companyIds }: StoredConnection,
  environment: ProcoreEnvironmentName,
): readonly Narrowed[] {
  // The installation says how a first sandbox gets its app.
  if (companyIds.length === 0 && environment === 'sandbox') return [];
  const before =
    companyIds.length === 0 ? '' : `, although "${connectionId}" has seen ${companyIds.length} of them before`;
  return [seenProblem('installed_nowhere', `The list of companies is empty${before}.`)];
}

function companiesThatMatter({ companyId, connection, subscriptions }: AccountQuestions, found: Installation) {
  if (companyId !== undefined) return [companyId];
  const named = [connection.companyId, ...subscriptions.map((subscription) => subscription.companyId)];
  const wanted = [...new Set(named.filter((id) => id !== undefined))];
  return (wanted.length > 0 ? wanted : found.connected).slice(0, most);
}

/** What was seen of one company; what its projects are is absent when their list was refused. */
interface SeenCompany {
  readonly refusals: Narrowed[];
  readonly lists: string[];
  readonly unexplained: string[];
  readonly projects?: number;
  readonly compared?: number;
}

function sumOf(looked: readonly SeenCompany[]): Partial<SeenAccount> {
  const listed = looked.filter(({ projects }) => projects !== undefined);
  if (listed.length === 0) return {};
  return {
    projects: listed.reduce((sum, { projects = 0 }) => sum + projects, 0),
    projectsCompared: listed.reduce((sum, { compared = 0 }) => sum + compared, 0),
    listsRead: looked.flatMap(({ lists }) => lists),
    unexplained: looked.flatMap(({ unexplained }) => unexplained),
  };
}

async function examineCompany({ client, subscriptions }: AccountQuestions, companyId: string): Promise<SeenCompany> {
  const company = client.company(companyId);
  const seen: SeenCompany = { refusals: [], lists: [], unexplained: [] };
  let listed: Pick<SeenCompany, 'projects' | 'compared'> = {};
  try {
    const projects = await visibleProjects(company);
    if ('refused' in projects) {
      // Once more, for the answer itself: what refuses a company's list of projects is narrowed like any other refusal.
      await company.get('/rest/v1.0/projects', { query: { company_id: companyId, per_page: 1 } });
      return seen;
    }
    const ours = subscriptions.filter((subscription) => subscription.companyId === companyId);
    const wanted = [...new Set(ours.flatMap(projectsOf))];
    listed = { projects: projects.ids.size, compared: wanted.length };
    seen.refusals.push(...(await hiddenProjects(company, wanted, projects.ids)));
    const tools = new Set(ours.flatMap(({ resources }) => resources.map(({ name }) => listedTools[name])));
    for (const projectId of wanted.filter((id) => projects.ids.has(id)).slice(0, most)) {
      for (const tool of tools) {
        if (tool !== undefined) await examineList(client, company, `/rest/v1.0/projects/${projectId}/${tool}`, seen);
      }
    }
  } catch (error) {
    seen.refusals.push(await problemOf(error, client));
  }
  return { ...seen, ...listed };
}

/** Projects of subscriptions that are not in the list; those that are only not active show themselves. */
async function hiddenProjects(
  company: CompanyClient,
  wanted: readonly string[],
  visible: ReadonlySet<string>,
): Promise<readonly Narrowed[]> {
  const missing = wanted.filter((id) => !visible.has(id));
  const shown = await Promise.all(missing.slice(0, most).map((id) => showProject(company, id)));
  const hidden = missing.filter((_, index) => shown[index] === undefined);
  if (hidden.length === 0) return [];
  const seen = `Subscribed, but not among the ${visible.size} projects that the account sees: ${hidden.join(', ')}.`;
  return [seenProblem('outside_access_scope', seen, { companyId: company.companyId, projectIds: hidden })];
}

function projectsOf({ projects, hooks }: StoredSubscription): readonly string[] {
  return projects === 'all' ? hooks.flatMap(({ projectId }) => projectId ?? []) : projects;
}

async function examineList(
  client: ProcoreClient,
  company: CompanyClient,
  path: ApiPath,
  { refusals, lists, unexplained }: SeenCompany,
): Promise<void> {
  try {
    for await (const _record of company.list(path, { perPage: 1, readAhead: 1 })) {
      lists.push(path);
      return;
    }
    const empty = await explainEmptyList(client, { companyId: company.companyId, path });
    if (empty.diagnosis.id === 'really_empty') lists.push(path);
    else if (empty.diagnosis.id === 'empty_unexplained') {
      unexplained.push(`${path} is empty. ${empty.evidence.join(' ')}`);
    } else refusals.push(empty);
  } catch (error) {
    refusals.push(await problemOf(error, client));
  }
}
