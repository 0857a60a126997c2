import { checkOAuthClient } from '../../../functions/oauth/client-check.ts';
import {
  MalformedSecretError,
  PlaceholderSecretError,
  WrongEnvironmentError,
} from '../../../functions/oauth/client-secret.ts';
import { procoreTokenEndpoint } from '../../../functions/oauth/procore-token-endpoint.ts';
import type { OAuthClient } from '../../../functions/oauth/token-endpoint.ts';
import { systemClock, systemRandomId } from '../../../functions/system.ts';
import { namedDiagnosis } from '../../diagnosis-rows.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { readStoredOAuthClient } from '../oauth-client.ts';
import { redirectUriDifferences } from '../redirect-uri-difference.ts';
import type { Terminal } from '../terminal.ts';
import type { Narrowed } from './probes.ts';
import { seenProblem } from './refusals.ts';

/** Tries the stored client id and secret at Procore; nothing is spent or issued. @returns no verdict when it does not say */
export async function examineCredentials(environment: DeployedEnvironment, terminal: Terminal) {
  let client: OAuthClient;
  try {
    client = await readStoredOAuthClient(environment, terminal);
  } catch (error) {
    if (error instanceof PlaceholderSecretError) return { credentials: 'placeholder' as const, refusals: [] };
    if (error instanceof WrongEnvironmentError) return { credentials: 'wrong_environment' as const, refusals: [] };
    if (error instanceof MalformedSecretError) return { credentials: 'malformed' as const, refusals: [] };
    throw error;
  }
  const tokenEndpoint = procoreTokenEndpoint({ origins: environment.procore, fetch, clock: systemClock });
  const check = await checkOAuthClient({ tokenEndpoint, randomId: systemRandomId }, client, environment.callbackUrl);
  const outcomes = { right: 'accepted', refused: 'refused', unknown: undefined } as const;
  const refusals = check.outcome === 'unknown' ? silentLogin(environment, check.status) : [];
  return { credentials: outcomes[check.outcome], client, refusals };
}

/** Procore's login does not say whether it takes the credentials: down, or over its limit. */
function silentLogin({ procore }: DeployedEnvironment, status: number | undefined): readonly Narrowed[] {
  const asked = `POST ${procore.loginOrigin}/oauth/token`;
  if (status === undefined) return [seenProblem('no_answer', `${asked}: no answer.`)];
  const id =
    status === 429 ? 'rate_limited' : status === 503 ? 'overloaded' : status >= 500 ? 'server_error' : undefined;
  return id === undefined ? [] : [seenProblem(id, `${asked}: status ${status}.`)];
}

/**
 * Looks whether the redirect URI works: ours answers, Procore takes it, and it is the registered one if that is given.
 * It asks as a browser would and stays before Procore's login: nothing is authorized.
 */
export async function examineRedirect(
  { callbackUrl, procore }: DeployedEnvironment,
  client: OAuthClient | undefined,
  { registered }: { readonly registered?: string | undefined },
): Promise<{ readonly agrees: boolean; readonly refusals: readonly Narrowed[] }> {
  const refusals: Narrowed[] = [];
  const differences = registered === undefined ? [] : redirectUriDifferences(callbackUrl, registered);
  if (differences.length > 0) {
    const seen = `Ours is ${callbackUrl}; ${differences.map(({ text }) => text).join('; ')}.`;
    refusals.push(redirectUriProblem(callbackUrl, 'The registered redirect URI is not the one of this stack.', seen));
  }
  const page = await statusOf(callbackUrl);
  if (page === undefined || page >= 500) {
    const seen = `GET ${callbackUrl}: ${page === undefined ? 'it is not reachable' : `status ${page}`}.`;
    refusals.push({
      diagnosis: { ...namedDiagnosis('authorization_code_invalid'), ...silentCallback },
      evidence: [seen],
    });
  }
  if (client === undefined) return { agrees: false, refusals };
  const authorize = new URL('/oauth/authorize', procore.loginOrigin);
  const parameters = { response_type: 'code', client_id: client.clientId, redirect_uri: callbackUrl, state: 'doctor' };
  authorize.search = new URLSearchParams(parameters).toString();
  const answer = await statusOf(authorize.href);
  if (answer !== undefined && answer >= 400 && answer < 500) {
    const seen = `Procore refuses to authorize client ${client.clientId} with the redirect URI ${callbackUrl}: status ${answer}.`;
    refusals.push(redirectUriProblem(callbackUrl, 'Procore does not take the redirect URI of this stack.', seen));
  }
  return { agrees: answer !== undefined && answer < 400, refusals };
}

/** A wrong registration is ours to mend, where a refused code is most often a customer's old link. */
function redirectUriProblem(callbackUrl: string, cause: string, seen: string): Narrowed {
  const remedy = `Register exactly ${callbackUrl} as the redirect URI of the app's OAuth credentials in the Developer Portal.`;
  return {
    diagnosis: { ...namedDiagnosis('authorization_code_invalid'), cause, remedy, actor: 'operator' },
    evidence: [seen],
  };
}

const silentCallback = {
  cause: 'The page to which Procore sends people back does not answer, so nobody can connect.',
  remedy: 'Look at the function oauth-callback and its log group; after a change of domain or region, deploy again.',
  actor: 'operator',
} as const;

async function statusOf(url: string): Promise<number | undefined> {
  try {
    const { status } = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(10_000) });
    return status;
  } catch {
    return undefined;
  }
}
