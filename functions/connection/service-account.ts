import { ConnectorError } from '../connector-error.ts';
import { checkOAuthClient } from '../oauth/client-check.ts';
import type { OAuthClient, TokenSet } from '../oauth/token-endpoint.ts';
import type { CompaniesOutcome } from '../procore/companies.ts';
import { oauthDiagnosisRow } from '../procore/oauth-diagnosis-rows.ts';
import { isProcoreId } from '../procore/procore-id.ts';
import { authorizeConnection } from './authorize.ts';
import { type Connection, parseConnectionId } from './connection.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { checkEnvironment } from './environment-check.ts';
import { ClientCredentialsRejectedError } from './refusals.ts';
import { linkTime } from './timing.ts';

/** What {@link connectServiceAccount} works with. */
export interface ServiceAccountDependencies extends ConnectionDependencies {
  /** Lists the companies in which the app is installed. Procore wants `companyId` in a header of this call. */
  readonly listCompanies: (accessToken: string, companyId: string) => Promise<CompaniesOutcome>;
  /** The redirect URI of this environment. */
  readonly redirectUri: string;
}

/** What a caller asks for. */
export interface ServiceAccountRequest {
  readonly connectionId: string;
  /** The company in which the service account works: digits, as in the addresses of Procore's pages. */
  readonly companyId: string;
}

/** A service account could not be connected, and the caller can do something about it. */
export class ServiceAccountError extends ConnectorError {
  override readonly name = 'ServiceAccountError';
  readonly code:
    | 'invalid_company_id'
    | 'service_account_refused'
    | 'app_not_installed'
    | 'wrong_environment'
    | 'procore_unavailable'
    | 'too_many_companies'
    | 'connected_meanwhile';
  /** With `app_not_installed`: whether the account sees no company at all. */
  readonly installedNowhere: boolean;
  constructor(code: ServiceAccountError['code'], message: string, installedNowhere = false) {
    super(message);
    this.code = code;
    this.installedNowhere = installedNowhere;
  }
}

/**
 * Checks a request that came from outside.
 *
 * @returns the request
 * @throws InvalidConnectionIdError
 * @throws ServiceAccountError with the code `invalid_company_id`
 */
export function parseServiceAccountRequest(value: unknown): ServiceAccountRequest {
  const { connectionId, companyId } = Object(value) as Partial<Record<keyof ServiceAccountRequest, unknown>>;
  const parsed = parseConnectionId(connectionId);
  if (isProcoreId(companyId)) return { connectionId: parsed, companyId };
  throw new ServiceAccountError(
    'invalid_company_id',
    'companyId must be the digits of a company id at Procore, as text. A service account must name its company in ' +
      'every call. You find the id in the address of every page of the company at Procore.',
  );
}

/**
 * Connects the app's own service account (DMSA) by the client credentials grant. It asks for a token, checks that the
 * app is installed in the company, and stores the connection. From then on the connection is vended and rotated like
 * any other.
 *
 * Nothing is stored before the company is found. A token that is not stored is left to expire and not revoked, because
 * it is not known whether revoking one token ends the app's other tokens.
 *
 * @returns the connection, with its companies stored and the given one chosen
 * @throws ServiceAccountError, ClientCredentialsRejectedError
 * @see [RFC 6749, section 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4),
 * https://developers.procore.com/documentation/developer-managed-service-accounts
 */
export async function connectServiceAccount(
  dependencies: ServiceAccountDependencies,
  { connectionId, companyId }: ServiceAccountRequest,
): Promise<Connection> {
  // Read before anything else: what is disconnected meanwhile must stay so.
  const linkIssuedAt = linkTime(await dependencies.store.read(connectionId), dependencies.clock());
  // The person who sets up the account may just have set the credentials as well, so the secret is read fresh.
  const client = await dependencies.oauthClient.read({ fresh: true });
  const tokens = await requestToken(dependencies, client);
  const companyIds = await installedIn(dependencies, tokens, companyId);
  const authorizedBy = { sessionId: dependencies.randomId(), linkIssuedAt };
  const authorized = await authorizeConnection(dependencies, {
    connectionId,
    grant: 'client_credentials',
    tokens,
    authorizedBy,
    companies: { companyIds, companyId },
  });
  if (authorized.outcome === 'superseded') throw connectedMeanwhile(connectionId);
  const checked = await checkEnvironment(dependencies, authorized.connection);
  if (checked.outcome === 'foreign') {
    throw new ServiceAccountError('wrong_environment', diagnosisText('wrong_environment'));
  }
  const connection = await dependencies.store.read(connectionId);
  const isOurs = connection?.authorizedBy.sessionId === authorizedBy.sessionId && connection.status === 'connected';
  if (!isOurs) throw connectedMeanwhile(connectionId);
  return connection;
}

async function requestToken(dependencies: ServiceAccountDependencies, client: OAuthClient): Promise<TokenSet> {
  const answer = await dependencies.tokenEndpoint.requestClientCredentials(client);
  if (answer.outcome === 'tokens') return answer.tokens;
  if (answer.outcome === 'invalid_client' || answer.outcome === 'invalid_grant' || answer.outcome === 'refused') {
    // Procore refuses a wrong client and an app without a service account in the same way. The check tells them apart.
    const check = await checkOAuthClient(dependencies, client, dependencies.redirectUri);
    if (check.outcome === 'refused') throw new ClientCredentialsRejectedError();
    if (check.outcome === 'right') {
      throw new ServiceAccountError(
        'service_account_refused',
        'Procore knows this client id and secret but gives the app no token of its own, because the app has no service ' +
          'account. In the Developer Portal, add a data connector component with a service account (DMSA) to the app. ' +
          'Then create a version and install that version in the company.',
      );
    }
  }
  throw unavailable('gave no token', 'status' in answer ? answer.status : undefined);
}

async function installedIn(dependencies: ServiceAccountDependencies, { accessToken }: TokenSet, companyId: string) {
  const seen = await dependencies.listCompanies(accessToken, companyId);
  if (seen.outcome === 'companies') {
    const companyIds = seen.companies.map(({ id }) => id);
    if (companyIds.includes(companyId)) return companyIds;
    throw notInstalled(companyId, companyIds.length === 0);
  }
  if (seen.outcome === 'too_many') {
    throw new ServiceAccountError(
      'too_many_companies',
      `The service account sees more companies than could be read in time, and company ${companyId} was not among those ` +
        'that were read. Nothing was stored. Check the id. If it is right, try again when Procore is less busy; if it ' +
        'fails each time, install a separate app with its own service account in the company.',
    );
  }
  // Procore's pages contradict each other about which of these it answers when the company does not have the app.
  if ([401, 403, 404].includes(seen.status ?? 0)) throw notInstalled(companyId);
  throw unavailable('did not list the companies', seen.status);
}

/** @param installedNowhere whether Procore lists no company at all */
function notInstalled(companyId: string, installedNowhere = false): ServiceAccountError {
  return new ServiceAccountError(
    'app_not_installed',
    `The service account does not see company ${companyId}: the app is not installed there, or the id belongs to ` +
      `another company. Check the id. If it is right, ask the company's administrator to install the app under Company ` +
      'Admin > App Management (a custom app by its App Version Key from the Developer Portal). Then run this again.',
    installedNowhere,
  );
}

function unavailable(what: string, status: number | undefined): ServiceAccountError {
  const answered = status === undefined ? '' : ` (status ${status})`;
  return new ServiceAccountError(
    'procore_unavailable',
    `Procore ${what}${answered}. Nothing was stored. Try again in a few minutes, and see https://status.procore.com.`,
  );
}

function connectedMeanwhile(connectionId: string): ServiceAccountError {
  return new ServiceAccountError(
    'connected_meanwhile',
    `Somebody else connected or ended "${connectionId}" at the same moment. Look at it, then decide which one is right: ` +
      `npm run procore -- connections show ${connectionId}`,
  );
}

function diagnosisText(id: 'wrong_environment'): string {
  const { cause, remedy } = oauthDiagnosisRow(id);
  return `${cause} ${remedy}`;
}
