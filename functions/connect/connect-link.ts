import type { Clock, RandomId } from '../clock.ts';
import { parseConnectionId } from '../connection/connection.ts';
import type { Observer } from '../observer.ts';
import { type AuthorizationStore, hashOf } from './authorization-store.ts';
import { parseReturnTo } from './return-to.ts';

/** How long a link works, in seconds. */
const linkSeconds = 900;

/** What {@link issueConnectLink} works with. */
export interface ConnectLinkDependencies {
  readonly authorizations: AuthorizationStore;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly observer: Observer;
  readonly publicOrigin: string;
  readonly returnToOrigins: readonly string[];
}

/** A link for the person who is to connect. Its holder can connect this one connection. */
export interface IssuedLink {
  readonly url: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/**
 * Issues a link with which one connection can be authorized, once, within 15 minutes.
 *
 * @param request `connectionId`, and optionally `returnTo`: where the browser goes after success
 * @returns the link and when it expires
 * @throws InvalidConnectionIdError when the connection id is not valid
 * @throws ReturnToNotAllowedError when `returnTo` is not on the allow-list
 */
export async function issueConnectLink(
  dependencies: ConnectLinkDependencies,
  request: { readonly connectionId?: unknown; readonly returnTo?: unknown },
): Promise<IssuedLink> {
  const connectionId = parseConnectionId(request.connectionId);
  const returnTo =
    request.returnTo === undefined ? undefined : parseReturnTo(request.returnTo, dependencies.returnToOrigins);
  const token = dependencies.randomId();
  const issuedAt = dependencies.clock();
  const expiresAt = Math.floor(issuedAt + linkSeconds);
  await dependencies.authorizations.putLink({
    linkHash: hashOf(token),
    connectionId,
    issuedAt,
    expiresAt,
    ...(returnTo !== undefined && { returnTo }),
  });
  dependencies.observer.note('oauth.link_issued', { connectionId });
  return { url: `${dependencies.publicOrigin}/oauth/start?link=${token}`, expiresAt };
}
