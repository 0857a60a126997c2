import type { BrowserAnswer } from './browser-answer.ts';
import { type BrowserRequest, onlyValue } from './browser-request.ts';
import type { CodeExchangeDependencies } from './code-exchange.ts';
import { companyFilter, foundList, mostShown, readQuery } from './company-filter.ts';
import { companyNames } from './company-names.ts';
import { failurePage } from './failure.ts';
import { findSession } from './session.ts';

/** How much time an invocation keeps for storing what was found and answering, in milliseconds. */
const reserveMs = 5000;

/**
 * Searches the companies of an account that sees too many to keep: reads Procore's list with the connection's access token
 * and keeps what matches beside the session. The page that shows it then needs no token.
 *
 * @param request of the browser that connected, with `session` and `q` in the query
 * @returns where the page is that shows what was found, or a page that says why nothing can be searched
 */
export async function searchCompanies(
  dependencies: CodeExchangeDependencies,
  request: BrowserRequest,
): Promise<BrowserAnswer> {
  const found = await findSession(dependencies, onlyValue(request.query, 'session'), request);
  if (found.outcome !== 'own') return failurePage(dependencies, 'choice_unknown');
  const { session } = found;
  const { connectionId, sessionId, result } = session;
  const connection = await dependencies.store.read(connectionId);
  // What this session authorized may still wait for its confirmation.
  const [tokens] = [connection?.unconfirmed, connection]
    .filter((set) => set?.authorizedBy.sessionId === sessionId)
    .map((set) => set?.tokens);
  if (result?.outcome !== 'connected' || !result.tooManyCompanies || !tokens) {
    return failurePage(dependencies, 'choice_unknown', { connectionId });
  }
  const query = readQuery(onlyValue(request.query, 'q'));
  if (query !== '') {
    const matches = companyFilter(query);
    const { companies, isComplete } = await dependencies.findCompanies(tokens.accessToken, {
      isWanted: ({ id, name }) => matches({ companyId: id, name }),
      most: mostShown,
      timeoutMs: dependencies.remaining() - reserveMs,
    });
    if (companies.length === 0 && !isComplete) {
      return failurePage(dependencies, 'procore_unavailable', { connectionId, wayOn: { way: 'look_again' } });
    }
    await dependencies.authorizations.keepCompanies(session, foundList(query), companyNames(companies));
  }
  const search = new URLSearchParams({ session: sessionId, ...(query !== '' && { q: query }) });
  return { answer: 'redirect', location: `${dependencies.publicOrigin}/oauth/company?${search}` };
}
