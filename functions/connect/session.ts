import type { Clock } from '../clock.ts';
import {
  type AuthorizationSession,
  type AuthorizationStore,
  type ConnectLink,
  hashOf,
  hashToConfirm,
  mostSessions,
} from './authorization-store.ts';
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
  | { readonly outcome: 'unknown' | 'expired' | 'spent' | 'used_up' };

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
  if ((link.sessions ?? 0) >= mostSessions) return { outcome: 'used_up' };
  return clock() < link.expiresAt ? { outcome: 'usable', link } : { outcome: 'expired' };
}

/** Finds and judges the link of a token, which a link that asks for a confirmation has stored under another hash. */
export async function findLinkOf(dependencies: SessionDependencies, token: string): Promise<FoundLink> {
  const found = await findLink(dependencies, hashOf(token));
  return found.outcome === 'unknown' ? findLink(dependencies, hashToConfirm(token)) : found;
}

/** A session of this very browser. */
export interface OwnSession extends AuthorizationSession {
  /** With `confirm`: the hash of the reference, which `returnTo` carries already. */
  readonly referenceHash?: string;
}

/** A session as this browser may see it. */
export type FoundSession =
  | { readonly outcome: 'own'; readonly session: OwnSession }
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
  const hash = session.confirm ? hashToConfirm : hashOf;
  if (browser === undefined || hash(browser) !== session.browserHash) return { outcome: 'stranger' };
  return { outcome: 'own', session: session.confirm ? withReference(session, browser) : session };
}

/**
 * Gives `returnTo` the reference by which the integrator's backend confirms what this session connects. It is made of the
 * browser's secret, so the same browser gets the same one again, nobody else can make it, and only its hash is stored.
 */
function withReference(session: AuthorizationSession, browser: string): OwnSession {
  const reference = hashOf(`reference ${session.sessionId} ${browser}`);
  if (session.returnTo === undefined) return { ...session, referenceHash: hashOf(reference) };
  const returnTo = new URL(session.returnTo);
  returnTo.search += `${returnTo.search === '' ? '?' : '&'}reference=${reference}`;
  return { ...session, returnTo: returnTo.href, referenceHash: hashOf(reference) };
}
