import { ConnectorError } from '../connector-error.ts';
import { isSecureUrl } from '../procore/secure-origin.ts';

/** The connect pages cannot be served at the public origin of this environment. */
export class InvalidPublicOriginError extends ConnectorError {
  override readonly name = 'InvalidPublicOriginError';
  readonly code = 'invalid_public_origin';
  constructor(publicOrigin: string) {
    super(
      `The public origin is "${publicOrigin}". It must be only a scheme and a host, such as https://connect.example.com, ` +
        'without a slash at the end, a path, a query or a user. http is allowed only for this machine (localhost).',
    );
  }
}

/**
 * Makes the redirect URI. It is the same, character by character, in the authorization request, in the exchange of the
 * code, in the stack's output and at Procore. Procore compares it exactly, including a slash at the end.
 *
 * @param publicOrigin scheme and host of this environment's HTTP API
 * @returns `<public origin>/oauth/callback`
 * @throws InvalidPublicOriginError when the text is not a bare origin
 * @see [RFC 6749, section 3.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2), [RFC 9700, section 4.1.3](https://www.rfc-editor.org/rfc/rfc9700#section-4.1.3)
 */
export function redirectUri(publicOrigin: string): string {
  const url = URL.canParse(publicOrigin) ? new URL(publicOrigin) : undefined;
  const secure = url && isSecureUrl(url);
  if (!secure || url.origin !== publicOrigin) throw new InvalidPublicOriginError(publicOrigin);
  return `${publicOrigin}/oauth/callback`;
}
