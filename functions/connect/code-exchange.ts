import { authorizeConnection } from '../connection/authorize.ts';
import { recordCompanies } from '../connection/company-choice.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionDependencies } from '../connection/dependencies.ts';
import { checkEnvironment } from '../connection/environment-check.ts';
import type { SeenCompanies } from '../connection/transitions.ts';
import { checkUnconfirmed, noteUnconfirmedCompanies, proposeAuthorization } from '../connection/unconfirmed.ts';
import { redirectUri } from '../oauth/redirect-uri.ts';
import type { TokenOutcome, TokenSet } from '../oauth/token-endpoint.ts';
import { readUsableClient } from '../oauth/usable-client.ts';
import type { CompaniesOutcome, FindCompaniesProps, FoundCompanies } from '../procore/companies.ts';
import type { AuthorizationSession, AuthorizationStore, SessionFailure, SessionResult } from './authorization-store.ts';
import { companyNames } from './company-names.ts';
import { logFailure } from './failure.ts';
import type { OwnSession } from './session.ts';

/** What {@link exchangeCode} works with. */
export interface CodeExchangeDependencies extends ConnectionDependencies {
  readonly authorizations: AuthorizationStore;
  readonly publicOrigin: string;
  /** Lists the companies that an access token sees, within the given time. */
  readonly listCompanies: (accessToken: string, timeoutMs: number) => Promise<CompaniesOutcome>;
  /** Looks through the companies that an access token sees. */
  readonly findCompanies: (
    accessToken: string,
    search: Pick<FindCompaniesProps, 'isWanted' | 'most' | 'timeoutMs'>,
  ) => Promise<FoundCompanies>;
}

/**
 * How much time an invocation must have left to use a code, in milliseconds: the exchange takes at most 10 s, and the
 * write of its tokens comes after it. A code can be used once.
 */
const exchangeReserveMs = 15_000;
/** How much time an invocation keeps for storing the result and answering, in milliseconds. */
const reserveMs = 5000;
/** How long the environment check may take, in milliseconds: the time-out of `token/info` and the write after it. */
const environmentCheckMs = 12_000;
/** How long a person waits at most for the list of companies, in milliseconds. */
const companiesMs = 8000;
/**
 * An item has at most 400 kB. A session, and each list of further companies beside it, keeps this many: 170 kB where
 * every character of their names takes three bytes.
 */
const companiesOfList = 500;

/**
 * Exchanges a code at once and stores the tokens in one write. Only then it checks whose tokens they are and which
 * companies they see. Where the link asked for a confirmation, they wait beside the live ones.
 *
 * Only the holder of the session's claim may call it. Procore refuses a code that is used twice, and RFC 6749 lets the
 * server revoke the tokens of the first use.
 *
 * @returns the session's result. Tokens that came too late to be stored have been given up for revocation.
 * @throws whatever store and secret throw
 */
export async function exchangeCode(
  dependencies: CodeExchangeDependencies,
  session: OwnSession,
  code: string,
): Promise<SessionResult> {
  const exchanged = await redeem(dependencies, code);
  if ('failure' in exchanged) return failed(dependencies, session, exchanged.failure, exchanged);
  const { connectionId, sessionId, linkIssuedAt, referenceHash } = session;
  if (referenceHash !== undefined) {
    const { tokens } = exchanged;
    const authorizedBy = { sessionId, linkIssuedAt, referenceHash };
    const proposed = await proposeAuthorization(dependencies, { connectionId, tokens, authorizedBy });
    if (proposed.outcome === 'superseded') return failed(dependencies, session, 'superseded');
    return finishWaiting(dependencies, session, proposed.connection);
  }
  const authorized = await authorizeConnection(dependencies, {
    connectionId,
    grant: 'authorization_code',
    tokens: exchanged.tokens,
    authorizedBy: { sessionId, linkIssuedAt },
  });
  if (authorized.outcome === 'superseded') return failed(dependencies, session, 'superseded');
  return finishAuthorized(dependencies, session, authorized.connection);
}

/**
 * Does what follows when the tokens are stored. A second call does it when the first call died after its write.
 *
 * @param connection as this session authorized it
 * @returns the session's result
 */
export async function finishAuthorized(
  dependencies: CodeExchangeDependencies,
  session: AuthorizationSession,
  connection: Connection,
): Promise<SessionResult> {
  // The stored `linkIssuedAt` spends a link. This mark only saves people a trip to Procore that must fail.
  await dependencies.authorizations.spendLink(session.linkHash);
  let current = connection;
  // When time is short, the sweep does the check: a connection stays due until its environment is checked.
  if (dependencies.remaining() > environmentCheckMs + reserveMs) {
    const checked = await checkEnvironment(dependencies, connection);
    if (checked.outcome === 'foreign') return failed(dependencies, session, 'wrong_environment');
    // What is stored by now may be another session's, whose companies are not this person's to see.
    const isOurs = checked.outcome === 'ours' && checked.connection.authorizedBy.sessionId === session.sessionId;
    if (isOurs) current = checked.connection;
  }
  const seen = await seenCompanies(dependencies, session, current, (companies) =>
    recordCompanies(dependencies, current, companies),
  );
  return { outcome: 'connected', ...seen };
}

/**
 * Does what follows when the tokens wait for their confirmation: the link is not spent before they are confirmed.
 *
 * @param connection as this session's tokens wait beside it
 * @returns the session's result
 */
export async function finishWaiting(
  dependencies: CodeExchangeDependencies,
  session: AuthorizationSession,
  connection: Connection,
): Promise<SessionResult> {
  const { connectionId, unconfirmed } = connection;
  const { sessionId } = session;
  // Somebody was quick to confirm it. What was missing then, the sweep finds out.
  if (unconfirmed?.authorizedBy.sessionId !== sessionId) return { outcome: 'connected', companies: [] };
  if (dependencies.remaining() > environmentCheckMs + reserveMs) {
    const checked = await checkUnconfirmed(dependencies, connection, unconfirmed);
    if (checked === 'foreign') return failed(dependencies, session, 'wrong_environment');
  }
  const { tokens } = unconfirmed;
  const seen = await seenCompanies(dependencies, session, { connectionId, tokens }, (companies) =>
    noteUnconfirmedCompanies(dependencies, { connectionId, sessionId }, companies),
  );
  return { outcome: 'connected', ...seen };
}

type Exchanged =
  | { readonly tokens: TokenSet }
  | {
      readonly failure: SessionFailure;
      readonly status?: number | undefined;
      readonly code?: string | undefined;
      readonly retryAfterSeconds?: number | undefined;
    };

async function redeem(dependencies: CodeExchangeDependencies, code: string): Promise<Exchanged> {
  const uri = redirectUri(dependencies.publicOrigin);
  // The page that started read the secret fresh, too. A code is good only for that client. If the cached client is one
  // from before a correction, and Procore knows it as well, Procore would refuse the code and use it up.
  const client = await readUsableClient(dependencies.oauthClient, { fresh: true });
  if ('trouble' in client) return { failure: 'client_missing', code: client.trouble };
  if (dependencies.remaining() < exchangeReserveMs) return { failure: 'procore_unavailable', code: 'out_of_time' };
  const judged = judge(await dependencies.tokenEndpoint.redeemCode(client, code, uri));
  if ('failure' in judged && judged.failure === 'client_refused')
    dependencies.observer.count('clientCredentialsRefused');
  return judged;
}

function judge(outcome: TokenOutcome): Exchanged {
  switch (outcome.outcome) {
    case 'tokens':
      return { tokens: outcome.tokens };
    case 'invalid_grant':
      return { failure: 'code_refused', status: outcome.status, code: outcome.outcome };
    case 'refused':
      return { failure: 'code_refused', status: outcome.status, code: outcome.code };
    case 'invalid_client':
      return { failure: 'client_refused', status: outcome.status, code: outcome.outcome };
    case 'not_sent':
    case 'unknown':
    case 'throttled':
      return {
        failure: 'procore_unavailable',
        status: 'status' in outcome ? outcome.status : undefined,
        code: outcome.outcome,
        retryAfterSeconds: 'retryAfterSeconds' in outcome ? outcome.retryAfterSeconds : undefined,
      };
  }
}

async function seenCompanies(
  dependencies: CodeExchangeDependencies,
  session: AuthorizationSession,
  { connectionId, tokens }: Pick<Connection, 'connectionId' | 'tokens'>,
  record: (seen: SeenCompanies) => Promise<unknown>,
): Promise<Omit<Extract<SessionResult, { outcome: 'connected' }>, 'outcome'>> {
  const timeoutMs = Math.min(companiesMs, dependencies.remaining() - reserveMs);
  const seen: CompaniesOutcome =
    tokens && timeoutMs > 500
      ? await dependencies.listCompanies(tokens.accessToken, timeoutMs)
      : { outcome: 'unavailable' };
  if (seen.outcome === 'unavailable') {
    dependencies.observer.note('oauth.companies_unavailable', { connectionId });
    return { companies: [], installation: 'unknown' };
  }
  if (seen.outcome === 'too_many') {
    dependencies.observer.note('oauth.companies_too_many', { connectionId });
    await record(seen.outcome);
    return { companies: [], tooManyCompanies: true };
  }
  await record(seen.companies.map(({ id }) => id));
  if (seen.companies.length === 0) return { companies: [], installation: 'nowhere' };
  const companies = companyNames(seen.companies);
  const furtherLists = Math.ceil(companies.length / companiesOfList) - 1;
  for (let list = 1; list <= furtherLists; list += 1) {
    const further = companies.slice(list * companiesOfList, (list + 1) * companiesOfList);
    await dependencies.authorizations.keepCompanies(session, String(list), further);
  }
  return { companies: companies.slice(0, companiesOfList), ...(furtherLists > 0 && { furtherLists }) };
}

function failed(
  dependencies: CodeExchangeDependencies,
  { connectionId }: AuthorizationSession,
  outcome: SessionFailure,
  {
    status,
    code,
    retryAfterSeconds,
  }: { status?: number | undefined; code?: string | undefined; retryAfterSeconds?: number | undefined } = {},
): SessionResult {
  const referenceId = logFailure(dependencies, outcome, { connectionId, status, code });
  return { outcome, referenceId, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}
