import * as oauth from 'oauth4webapi';
import type { Clock } from '../clock.ts';
import type { ProcoreOrigins } from '../procore/environment.ts';
import { requireSecureOrigin } from '../procore/secure-origin.ts';
import type { OAuthClient, TokenEndpoint, TokenInfoOutcome, TokenOutcome } from './token-endpoint.ts';
import { judgeNoAnswer, judgeTokenAnswer, judgeTokenInfoAnswer, type WireAnswer } from './token-response.ts';

/** What {@link procoreTokenEndpoint} needs. */
export interface ProcoreTokenEndpointProps {
  readonly origins: ProcoreOrigins;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /**
   * How long one request may take, from connecting to the last byte of the body.
   *
   * @default 10000 (milliseconds)
   */
  readonly timeoutMs?: number;
}

/**
 * Every request gets a connection of its own. Procore, or Lambda's freezing, may close a pooled connection. A request
 * on it would end in a reset, and nobody could tell whether the refresh token was spent. The price is one TLS handshake
 * for each rotation.
 */
const ownConnection = { connection: 'close' };

type Asked = { readonly answer: WireAnswer } | { readonly failure: unknown };
type AskOptions = { readonly signal: AbortSignal; readonly fetch: typeof fetch };

/**
 * Calls Procore's OAuth endpoints of one environment. oauth4webapi writes the requests (form-encoded, with client id
 * and secret in the body); `token-response.ts` judges the answers. No request is repeated and no redirect is followed.
 *
 * @throws InsecureOriginError when the login origin is neither https nor loopback
 * @see https://developers.procore.com/documentation/oauth-endpoints
 */
export function procoreTokenEndpoint(props: ProcoreTokenEndpointProps): TokenEndpoint {
  const ask = asker(props);
  const { origin } = requireSecureOrigin(props.origins.loginOrigin);
  // Procore has no discovery document. The paths come from its documentation.
  const server: oauth.AuthorizationServer = {
    issuer: origin,
    token_endpoint: `${origin}/oauth/token`,
    revocation_endpoint: `${origin}/oauth/revoke`,
  };

  const libraryOptions = ({ signal, fetch }: AskOptions) => ({
    headers: ownConnection,
    signal,
    [oauth.customFetch]: fetch,
    [oauth.allowInsecureRequests]: true, // requireSecureOrigin has let http through on loopback only.
  });

  async function requestTokens(
    client: OAuthClient,
    grantType: string,
    parameters: Record<string, string>,
  ): Promise<TokenOutcome> {
    const asked = await ask((options) =>
      oauth.genericTokenEndpointRequest(
        server,
        { client_id: client.clientId },
        oauth.ClientSecretPost(client.clientSecret),
        grantType,
        parameters,
        libraryOptions(options),
      ),
    );
    return 'answer' in asked ? judgeTokenAnswer(asked.answer) : judgeNoAnswer(asked.failure);
  }

  return {
    redeemCode: (client, code, redirectUri) =>
      requestTokens(client, 'authorization_code', { code, redirect_uri: redirectUri }),

    redeemRefreshToken: (client, refreshToken) =>
      requestTokens(client, 'refresh_token', { refresh_token: refreshToken }),

    requestClientCredentials: (client) => requestTokens(client, 'client_credentials', {}),

    async tokenInfo(accessToken): Promise<TokenInfoOutcome> {
      const asked = await ask((options) =>
        options.fetch(`${origin}/oauth/token/info`, {
          headers: { ...ownConnection, accept: 'application/json', authorization: `Bearer ${accessToken}` },
          redirect: 'manual',
          signal: options.signal,
        }),
      );
      return 'answer' in asked ? judgeTokenInfoAnswer(asked.answer) : { outcome: 'unavailable' };
    },

    async revoke(client, accessToken) {
      const asked = await ask((options) =>
        oauth.revocationRequest(
          server,
          { client_id: client.clientId },
          oauth.ClientSecretPost(client.clientSecret),
          accessToken,
          libraryOptions(options),
        ),
      );
      // Procore answers 200 for a token that it does not know, too. In both cases the token is dead.
      return 'answer' in asked && asked.answer.status === 200 ? 'revoked' : 'not_revoked';
    },
  };
}

type Ask = (request: (options: AskOptions) => Promise<Response>) => Promise<Asked>;

/** Sends one request and reads the whole answer within the time that is allowed. */
function asker(props: ProcoreTokenEndpointProps): Ask {
  const { clock, timeoutMs = 10_000 } = props;
  return async (request) => {
    const sentAt = clock();
    let noAnswer: { readonly failure: unknown } | undefined;
    /** Notes errors of `fetch`, so that a mistake in our code is not taken for a fault of the network. */
    const notingFetch: typeof fetch = async (...call) => {
      try {
        return await props.fetch(...call);
      } catch (error) {
        noAnswer = { failure: error };
        throw error;
      }
    };
    let response: Response;
    try {
      response = await request({ signal: AbortSignal.timeout(timeoutMs), fetch: notingFetch });
    } catch (error) {
      if (noAnswer !== undefined) return noAnswer;
      throw error;
    }
    // The status alone is enough for a refusal, so a body that breaks off is not a failed request.
    const body = await response.text().catch(() => undefined);
    return { answer: { status: response.status, headers: response.headers, sentAt, body } };
  };
}
