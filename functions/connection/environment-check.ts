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
  const { tokens } = connection;
  if (connection.environmentChecked || !tokens) return { outcome: 'ours', connection };
  const whose = await askWhose(dependencies, connection, tokens);
  if (whose.outcome === 'unavailable') return whose;
  return whose.outcome === 'ours'
    ? noteChecked(dependencies, connection, tokens, whose.procoreUserId)
    : removeForeign(dependencies, connection);
}

/**
 * Asks Procore whose client a token set of a connection was issued to.
 *
 * @param tokens stored of this connection, the live ones or those that wait for their confirmation
 */
export async function askWhose(
  dependencies: ConnectionDependencies,
  { connectionId, generation }: Connection,
  tokens: TokenSet,
): Promise<
  | { readonly outcome: 'ours'; readonly procoreUserId: string | undefined }
  | { readonly outcome: 'foreign' | 'unavailable' }
> {
  const since = dependencies.clock();
  const info = await dependencies.tokenEndpoint.tokenInfo(tokens.accessToken);
  if (info.outcome !== 'info') {
    dependencies.observer.note('connection.unchecked', { connectionId, generation, outcome: info.outcome });
    return { outcome: 'unavailable' };
  }
  const ours = await isOurClient(dependencies, info.clientId, since);
  if (ours === 'ours') return { outcome: 'ours', procoreUserId: info.procoreUserId };
  if (ours === 'foreign') return { outcome: 'foreign' };
  dependencies.observer.note('connection.unchecked', { connectionId, generation, outcome: 'secret_unread' });
  return { outcome: 'unavailable' };
}

/** Somebody may have replaced the secret since it was read, so only one that was read since can tell a foreign client. */
async function isOurClient(
  { oauthClient }: ConnectionDependencies,
  clientId: string,
  since: number,
): Promise<'ours' | 'foreign' | 'unknown'> {
  if ((await oauthClient.read()).clientId === clientId) return 'ours';
  const fresh = await oauthClient.read({ fresh: true, since }).catch(() => undefined);
  if (fresh === undefined) return 'unknown';
  return fresh.clientId === clientId ? 'ours' : 'foreign';
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
