import type { OAuthClient, TokenOutcome } from '../oauth/token-endpoint.ts';
import type { Connection } from './connection.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { spendReserveSeconds } from './timing.ts';

/** Tells whether an invocation has time for the answer to a token request, and for what must follow it. */
export function isTimeToSpend({ remaining }: ConnectionDependencies): boolean {
  return remaining() >= spendReserveSeconds * 1000;
}

/** What came of asking Procore. */
export type Spending =
  | TokenOutcome
  | { readonly outcome: 'no_refresh_token' }
  /** Procore refused, but the secret could not be read again: the client that we used may be an old one. */
  | { readonly outcome: 'unjudged'; readonly status: number };

/**
 * Asks Procore for new tokens, while there is time for its answer. A refusal counts only under a client that was read
 * from the secret after the request was sent.
 *
 * @param client as it is remembered
 */
export async function spend(
  dependencies: ConnectionDependencies,
  { grant, tokens }: Connection,
  client: OAuthClient,
): Promise<Spending> {
  const ask = async (asked: OAuthClient): Promise<TokenOutcome> => {
    if (!isTimeToSpend(dependencies)) return { outcome: 'not_sent' };
    return grant === 'client_credentials'
      ? dependencies.tokenEndpoint.requestClientCredentials(asked)
      : dependencies.tokenEndpoint.redeemRefreshToken(asked, tokens?.refreshToken ?? '');
  };
  if (grant !== 'client_credentials' && tokens?.refreshToken === undefined) return { outcome: 'no_refresh_token' };
  const since = dependencies.clock();
  const answer = await ask(client);
  // Procore answers invalid_grant to another client that it knows, for example one that we remember from before a
  // correction (RFC 6749, section 5.2). That says nothing about the connection.
  if (answer.outcome !== 'invalid_client' && answer.outcome !== 'invalid_grant') return answer;
  const fresh = await dependencies.oauthClient.read({ fresh: true, since }).catch(() => undefined);
  if (fresh === undefined) return { outcome: 'unjudged', status: answer.status };
  const isChanged = fresh.clientId !== client.clientId || fresh.clientSecret !== client.clientSecret;
  return isChanged ? ask(fresh) : answer;
}
