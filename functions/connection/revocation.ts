import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { Authorization, Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { isRestored } from './timing.ts';
import { strikeRevoked, surrender } from './transitions.ts';

type RevocationDependencies = Pick<
  ConnectionDependencies,
  'store' | 'tokenEndpoint' | 'oauthClient' | 'clock' | 'observer' | 'keepReplaced'
>;

/** A token set in hand, and the authorization that it comes from. */
export interface HeldTokenSet {
  readonly connectionId: string;
  readonly tokens: TokenSet;
  readonly authorizedBy: Authorization;
}

/** Tells whether two authorizations are the same one. */
export function isSameAuthorization(one: Authorization, other: Authorization): boolean {
  return one.sessionId === other.sessionId && one.linkIssuedAt === other.linkIssuedAt;
}

/**
 * Revokes the tokens that wait for their revocation at Procore, if they may be revoked now, and removes those that are
 * revoked from the list.
 *
 * Each token is used once before it is revoked. Procore may void a refresh token only at the first use of the access
 * token that replaced it; then a token set that was never used would leave its predecessor alive. A token that is
 * stored for use is never revoked. After a crash at any point the list is still there, and the sweep tries again.
 *
 * @param connection as just written or read
 * @returns the connection as it is after that
 * @see https://developers.procore.com/documentation/oauth-endpoints (revoke)
 */
export async function finishRevoking(
  dependencies: RevocationDependencies,
  connection: Connection,
): Promise<Connection> {
  const { connectionId, generation, revoking = [], tokens } = connection;
  if (revoking.length === 0 || !isRevocationAllowed(connection, dependencies.keepReplaced)) return connection;
  const client = await dependencies.oauthClient.read();
  const outcomes = await Promise.all(
    revoking.map(async (accessToken) => {
      if (accessToken === tokens?.accessToken) return 'revoked';
      await dependencies.tokenEndpoint.tokenInfo(accessToken);
      return dependencies.tokenEndpoint.revoke(client, accessToken);
    }),
  );
  const left = revoking.filter((_, index) => outcomes[index] !== 'revoked');
  dependencies.observer.note('connection.revoked', { connectionId, generation, count: revoking.length - left.length });
  const write = strikeRevoked(connection, left, dependencies.clock());
  if ((await dependencies.store.write(write)) === 'written') return afterWrite(connection, write);
  // Somebody else works on the list, or the SDK has repeated a write that took effect. What is left stays due.
  const stored = await dependencies.store.read(connectionId);
  return stored?.generation === generation && stored.status === connection.status ? stored : connection;
}

/**
 * Tells whether the tokens in `revoking` may be revoked now. If not, they wait until the connection is disconnected, and no
 * other token set of it waits for its confirmation: it might end with them. So might an access token out of a backup, which
 * is older than what the live item had: until new tokens have come, nothing of it is revoked.
 */
export function isRevocationAllowed(connection: Connection, keepReplaced: boolean): boolean {
  const { status, unconfirmed } = connection;
  return (status === 'disconnected' && unconfirmed === undefined) || (!keepReplaced && !isRestored(connection));
}

/**
 * Gives up a token set that came too late to be stored. If the connection was disconnected or authorized again
 * meanwhile, the token set is noted for revocation and revoked as soon as that is allowed. If its own authorization is
 * still the stored one, it is left alone, because revoking it could end the token set that was stored first.
 *
 * @returns the connection as it is stored, or undefined when there is none
 */
export async function surrenderTokens(
  dependencies: RevocationDependencies,
  { connectionId, tokens, authorizedBy }: HeldTokenSet,
): Promise<Connection | undefined> {
  for (;;) {
    const stored = await dependencies.store.read(connectionId);
    const isStored = [stored?.tokens, stored?.unconfirmed?.tokens].some(
      (set) => set?.accessToken === tokens.accessToken,
    );
    if (!stored || isStored) return stored;
    const isOver = stored.status === 'disconnected' || !isSameAuthorization(stored.authorizedBy, authorizedBy);
    if (!isOver) return stored;
    if (stored.revoking?.includes(tokens.accessToken)) return finishRevoking(dependencies, stored);
    const write = surrender(stored, tokens.accessToken, dependencies.clock());
    if ((await dependencies.store.write(write)) !== 'written') continue;
    dependencies.observer.note('rotation.surrendered', { connectionId, generation: stored.generation });
    return finishRevoking(dependencies, afterWrite(stored, write));
  }
}
