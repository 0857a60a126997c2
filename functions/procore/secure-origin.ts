import { ConnectorError } from '../connector-error.ts';

/** An origin was configured over which tokens and secrets would travel unencrypted. */
export class InsecureOriginError extends ConnectorError {
  override readonly name = 'InsecureOriginError';
  readonly code = 'insecure_origin';
  constructor(origin: string) {
    super(
      `${origin} is neither https nor http on loopback: tokens and the client secret would travel unencrypted. ` +
        'Unset PROCORE_LOGIN_ORIGIN and PROCORE_API_ORIGIN, or give them https origins.',
    );
  }
}

/**
 * Tells whether a URL is safe for tokens: https, or http on this machine itself (loopback).
 *
 * @returns true when it is safe
 * @see [RFC 8252, section 7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)
 */
export function isSecureUrl({ protocol, hostname }: URL): boolean {
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback);
}

/**
 * Checks that an origin is fit for tokens: https, or http on loopback for tests and the local runner.
 *
 * @returns the origin as a URL; its `protocol` is `http:` only on loopback
 * @throws InsecureOriginError otherwise
 * @see [RFC 6750, section 5.3](https://www.rfc-editor.org/rfc/rfc6750#section-5.3), [RFC 8252, section
 * 8.3](https://www.rfc-editor.org/rfc/rfc8252#section-8.3)
 */
export function requireSecureOrigin(origin: string): URL {
  const url = new URL(origin);
  if (!isSecureUrl(url)) throw new InsecureOriginError(url.origin);
  return url;
}
