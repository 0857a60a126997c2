import { chooseCompany } from '../connection/company-choice.ts';
import type { ConnectionDependencies } from '../connection/dependencies.ts';
import { chooseUnconfirmedCompany } from '../connection/unconfirmed.ts';
import type { AuthorizationSession, AuthorizationStore, CompanyName, SessionResult } from './authorization-store.ts';
import type { BrowserAnswer } from './browser-answer.ts';
import { type BrowserRequest, isOwnPost, onlyValue } from './browser-request.ts';
import { companyFilter, foundList, mostShown, readQuery } from './company-filter.ts';
import { failurePage } from './failure.ts';
import { findSession } from './session.ts';

/** What the page works with on which a person chooses the company. */
export interface CompanyDependencies extends Pick<ConnectionDependencies, 'store' | 'clock' | 'randomId' | 'observer'> {
  readonly authorizations: AuthorizationStore;
  readonly publicOrigin: string;
}

/**
 * Shows what follows when an account is connected: the companies that it saw then, or, where there is nothing to choose
 * or the choice is made, that it is connected. Nothing in its address is a secret.
 *
 * @param request of the browser that connected, with `session` in the query, perhaps with `q`, a search, and with `chosen`
 *   after the choice
 * @returns the page
 */
export async function showCompanies(
  dependencies: CompanyDependencies,
  request: BrowserRequest,
): Promise<BrowserAnswer> {
  const connected = await findConnected(dependencies, request, onlyValue(request.query, 'session'));
  if (!connected) return failurePage(dependencies, 'choice_unknown');
  const { session, result } = connected;
  if (result.companies.length <= 1 && !result.tooManyCompanies) {
    // The page at `returnTo` says how it ends: nothing is connected before the confirmation.
    if (session.confirm && session.returnTo !== undefined) return { answer: 'redirect', location: session.returnTo };
    return connectedPage(session, result.companies[0], result.installation === 'nowhere');
  }
  const query = readQuery(onlyValue(request.query, 'q'));
  const companies = await offeredCompanies(dependencies, connected, query);
  const chosen = request.query.has('chosen') ? await findChosen(dependencies, session, companies) : undefined;
  return chosen ? connectedPage(session, chosen) : companyPage(connected, companies, { query, nothingChosen: false });
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
  const connected = await findConnected(dependencies, request, onlyValue(request.form, 'session'));
  if (!connected) return failurePage(dependencies, 'choice_unknown');
  const { tooManyCompanies = false } = connected.result;
  const query = readQuery(onlyValue(request.form, 'q'));
  const companies = await offeredCompanies(dependencies, connected, query);
  if (companies.length <= 1 && !tooManyCompanies) return failurePage(dependencies, 'choice_unknown');
  const companyId = onlyValue(request.form, 'companyId');
  const company = companies.find((offered) => offered.companyId === companyId);
  if (!company) return companyPage(connected, companies, { query, nothingChosen: true });

  const { connectionId, sessionId, returnTo } = connected.session;
  const isChosen = await choose(dependencies, connected, company.companyId);
  if (!isChosen) return failurePage(dependencies, 'choice_unknown', { connectionId });
  // Browsers cannot go back to the answer of a POST that they may not store: they show an error of their own. So this
  // redirects to a page.
  const search = new URLSearchParams({ session: sessionId, ...(query !== '' && { q: query }), chosen: '' });
  return { answer: 'redirect', location: returnTo ?? `${dependencies.publicOrigin}/oauth/company?${search}` };
}

/** Notes the choice on what waits for its confirmation, or on the connection itself. */
async function choose(
  dependencies: CompanyDependencies,
  { session: { connectionId, sessionId, confirm }, result }: Connected,
  companyId: string,
): Promise<boolean> {
  if (confirm) {
    const choosing = await chooseUnconfirmedCompany(dependencies, { connectionId, sessionId }, companyId);
    if (choosing === 'chosen') return true;
    // It may have been confirmed before the person came back to the list.
  }
  const choice = { connectionId, companyId, sessionId, isListed: result.tooManyCompanies === true };
  return (await chooseCompany(dependencies, choice)).outcome === 'chosen';
}

interface Connected {
  readonly session: AuthorizationSession;
  readonly result: Extract<SessionResult, { outcome: 'connected' }>;
}

async function findConnected(
  dependencies: CompanyDependencies,
  request: BrowserRequest,
  sessionId: string | undefined,
): Promise<Connected | undefined> {
  const found = await findSession(dependencies, sessionId, request);
  if (found.outcome !== 'own') return undefined;
  const { session } = found;
  return session.result?.outcome === 'connected' ? { session, result: session.result } : undefined;
}

/** Reads all companies that the person may choose among, in the order of their names: of too many, those that were found. */
async function offeredCompanies(
  { authorizations }: CompanyDependencies,
  { session, result }: Connected,
  query: string,
): Promise<readonly CompanyName[]> {
  if (result.tooManyCompanies) {
    return query === '' ? [] : authorizations.readCompanies(session.sessionId, foundList(query));
  }
  const names = Array.from({ length: result.furtherLists ?? 0 }, (_, index) => String(index + 1));
  const further = await Promise.all(names.map((name) => authorizations.readCompanies(session.sessionId, name)));
  return [...result.companies, ...further.flat()];
}

async function findChosen(
  { store }: CompanyDependencies,
  session: AuthorizationSession,
  companies: readonly CompanyName[],
): Promise<CompanyName | undefined> {
  const connection = await store.read(session.connectionId);
  if (connection?.authorizedBy.sessionId !== session.sessionId) return undefined;
  return companies.find(({ companyId }) => companyId === connection.companyId);
}

function connectedPage(
  { connectionId, displayName }: AuthorizationSession,
  company: CompanyName | undefined,
  isInstalledNowhere = false,
): BrowserAnswer {
  const page = {
    name: 'connected',
    connectionId,
    displayName,
    companyName: company?.name,
    isInstalledNowhere,
  } as const;
  return { answer: 'page', page };
}

function companyPage(
  { session, result }: Connected,
  companies: readonly CompanyName[],
  { query, nothingChosen }: { readonly query: string; readonly nothingChosen: boolean },
): BrowserAnswer {
  const { connectionId, sessionId, confirm } = session;
  const matching = companies.filter(companyFilter(query));
  const total = result.tooManyCompanies ? 'too_many' : companies.length;
  const shown = matching.slice(0, mostShown);
  return {
    answer: 'page',
    page: {
      name: 'company',
      connectionId,
      sessionId,
      query,
      companies: shown,
      matching: matching.length,
      total,
      nothingChosen,
      ...(confirm && { confirm }),
    },
  };
}
