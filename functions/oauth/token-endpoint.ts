/** A token set as the token endpoint returned it; times in epoch seconds. */
export interface TokenSet {
  readonly accessToken: string;
  /** Absent for `client_credentials`. Single use: the attempt to redeem it kills it. */
  readonly refreshToken?: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/**
 * What came back from a token request, judged by whether the grant may be spent and what may follow.
 *
 * - `tokens`: a new token set.
 * - `not_sent`: the request surely did not reach Procore (DNS, refused, TLS): nothing was spent.
 * - `unknown`: time-out, reset, 5xx, unreadable 2xx: the grant may or may not be spent.
 * - `invalid_grant`: Procore refused the code or refresh token.
 * - `invalid_client`: Procore refused our client id and secret.
 * - `throttled`: 429 or 503; `retryAfterSeconds` when Procore said it.
 */
export type TokenOutcome =
  | { readonly outcome: 'tokens'; readonly tokens: TokenSet }
  | { readonly outcome: 'not_sent' }
  | { readonly outcome: 'unknown'; readonly status?: number }
  | { readonly outcome: 'invalid_grant'; readonly status: number }
  | { readonly outcome: 'invalid_client'; readonly status: number }
  | { readonly outcome: 'throttled'; readonly status: number; readonly retryAfterSeconds?: number };

/** What `token/info` told about an access token. */
export type TokenInfoOutcome =
  | { readonly outcome: 'info'; readonly clientId: string; readonly procoreUserId?: string }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'unavailable' };

/** The OAuth client of this environment as the secret holds it. */
export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Procore's OAuth endpoints of one environment. Every method returns an outcome and throws nothing expected. */
export interface TokenEndpoint {
  /**
   * Redeems an authorization code.
   *
   * @see [RFC 6749, section 4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)
   */
  redeemCode(client: OAuthClient, code: string, redirectUri: string): Promise<TokenOutcome>;
  /**
   * Redeems a refresh token; the attempt kills it.
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
  /** Asks whose token it is (`GET /oauth/token/info`). */
  tokenInfo(accessToken: string): Promise<TokenInfoOutcome>;
  /** Revokes an access token and with it its refresh token. @returns whether Procore confirmed */
  revoke(client: OAuthClient, accessToken: string): Promise<'revoked' | 'not_revoked'>;
}

/** Where the OAuth client comes from: the environment's secret, checked for environment and placeholder. */
export interface OAuthClientSource {
  /**
   * Gives the client; cached for a while unless `fresh`.
   *
   * @throws WrongEnvironmentError when the secret names another environment
   * @throws PlaceholderSecretError when nobody has set it yet
   */
  read(options?: { readonly fresh?: boolean }): Promise<OAuthClient>;
}
