import { ConnectorError } from '../connector-error.ts';
import { isSecureUrl } from '../procore/secure-origin.ts';

/** A `returnTo` was given that the allow-list does not allow. */
export class ReturnToNotAllowedError extends ConnectorError {
  override readonly name = 'ReturnToNotAllowedError';
  readonly code = 'return_to_not_allowed';
  constructor(allowedOrigins: readonly string[]) {
    const allowed =
      allowedOrigins.length > 0
        ? `returnTo must be a URL that begins with an allowed origin: ${allowedOrigins.join(', ')}. To allow another origin`
        : 'No origin is allowed in returnTo yet. To allow one';
    super(`${allowed}, add it to "returnToOrigins" in cdk.json and deploy.`);
  }
}

/**
 * Reads the allow-list as the stack sets it.
 *
 * @param setting origins separated by commas; may be empty
 * @returns the allowed origins
 */
export function parseReturnToOrigins(setting: string): readonly string[] {
  return setting
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');
}

/**
 * Checks where a browser may be sent after success. Without this check our address could be used to lead people to
 * anybody's page (an open redirect).
 *
 * The origin is compared as text AND after parsing. So nothing gets through that parsers read in different ways: user
 * information, backslashes, tabs, control characters, other spellings of the host.
 *
 * @returns the URL in its normal form
 * @throws ReturnToNotAllowedError when the value is not a URL of an allowed origin
 * @see [RFC 9700, section 4.11](https://www.rfc-editor.org/rfc/rfc9700#section-4.11)
 */
export function parseReturnTo(value: unknown, allowedOrigins: readonly string[]): string {
  const refuse = () => new ReturnToNotAllowedError(allowedOrigins);
  if (typeof value !== 'string' || value.length > 2000 || !/^[\x21-\x7e]+$/.test(value) || value.includes('\\')) {
    throw refuse();
  }
  const origin = allowedOrigins.find(
    (allowed) => value.startsWith(allowed) && ['', '/', '?', '#'].includes(value.charAt(allowed.length)),
  );
  if (!origin || !URL.canParse(value)) throw refuse();
  const url = new URL(value);
  const secure = isSecureUrl(url);
  if (!secure || url.origin !== origin || url.username !== '' || url.password !== '') throw refuse();
  return url.href;
}
