import type { RandomId } from '../clock.ts';
import type { OAuthClient, TokenEndpoint } from './token-endpoint.ts';

/**
 * Whether Procore knows a client id and secret.
 *
 * - `right`: it does.
 * - `refused`: it does not, at this environment's login host.
 * - `unknown`: it gave no answer that tells.
 */
export type ClientCheck =
  | { readonly outcome: 'right' }
  | { readonly outcome: 'refused'; readonly status: number }
  | { readonly outcome: 'unknown'; readonly status?: number };

/**
 * Finds out whether Procore knows a client id and secret, without spending or issuing anything: it redeems an
 * authorization code that nobody has ever issued. A server authenticates the client before it looks at the code, so
 * `invalid_grant` means that the client is right, whatever grants its app may use; `invalid_client`, that it is not.
 *
 * Where Procore answers neither, a token is asked for by `client_credentials`: one that is issued proves the client,
 * and ends unused. A refusal of that proves nothing, since the app may have no service account.
 *
 * @see [RFC 6749, section 4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3) and [section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)
 */
export async function checkOAuthClient(
  { tokenEndpoint, randomId }: { readonly tokenEndpoint: TokenEndpoint; readonly randomId: RandomId },
  client: OAuthClient,
  redirectUri: string,
): Promise<ClientCheck> {
  const answer = await tokenEndpoint.redeemCode(client, randomId(), redirectUri);
  switch (answer.outcome) {
    case 'tokens':
    case 'invalid_grant':
      return { outcome: 'right' };
    case 'invalid_client':
      return { outcome: 'refused', status: answer.status };
    case 'not_sent':
      return { outcome: 'unknown' };
    case 'throttled':
      return { outcome: 'unknown', status: answer.status };
    case 'unknown': {
      const { status } = answer;
      const spoke = status !== undefined && status < 500;
      if (spoke && (await tokenEndpoint.requestClientCredentials(client)).outcome === 'tokens') {
        return { outcome: 'right' };
      }
      return { outcome: 'unknown', ...(status !== undefined && { status }) };
    }
  }
}
