import type { Clock, RandomId } from '../clock.ts';
import { redirectUri } from '../oauth/redirect-uri.ts';
import type { OAuthClientSource } from '../oauth/token-endpoint.ts';
import { readUsableClient } from '../oauth/usable-client.ts';
import type { Observer } from '../observer.ts';
import { type AuthorizationStore, hashOf, hashToConfirm } from './authorization-store.ts';
import type { BrowserAnswer } from './browser-answer.ts';
import { browserCookieSeconds, keepBrowserCookie, readBrowserCookie } from './browser-cookie.ts';
import { type BrowserRequest, isOwnPost, onlyValue } from './browser-request.ts';
import { failurePage } from './failure.ts';
import type { FailureName } from './failure-kinds.ts';
import type { WayOn } from './pages.ts';
import { type FoundLink, findLink, findLinkOf, findSession, isOurSecret } from './session.ts';

/** How long a person may take at Procore, in seconds: to sign in, perhaps set a new password, and allow access. */
const sessionSeconds = 1800;

/** What the first page works with. */
export interface StartDependencies {
  readonly authorizations: AuthorizationStore;
  readonly oauthClient: OAuthClientSource;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly observer: Observer;
  readonly publicOrigin: string;
  /** Scheme and host of Procore's login. */
  readonly loginOrigin: string;
}

const failureOfLink: Readonly<Record<Exclude<FoundLink['outcome'], 'usable'>, FailureName>> = {
  unknown: 'link_unknown',
  expired: 'link_expired',
  spent: 'link_spent',
  used_up: 'link_used_up',
};

/**
 * Shows the page with the button. It changes nothing, so previews and prefetches of a link are harmless.
 *
 * @param request with `link` in the query
 * @returns the page
 */
export async function showStart(dependencies: StartDependencies, request: BrowserRequest): Promise<BrowserAnswer> {
  const token = onlyValue(request.query, 'link');
  if (!isOurSecret(token)) return failurePage(dependencies, 'link_unknown');
  const found = await findLinkOf(dependencies, token);
  if (found.outcome !== 'usable') return failurePage(dependencies, failureOfLink[found.outcome]);
  const current = readBrowserCookie(dependencies.publicOrigin, request.cookies);
  const { setCookie } = keepBrowserCookie(dependencies.publicOrigin, current, dependencies.randomId);
  const { connectionId, displayName } = found.link;
  return { answer: 'page', page: { name: 'start', connectionId, displayName, link: token }, setCookie };
}

/**
 * Starts a session, bound to this browser, and sends the browser to Procore.
 *
 * @param request with `link` in the form, or, from a failure page, with `again`: a session of this browser, whose link
 *   is used again
 * @returns a redirect to Procore's login, or a page that says why it cannot start
 * @see [RFC 6749, section 4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)
 */
export async function begin(dependencies: StartDependencies, request: BrowserRequest): Promise<BrowserAnswer> {
  if (!isOwnPost(request)) return failurePage(dependencies, 'foreign_post');
  const token = onlyValue(request.form, 'link');
  const browser = readBrowserCookie(dependencies.publicOrigin, request.cookies);
  if (browser === undefined) {
    const wayOn: WayOn | undefined = isOurSecret(token) ? { way: 'open_link', link: token } : undefined;
    return failurePage(dependencies, 'cookie_missing', { wayOn });
  }

  const found = await linkOf(dependencies, request, token);
  if (found.outcome !== 'usable') return failurePage(dependencies, failureOfLink[found.outcome]);
  const { link } = found;

  // Clicks are rare, so the secret is read fresh: it may just have been corrected, and an old client id would end on an
  // error page of Procore.
  const client = await readUsableClient(dependencies.oauthClient, { fresh: true });
  if ('trouble' in client) {
    return failurePage(dependencies, 'client_missing', { connectionId: link.connectionId, code: client.trouble });
  }

  const counted = await dependencies.authorizations.countSession(link.linkHash);
  if (counted === 'refused') return failurePage(dependencies, 'link_used_up', { connectionId: link.connectionId });
  const state = dependencies.randomId();
  const now = dependencies.clock();
  await dependencies.authorizations.putSession({
    sessionId: hashOf(state),
    browserHash: link.confirm ? hashToConfirm(browser) : hashOf(browser),
    linkHash: link.linkHash,
    linkIssuedAt: link.issuedAt,
    connectionId: link.connectionId,
    ...(link.displayName !== undefined && { displayName: link.displayName }),
    ...(link.returnTo !== undefined && { returnTo: link.returnTo }),
    ...(link.confirm && { confirm: true }),
    expiresAt: now + sessionSeconds,
    keptUntil: now + browserCookieSeconds,
  });
  dependencies.observer.note('oauth.started', { connectionId: link.connectionId });
  const { setCookie } = keepBrowserCookie(dependencies.publicOrigin, browser, dependencies.randomId);
  return { answer: 'redirect', location: authorizationUrl(dependencies, client.clientId, state), setCookie };
}

async function linkOf(
  dependencies: StartDependencies,
  request: BrowserRequest,
  token: string | undefined,
): Promise<FoundLink> {
  if (isOurSecret(token)) return findLinkOf(dependencies, token);
  const found = await findSession(dependencies, onlyValue(request.form, 'again'), request);
  return found.outcome === 'own' ? findLink(dependencies, found.session.linkHash) : { outcome: 'unknown' };
}

/** Only these four parameters: Procore documents neither `scope` nor PKCE, and requests with a scope have failed. */
function authorizationUrl({ loginOrigin, publicOrigin }: StartDependencies, clientId: string, state: string): string {
  const url = new URL('/oauth/authorize', loginOrigin);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri(publicOrigin),
    state,
  }).toString();
  return url.href;
}
