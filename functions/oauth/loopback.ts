/**
 * Tells whether a host name of a URL is this machine itself, where http is safe.
 *
 * @see RFC 8252 section 7.3
 */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
