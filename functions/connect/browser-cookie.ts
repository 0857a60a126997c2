import type { RandomId } from '../clock.ts';

/**
 * How long a browser keeps our cookie after its last visit to a connect page, in seconds: as long as a session is kept.
 */
export const browserCookieSeconds = 5400;

/**
 * Names the one cookie by which we recognise a browser.
 *
 * The prefix `__Host-` prevents sibling hosts from setting the cookie. Browsers accept it over https only. Safari
 * accepts no Secure cookie from http on loopback, so the name has no prefix there.
 *
 * @returns `__Host-connect`, or `connect` on http
 * @see [RFC 6265bis, section 4.1.3.2](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3.2)
 */
export function browserCookieName(publicOrigin: string): string {
  return publicOrigin.startsWith('https://') ? '__Host-connect' : 'connect';
}

/**
 * Finds our cookie among the cookies that a browser sent.
 *
 * @param cookies each as `name=value`
 * @returns its value; undefined when it is missing or we cannot have set it
 */
export function readBrowserCookie(publicOrigin: string, cookies: readonly string[]): string | undefined {
  const prefix = `${browserCookieName(publicOrigin)}=`;
  const value = cookies.find((cookie) => cookie.startsWith(prefix))?.slice(prefix.length);
  return value !== undefined && /^[A-Za-z0-9]{43,128}$/.test(value) ? value : undefined;
}

/**
 * Keeps a browser's cookie, or makes one. The cookie belongs to the browser, not to a session: a second tab keeps the
 * value that the first tab got, so tabs cannot break each other.
 *
 * @returns the value, and the `Set-Cookie` header that stores it or extends its life
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
    // Lax and not Strict: the callback is a navigation from Procore's site and must carry the cookie.
    setCookie: `${browserCookieName(publicOrigin)}=${value}; Path=/; Max-Age=${browserCookieSeconds}; HttpOnly; SameSite=Lax${secure}`,
  };
}
