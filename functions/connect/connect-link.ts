import type { Clock, RandomId } from '../clock.ts';
import { parseConnectionId } from '../connection/connection.ts';
import type { ConnectionStore } from '../connection/connection-store.ts';
import { linkTime } from '../connection/timing.ts';
import { ConnectorError } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import { type AuthorizationStore, hashOf, hashToConfirm } from './authorization-store.ts';
import { parseDisplayName } from './display-name.ts';
import { parseReturnTo } from './return-to.ts';

/** How long a link works, in seconds. */
const linkSeconds = 900;

/** What {@link issueConnectLink} works with. */
export interface ConnectLinkDependencies {
  readonly authorizations: AuthorizationStore;
  /** Tells which authorization a connection has by now. */
  readonly store: Pick<ConnectionStore, 'read'>;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly observer: Observer;
  readonly publicOrigin: string;
  readonly returnToOrigins: readonly string[];
}

/** A link was asked for with a `confirm` that cannot be. */
export class InvalidConfirmError extends ConnectorError {
  override readonly name = 'InvalidConfirmError';
  readonly code = 'invalid_confirm';
  constructor() {
    super(
      'confirm must be true or false, and true goes with a returnTo: the page there gets the reference by which your ' +
        'backend confirms the connection.',
    );
  }
}

/** A link for the person who is to connect. Its holder can connect this one connection. */
export interface IssuedLink {
  readonly url: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/**
 * Issues a link with which one connection can be authorized, once, within 15 minutes. Of two links the newer one wins, and
 * it is newer than what is stored, whatever the clock says.
 *
 * @param request `connectionId`, and optionally `displayName`: what the pages call it; `returnTo`: where the browser goes
 *   after success; `confirm: true`: what it connects waits until the backend at `returnTo` confirms it
 * @returns the link and when it expires
 * @throws InvalidConnectionIdError when the connection id is not valid
 * @throws InvalidDisplayNameError when the display name cannot be shown
 * @throws ReturnToNotAllowedError when `returnTo` is not on the allow-list
 * @throws InvalidConfirmError when `confirm` is no boolean, or without a `returnTo` at which it could be confirmed
 */
export async function issueConnectLink(
  dependencies: ConnectLinkDependencies,
  request: {
    readonly connectionId?: unknown;
    readonly displayName?: unknown;
    readonly returnTo?: unknown;
    readonly confirm?: unknown;
  },
): Promise<IssuedLink> {
  const connectionId = parseConnectionId(request.connectionId);
  const displayName = request.displayName === undefined ? undefined : parseDisplayName(request.displayName);
  const returnTo =
    request.returnTo === undefined ? undefined : parseReturnTo(request.returnTo, dependencies.returnToOrigins);
  const { confirm = false } = request;
  if (typeof confirm !== 'boolean' || (confirm && returnTo === undefined)) throw new InvalidConfirmError();
  const token = dependencies.randomId();
  const now = dependencies.clock();
  const issuedAt = linkTime(await dependencies.store.read(connectionId), now);
  const expiresAt = Math.floor(now + linkSeconds);
  await dependencies.authorizations.putLink({
    linkHash: confirm ? hashToConfirm(token) : hashOf(token),
    connectionId,
    issuedAt,
    expiresAt,
    ...(displayName !== undefined && { displayName }),
    ...(returnTo !== undefined && { returnTo }),
    ...(confirm && { confirm }),
  });
  dependencies.observer.note('oauth.link_issued', { connectionId });
  return { url: `${dependencies.publicOrigin}/oauth/start?link=${token}`, expiresAt };
}
