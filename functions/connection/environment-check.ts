import type { TokenSet } from '../oauth/token-endpoint.ts';
import { announce } from './announcing.ts';
import type { Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { finishDisconnecting } from './disconnect.ts';
import { check, disconnect } from './transitions.ts';

/** Whose tokens a connection has. */
export type EnvironmentCheck =
  /** `token/info` named our client id; or the tokens that it was asked about are not stored any more. */
  | { readonly outcome: 'ours'; readonly connection: Connection }
  /** Another client's: the tokens are removed and revoked. */
  | { readonly outcome: 'foreign' }
  /** Procore did not say; the sweep asks again. */
  | { readonly outcome: 'unavailable' };

/**
 * Asks Procore whether a connection's tokens were issued to this environment's own client, as they must be: another
 * client's tokens mean that secret and host belong to different environments.
 *
 * @param connection as just written or read
 * @see https://developers.procore.com/documentation/oauth-endpoints (token/info)
 */
export async function checkEnvironment(
  dependencies: ConnectionDependencies,
  connection: Connection,
): Promise<EnvironmentCheck> {
  const { connectionId, generation, tokens } = connection;
  if (connection.environmentChecked || !tokens) return { outcome: 'ours', connection };
  const info = await dependencies.tokenEndpoint.tokenInfo(tokens.accessToken);
  if (info.outcome !== 'info') {
    dependencies.observer.note('connection.unchecked', { connectionId, generation, outcome: info.outcome });
    return { outcome: 'unavailable' };
  }
  if (!(await isOurClient(dependencies, info.clientId))) return removeForeign(dependencies, connection);
  return noteChecked(dependencies, connection, tokens, info.procoreUserId);
}

async function isOurClient({ oauthClient }: ConnectionDependencies, clientId: string): Promise<boolean> {
  if ((await oauthClient.read()).clientId === clientId) return true;
  // Somebody may have replaced the secret since it was read.
  return (await oauthClient.read({ fresh: true })).clientId === clientId;
}

async function noteChecked(
  dependencies: ConnectionDependencies,
  connection: Connection,
  tokens: TokenSet,
  procoreUserId: string | undefined,
): Promise<EnvironmentCheck> {
  const { connectionId, generation } = connection;
  // Whoever stored the tokens may have died, or found the queue refusing, before it was told. A second message within
  // five minutes is dropped by the queue. As long as nobody can be told, the connection stays due.
  if ((await announce(dependencies, connection, 'connected')) === 'unannounced') return { outcome: 'ours', connection };
  const write = check(connection, tokens, {
    procoreUserId,
    now: dependencies.clock(),
    fraction: dependencies.randomFraction(),
  });
  if ((await dependencies.store.write(write)) === 'written') {
    dependencies.observer.note('connection.checked', { connectionId, generation });
    return { outcome: 'ours', connection: afterWrite(connection, write) };
  }
  // A rotation or a newer authorization came in between: what it stored stays due until it is checked itself.
  return { outcome: 'ours', connection: (await dependencies.store.read(connectionId)) ?? connection };
}

async function removeForeign(dependencies: ConnectionDependencies, connection: Connection): Promise<EnvironmentCheck> {
  const { connectionId, generation } = connection;
  dependencies.observer.note('connection.wrong_environment', { connectionId, generation });
  dependencies.observer.count('wrongEnvironment');
  const write = disconnect(connection, dependencies.clock());
  if ((await dependencies.store.write(write)) === 'written') {
    await finishDisconnecting(dependencies, afterWrite(connection, write));
  }
  return { outcome: 'foreign' };
}
