/** The one app that is registered with a stand-in. */
export interface OAuthClient {
  readonly id: string;
  /** The client secret; a new one takes the old one's place at once. */
  secret: string;
  /** Redirect URIs, compared to the character. @see [PROCORE.md, section 1.9](PROCORE.md#19-redirect-uris) */
  readonly redirectUris: readonly string[];
}
