/** A token set as the token endpoint returned it. Times are epoch seconds. */
export interface TokenSet {
  readonly accessToken: string;
  /** Absent for `client_credentials`. It can be used once: any attempt to redeem it kills it. */
  readonly refreshToken?: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/**
 * What came back from a token request, judged by whether the grant may be spent and what may follow.
 *
 * - `tokens`: a new token set.
 * - `not_sent`: the request certainly did not reach Procore (DNS, refused, TLS). Nothing was spent.
 * - `unknown`: a time-out, a reset, a 5xx or an unreadable 2xx. The grant may be spent or not.
 * - `invalid_grant`: Procore refused the code or refresh token.
 * - `invalid_client`: Procore refused our client id and secret.
 * - `refused`: Procore said no in another way and gave no token. `code` is its OAuth error code, or `unspecified`.
 * - `throttled`: 429 or 503, with `retryAfterSeconds` when Procore said how long to wait.
 */
export type TokenOutcome =
  | { readonly outcome: 'tokens'; readonly tokens: TokenSet }
  | { readonly outcome: 'not_sent' }
  | { readonly outcome: 'unknown'; readonly status?: number }
  | { readonly outcome: 'invalid_grant'; readonly status: number }
  | { readonly outcome: 'invalid_client'; readonly status: number }
  | { readonly outcome: 'refused'; readonly status: number; readonly code: string }
  | { readonly outcome: 'throttled'; readonly status: number; readonly retryAfterSeconds?: number };

/** What Procore's `token/info` said about an access token. */
export type TokenInfoOutcome =
  | { readonly outcome: 'info'; readonly clientId: string; readonly procoreUserId?: string }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'unavailable' };

/** The OAuth client of this environment, as it stands in the secret. */
export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Procore's OAuth endpoints of one environment. Every method returns an outcome; expected failures are not thrown. */
export interface TokenEndpoint {
  /**
   * Redeems an authorization code.
   *
   * @see [RFC 6749, section 4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)
   */
  redeemCode(client: OAuthClient, code: string, redirectUri: string): Promise<TokenOutcome>;
  /**
   * Redeems a refresh token. The attempt alone kills it.
   *
   * @see [RFC 6749, section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6)
   */
  redeemRefreshToken(client: OAuthClient, refreshToken: string): Promise<TokenOutcome>;
  /**
   * Asks for a service account's token.
   *
   * @see [RFC 6749, section 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)
   */
  requestClientCredentials(client: OAuthClient): Promise<TokenOutcome>;
  /** Asks whose token an access token is (`GET /oauth/token/info`). */
  tokenInfo(accessToken: string): Promise<TokenInfoOutcome>;
  /** Revokes an access token and with it its refresh token. @returns whether Procore has confirmed that */
  revoke(client: OAuthClient, accessToken: string): Promise<'revoked' | 'not_revoked'>;
}

/** Where the OAuth client comes from: the environment's secret, checked for its environment and for the placeholder. */
export interface OAuthClientSource {
  /**
   * Gives the client. It is cached for a while; `fresh` reads the secret again.
   *
   * A refusal is judged by `since`: it gives only a value that was read after that time (epoch seconds), and throws when
   * there is none. Then nobody knows whether the refused client was still the right one.
   *
   * @throws WrongEnvironmentError when the secret names another environment
   * @throws PlaceholderSecretError when nobody has set it yet
   */
  read(options?: { readonly fresh?: boolean; readonly since?: number }): Promise<OAuthClient>;
}
