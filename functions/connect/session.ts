import type { Clock } from '../clock.ts';
import { type AuthorizationSession, type AuthorizationStore, type ConnectLink, hashOf } from './authorization-store.ts';
import { readBrowserCookie } from './browser-cookie.ts';
import type { BrowserRequest } from './browser-request.ts';

/** What looking up a link or a session works with. */
export interface SessionDependencies {
  readonly authorizations: AuthorizationStore;
  readonly clock: Clock;
  readonly publicOrigin: string;
}

/** A link as it is now. A spent link that has expired, too, is `spent`, because that says more. */
export type FoundLink =
  | { readonly outcome: 'usable'; readonly link: ConnectLink }
  | { readonly outcome: 'unknown' | 'expired' | 'spent' };

/** Tells whether a text can be a link's token or a state of ours. Other texts are neither looked up nor shown. */
export function isOurSecret(text: string | undefined): text is string {
  return text !== undefined && /^[A-Za-z0-9]{43,128}$/.test(text);
}

/**
 * Finds a link and judges it.
 *
 * @returns the link when it can still start a session, else why it cannot
 */
export async function findLink({ authorizations, clock }: SessionDependencies, linkHash: string): Promise<FoundLink> {
  const link = await authorizations.readLink(linkHash);
  if (!link) return { outcome: 'unknown' };
  if (link.spent) return { outcome: 'spent' };
  return clock() < link.expiresAt ? { outcome: 'usable', link } : { outcome: 'expired' };
}

/** A session as this browser may see it. */
export type FoundSession =
  | { readonly outcome: 'own'; readonly session: AuthorizationSession }
  | { readonly outcome: 'unknown' | 'stranger' };

/**
 * Finds a session and checks that this browser started it. So nobody can finish a stranger's callback in this browser,
 * or this browser's callback elsewhere.
 *
 * @returns the session when it is this browser's own
 * @see [RFC 6749, section 10.12](https://www.rfc-editor.org/rfc/rfc6749#section-10.12), [RFC 9700, section 4.7](https://www.rfc-editor.org/rfc/rfc9700#section-4.7)
 */
export async function findSession(
  { authorizations, clock, publicOrigin }: SessionDependencies,
  sessionId: string | undefined,
  { cookies }: BrowserRequest,
): Promise<FoundSession> {
  if (sessionId === undefined || !/^[0-9a-f]{64}$/.test(sessionId)) return { outcome: 'unknown' };
  const session = await authorizations.readSession(sessionId);
  if (!session || clock() >= session.keptUntil) return { outcome: 'unknown' };
  const browser = readBrowserCookie(publicOrigin, cookies);
  // Both sides are hashes of secrets of more than 256 bits, so the time of the comparison reveals nothing.
  const isOwn = browser !== undefined && hashOf(browser) === session.browserHash;
  return isOwn ? { outcome: 'own', session } : { outcome: 'stranger' };
}
