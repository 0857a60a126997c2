import { authorizeConnection } from '../connection/authorize.ts';
import { recordCompanies } from '../connection/company-choice.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionDependencies } from '../connection/dependencies.ts';
import { checkEnvironment } from '../connection/environment-check.ts';
import { redirectUri } from '../oauth/redirect-uri.ts';
import type { TokenOutcome, TokenSet } from '../oauth/token-endpoint.ts';
import { readUsableClient } from '../oauth/usable-client.ts';
import type { CompaniesOutcome } from '../procore/companies.ts';
import type {
  AuthorizationSession,
  AuthorizationStore,
  CompanyName,
  SessionFailure,
  SessionResult,
} from './authorization-store.ts';
import { logFailure } from './failure.ts';

/** What {@link exchangeCode} works with. */
export interface CodeExchangeDependencies extends ConnectionDependencies {
  readonly authorizations: AuthorizationStore;
  readonly publicOrigin: string;
  /** Lists the companies that an access token sees, within the given time. */
  readonly listCompanies: (accessToken: string, timeoutMs: number) => Promise<CompaniesOutcome>;
}

/** How much time an invocation keeps for storing the result and answering, in milliseconds. */
const reserveMs = 5000;
/** How long the environment check may take, in milliseconds: the time-out of `token/info` and the write after it. */
const environmentCheckMs = 12_000;
/** How long a person waits at most for the list of companies, in milliseconds. */
const companiesMs = 8000;
/** A session is one item of at most 400 kB, so it keeps this many companies, with this many characters of each name. */
const mostCompanies = 500;
const companyNameCharacters = 100;

/**
 * Exchanges a code at once and stores the tokens in one write. Only then it checks whose tokens they are and which
 * companies they see.
 *
 * Only the holder of the session's claim may call it. Procore refuses a code that is used twice, and RFC 6749 lets the
 * server revoke the tokens of the first use.
 *
 * @returns the session's result. Tokens that came too late to be stored have been given up for revocation.
 * @throws whatever store and secret throw
 */
export async function exchangeCode(
  dependencies: CodeExchangeDependencies,
  session: AuthorizationSession,
  code: string,
): Promise<SessionResult> {
  const exchanged = await redeem(dependencies, code);
  if ('failure' in exchanged) return failed(dependencies, session, exchanged.failure, exchanged);
  const { connectionId, sessionId, linkIssuedAt } = session;
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
    if (checked.outcome === 'ours') current = checked.connection;
  }
  return { outcome: 'connected', companies: await seenCompanies(dependencies, current) };
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
  connection: Connection,
): Promise<readonly CompanyName[]> {
  const { connectionId, tokens } = connection;
  const timeoutMs = Math.min(companiesMs, dependencies.remaining() - reserveMs);
  const seen: CompaniesOutcome =
    tokens && timeoutMs > 500
      ? await dependencies.listCompanies(tokens.accessToken, timeoutMs)
      : { outcome: 'unavailable' };
  if (seen.outcome === 'unavailable') {
    dependencies.observer.note('oauth.companies_unavailable', { connectionId });
    return [];
  }
  await recordCompanies(
    dependencies,
    connection,
    seen.companies.map(({ id }) => id),
  );
  return seen.companies
    .map(({ id, name }) => ({
      companyId: id,
      // The cut may leave half of a surrogate pair. A store may refuse that, and a page cannot show it.
      name: name.slice(0, companyNameCharacters).toWellFormed(),
    }))
    .sort((one, other) => one.name.localeCompare(other.name, 'en'))
    .slice(0, mostCompanies);
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
