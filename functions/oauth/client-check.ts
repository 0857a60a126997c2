import type { RandomId } from '../clock.ts';
import type { OAuthClient, TokenEndpoint } from './token-endpoint.ts';

/**
 * Whether Procore knows a client id and secret.
 *
 * - `right`: Procore knows them.
 * - `refused`: Procore does not know them at the login host of this environment.
 * - `unknown`: Procore gave no answer from which one can tell.
 */
export type ClientCheck =
  | { readonly outcome: 'right' }
  | { readonly outcome: 'refused'; readonly status: number }
  | { readonly outcome: 'unknown'; readonly status?: number };

/**
 * Finds out whether Procore knows a client id and secret, without spending anything. It tries to redeem an
 * authorization code that nobody has ever issued. A server authenticates the client before it looks at the code. So
 * `invalid_grant` means that the client is right, whatever grants its app may use, and `invalid_client` means that it
 * is wrong.
 *
 * If Procore answers neither, it is asked for a token by `client_credentials`. A token proves that the client is right;
 * it stays unused. A refusal proves nothing, because the app may have no service account.
 *
 * @returns whether Procore knows the client
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
    case 'refused':
    case 'unknown': {
      const { status } = answer;
      const spoke = (status ?? 500) < 500;
      if (spoke && (await tokenEndpoint.requestClientCredentials(client)).outcome === 'tokens') {
        return { outcome: 'right' };
      }
      return { outcome: 'unknown', ...(status !== undefined && { status }) };
    }
  }
}
