import type { Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { expireRestored } from './restoring-writes.ts';
import { isRestored, validSeconds } from './timing.ts';
import { announceVerdict } from './verdict.ts';

/**
 * Ends a restored connection whose access token is over: from then on a person must authorize it again, and the integrator
 * is told. Procore is not asked, because its refresh token may be spent.
 *
 * @returns whether the connection is a restored one that is over
 */
export async function endRestored(dependencies: ConnectionDependencies, connection: Connection): Promise<boolean> {
  const { tokens, connectionId, generation } = connection;
  const now = dependencies.clock();
  if (!isRestored(connection) || (tokens && validSeconds(tokens, now) > 0)) return false;
  const write = expireRestored(connection, now);
  // Refused: somebody has authorized, disconnected or released it meanwhile.
  if ((await dependencies.store.write(write)) === 'refused') return true;
  dependencies.observer.note('connection.restored_over', { connectionId, generation });
  dependencies.observer.count('reauthorizationRequired');
  await announceVerdict(dependencies, afterWrite(connection, write));
  return true;
}
