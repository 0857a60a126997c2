import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { Authorization, Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { strikeRevoked, surrender } from './transitions.ts';

type RevocationDependencies = Pick<
  ConnectionDependencies,
  'store' | 'tokenEndpoint' | 'oauthClient' | 'clock' | 'observer' | 'keepReplaced'
>;

/** A token set in hand, and the authorization that it came of. */
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
 * Revokes at Procore what waits for it, as far as it may be revoked now, and strikes off what is done.
 *
 * Each token is used once before: if Procore voids a refresh token only at the first use
 * of the access token that replaced it, a set that was never used would leave its predecessor alive.
 * A token that is stored for use is never revoked. A crash at any point leaves the list, and the sweep comes again.
 *
 * @param connection as just written or read
 * @returns the connection afterwards
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
  // Somebody else works on the list, or the SDK has repeated a write that took effect. Whatever is left stays due.
  const stored = await dependencies.store.read(connectionId);
  return stored?.generation === generation && stored.status === connection.status ? stored : connection;
}

/** Tells whether the tokens in `revoking` may be revoked now, or only when the connection is disconnected. */
export function isRevocationAllowed({ status }: Connection, keepReplaced: boolean): boolean {
  return status === 'disconnected' || !keepReplaced;
}

/**
 * Gives up a token set that came too late to be stored: noted for revocation if the connection was disconnected or
 * authorized anew meanwhile, and revoked as soon as that is allowed. A set whose own authorization still stands is
 * left alone, since revoking it could end the set that won.
 *
 * @returns the connection as it is stored, or undefined when there is none
 */
export async function surrenderTokens(
  dependencies: RevocationDependencies,
  { connectionId, tokens, authorizedBy }: HeldTokenSet,
): Promise<Connection | undefined> {
  for (;;) {
    const stored = await dependencies.store.read(connectionId);
    if (!stored || stored.tokens?.accessToken === tokens.accessToken) return stored;
    const isOver = stored.status === 'disconnected' || !isSameAuthorization(stored.authorizedBy, authorizedBy);
    if (!isOver) return stored;
    if (stored.revoking?.includes(tokens.accessToken)) return finishRevoking(dependencies, stored);
    const write = surrender(stored, tokens.accessToken, dependencies.clock());
    if ((await dependencies.store.write(write)) !== 'written') continue;
    dependencies.observer.note('rotation.surrendered', { connectionId, generation: stored.generation });
    return finishRevoking(dependencies, afterWrite(stored, write));
  }
}
