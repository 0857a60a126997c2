import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';

/** An environment's own host for pages and webhooks, in place of the one that API Gateway draws. */
export interface Domain {
  /** The host alone, e.g. `connect.example.com`. */
  readonly name: string;
  /** Its certificate in ACM, in the region of the stack. */
  readonly certificate: ICertificate;
  /** Whether pages and webhooks go by it already. Until then it answers beside the host that API Gateway draws. */
  readonly inUse: boolean;
}

/**
 * Finds what would make `https://NAME/oauth/callback` another address than the one that a person registers at Procore,
 * which compares redirect URIs to the character.
 *
 * @returns what is wrong, or undefined when nothing is
 * @see [RFC 6749, section 3.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2), [RFC 9700, section 4.1.3](https://www.rfc-editor.org/rfc/rfc9700#section-4.1.3)
 */
export function faultOfDomainName(name: string): string | undefined {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(name) ?? [];
  if (scheme !== undefined) return `it has a scheme (${scheme}://): the redirect URI always begins with https://`;
  if (name.endsWith('/')) return 'it ends with a slash: the redirect URI would have two';
  if (name.includes('/')) return 'it has a path: the redirect URI is the host and /oauth/callback';
  if (name.includes(':')) return 'it has a port: API Gateway serves 443 alone, which a redirect URI leaves out';
  if (name.includes('*')) return 'it has a wildcard, and a redirect URI names one host';
  if (name !== name.toLowerCase()) return `it has capitals: browsers send ${name.toLowerCase()}`;
  if (name.endsWith('.')) return 'it ends with a dot, which makes it another host to Procore';
  const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
  if (!new RegExp(`^(${label}\\.)+[a-z]([a-z0-9-]*[a-z0-9])?$`).test(name)) return 'it is no host name';
  return undefined;
}
