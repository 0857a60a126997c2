import { chooseCompany } from '../connection/company-choice.ts';
import type { ConnectionDependencies } from '../connection/dependencies.ts';
import type { AuthorizationSession, AuthorizationStore, CompanyName } from './authorization-store.ts';
import type { BrowserAnswer } from './browser-answer.ts';
import { type BrowserRequest, isOwnPost, onlyValue } from './browser-request.ts';
import { failurePage } from './failure.ts';
import { findSession } from './session.ts';

/** What the page works with on which a person chooses the company. */
export interface CompanyDependencies extends Pick<ConnectionDependencies, 'store' | 'clock' | 'randomId' | 'observer'> {
  readonly authorizations: AuthorizationStore;
  readonly publicOrigin: string;
}

/**
 * Shows the companies that the account saw when it was connected. After the choice it shows the chosen one.
 *
 * @param request of the browser that connected, with `session` in the query, and with `chosen` after the choice
 * @returns the page
 */
export async function showCompanies(
  dependencies: CompanyDependencies,
  request: BrowserRequest,
): Promise<BrowserAnswer> {
  const choice = await findChoice(dependencies, request, onlyValue(request.query, 'session'));
  if (!choice) return failurePage(dependencies, 'choice_unknown');
  const company = request.query.has('chosen') ? await findChosen(dependencies, choice) : undefined;
  if (!company) return companyPage(choice, false);
  const { connectionId } = choice.session;
  return { answer: 'page', page: { name: 'connected', connectionId, companyName: company.name } };
}

/**
 * Stores the company that a person chose. The person may go back and choose again while the session is kept and the
 * connection is still the one that the session authorized.
 *
 * @param request of the browser that connected, with `session` and `companyId` in the form
 * @returns where the browser goes next, or a page that says why nothing was stored
 */
export async function submitCompany(
  dependencies: CompanyDependencies,
  request: BrowserRequest,
): Promise<BrowserAnswer> {
  if (!isOwnPost(request)) return failurePage(dependencies, 'foreign_post');
  const choice = await findChoice(dependencies, request, onlyValue(request.form, 'session'));
  if (!choice) return failurePage(dependencies, 'choice_unknown');
  const companyId = onlyValue(request.form, 'companyId');
  const company = choice.companies.find((offered) => offered.companyId === companyId);
  if (!company) return companyPage(choice, true);

  const { connectionId, sessionId, returnTo } = choice.session;
  const choosing = await chooseCompany(dependencies, { connectionId, companyId: company.companyId, sessionId });
  if (choosing.outcome !== 'chosen') return failurePage(dependencies, 'choice_unknown', { connectionId });
  // Browsers cannot go back to the answer of a POST that they may not store: they show an error of their own. So this
  // redirects to a page.
  const chosen = `${dependencies.publicOrigin}/oauth/company?session=${sessionId}&chosen`;
  return { answer: 'redirect', location: returnTo ?? chosen };
}

interface Choice {
  readonly session: AuthorizationSession;
  readonly companies: readonly CompanyName[];
}

async function findChoice(
  dependencies: CompanyDependencies,
  request: BrowserRequest,
  sessionId: string | undefined,
): Promise<Choice | undefined> {
  const found = await findSession(dependencies, sessionId, request);
  if (found.outcome !== 'own' || found.session.result?.outcome !== 'connected') return undefined;
  const { companies } = found.session.result;
  return companies.length > 1 ? { session: found.session, companies } : undefined;
}

async function findChosen(
  { store }: CompanyDependencies,
  { session, companies }: Choice,
): Promise<CompanyName | undefined> {
  const connection = await store.read(session.connectionId);
  if (connection?.authorizedBy.sessionId !== session.sessionId) return undefined;
  return companies.find(({ companyId }) => companyId === connection.companyId);
}

function companyPage({ session, companies }: Choice, nothingChosen: boolean): BrowserAnswer {
  const { connectionId, sessionId } = session;
  return { answer: 'page', page: { name: 'company', connectionId, sessionId, companies, nothingChosen } };
}
