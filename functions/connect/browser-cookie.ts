import type { RandomId } from '../clock.ts';

/** How long a browser keeps our cookie after its last visit of a connect page: as long as a session is kept. */
export const browserCookieSeconds = 5400;

/**
 * The name of the one cookie that tells a browser from another.
 *
 * `__Host-` keeps sibling hosts from planting it, and browsers take it over https only; Safari takes no Secure cookie
 * from an http loopback, so there the name is bare.
 *
 * @see [RFC 6265bis, section 4.1.3.2](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3.2)
 */
export function browserCookieName(publicOrigin: string): string {
  return publicOrigin.startsWith('https://') ? '__Host-connect' : 'connect';
}

/**
 * Finds the browser's cookie among those that it sent.
 *
 * @param cookies `name=value` each
 * @returns the value, if it is one of ours
 */
export function readBrowserCookie(publicOrigin: string, cookies: readonly string[]): string | undefined {
  const prefix = `${browserCookieName(publicOrigin)}=`;
  const value = cookies.find((cookie) => cookie.startsWith(prefix))?.slice(prefix.length);
  return value !== undefined && /^[A-Za-z0-9]{43,128}$/.test(value) ? value : undefined;
}

/**
 * Keeps a browser's cookie, or gives it one. It belongs to the browser, not to a session: a second tab finds the
 * first one's value and keeps it, so tabs cannot break each other.
 *
 * @returns the value and the `Set-Cookie` header that stores it or prolongs its life
 */
export function keepBrowserCookie(
  publicOrigin: string,
  current: string | undefined,
  randomId: RandomId,
): { readonly value: string; readonly setCookie: string } {
  const value = current ?? randomId();
  const secure = publicOrigin.startsWith('https://') ? '; Secure' : '';
  return {
    value,
    // Lax and not Strict: the callback is a navigation from Procore's site and must carry it.
    setCookie: `${browserCookieName(publicOrigin)}=${value}; Path=/; Max-Age=${browserCookieSeconds}; HttpOnly; SameSite=Lax${secure}`,
  };
}
