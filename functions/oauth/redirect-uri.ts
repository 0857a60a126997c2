import { ConnectorError } from '../connector-error.ts';
import { isSecureUrl } from '../procore/secure-origin.ts';

/** The public origin of this environment cannot serve the connect pages. */
export class InvalidPublicOriginError extends ConnectorError {
  override readonly name = 'InvalidPublicOriginError';
  readonly code = 'invalid_public_origin';
  constructor(publicOrigin: string) {
    super(
      `The public origin is "${publicOrigin}". It must be scheme and host alone, such as https://connect.example.com, ` +
        'without a slash at the end, a path, a query or a user; http is for this machine (localhost) only.',
    );
  }
}

/**
 * Makes the one redirect URI: the same to the character in the authorization request, in the exchange of the code, in
 * the stack's output and at Procore, which compares it exactly, trailing slash included.
 *
 * @param publicOrigin scheme and host of this environment's HTTP API
 * @returns `<public origin>/oauth/callback`
 * @throws InvalidPublicOriginError when the origin is anything but an origin
 * @see [RFC 6749, section 3.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2), [RFC 9700, section 4.1.3](https://www.rfc-editor.org/rfc/rfc9700#section-4.1.3)
 */
export function redirectUri(publicOrigin: string): string {
  const url = URL.canParse(publicOrigin) ? new URL(publicOrigin) : undefined;
  const secure = url && isSecureUrl(url);
  if (!secure || url.origin !== publicOrigin) throw new InvalidPublicOriginError(publicOrigin);
  return `${publicOrigin}/oauth/callback`;
}
