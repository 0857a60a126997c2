import { isLoopback } from '../oauth/loopback.ts';

/** Somebody configured an origin over which tokens and secrets would travel in the clear. */
export class InsecureOriginError extends Error {
  override readonly name = 'InsecureOriginError';
  readonly code = 'insecure_origin';
  constructor(origin: string) {
    super(
      `${origin} is neither https nor http on loopback: tokens and the client secret would travel in the clear. ` +
        'Unset PROCORE_LOGIN_ORIGIN and PROCORE_API_ORIGIN, or give them https origins.',
    );
  }
}

/**
 * Checks that an origin is fit for tokens: https, or http on loopback for tests and the local runner.
 *
 * @returns the origin as a URL; its `protocol` is `http:` only on loopback
 * @throws InsecureOriginError otherwise
 * @see RFC 6750 section 5.3, RFC 8252 section 8.3
 */
export function requireSecureOrigin(origin: string): URL {
  const url = new URL(origin);
  const isSafeHttp = url.protocol === 'http:' && isLoopback(url.hostname);
  if (url.protocol !== 'https:' && !isSafeHttp) throw new InsecureOriginError(url.origin);
  return url;
}
