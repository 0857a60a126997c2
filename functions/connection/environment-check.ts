import type { TokenSet } from '../oauth/token-endpoint.ts';
import { announce } from './announcing.ts';
import type { Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { finishDisconnecting } from './disconnect.ts';
import { check, disconnect } from './transitions.ts';

/** Whose tokens a connection has. */
export type EnvironmentCheck =
  /** `token/info` named our client id, or the tokens in question are not stored any more. */
  | { readonly outcome: 'ours'; readonly connection: Connection }
  /** The tokens belong to another client. They are removed and revoked. */
  | { readonly outcome: 'foreign' }
  /** Procore did not say whose they are. The sweep asks again. */
  | { readonly outcome: 'unavailable' };

/**
 * Asks Procore whether a connection's tokens were issued to the client of this environment. If they were issued to
 * another client, the secret and the host belong to different environments.
 *
 * @param connection as just written or read
 * @returns whose the tokens are
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
  // The process that stored the tokens may have died before it announced them, or the queue may have refused. The queue
  // drops a second message within five minutes. The connection stays due as long as it cannot be announced.
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
  // A rotation or a newer authorization came in between. What it stored stays due until it is checked.
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
