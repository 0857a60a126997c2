import { announce, isTold } from './announcing.ts';
import type { Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { ConnectionNotFoundError } from './refusals.ts';
import { finishRevoking } from './revocation.ts';
import { disconnect, leaveIndex, noteTold } from './transitions.ts';

/** What became of a disconnection: the connection has ended; Procore may still have to confirm. */
export interface Disconnection {
  readonly outcome: 'disconnected';
  readonly connection: Connection;
  /** Whether Procore has confirmed that every token is revoked; if not, the sweep goes on trying. */
  readonly revoked: boolean;
}

/**
 * Ends a connection: its tokens are taken out of use in one write, then revoked at Procore. Whatever a crash leaves,
 * the sweep finishes. A second call finds it done.
 *
 * @throws ConnectionNotFoundError
 */
export async function disconnectConnection(
  dependencies: ConnectionDependencies,
  connectionId: string,
): Promise<Disconnection> {
  for (;;) {
    const stored = await dependencies.store.read(connectionId);
    if (!stored) throw new ConnectionNotFoundError(connectionId);
    // Also what a write of our own has made, whose answer was lost or that the SDK repeated.
    if (stored.status === 'disconnected') return finishDisconnecting(dependencies, stored);
    const write = disconnect(stored, dependencies.clock());
    if ((await dependencies.store.write(write)) === 'refused') continue;
    const { generation } = stored;
    dependencies.observer.note('connection.disconnected', { connectionId, generation });
    dependencies.observer.count('connectionDisconnected');
    return finishDisconnecting(dependencies, afterWrite(stored, write));
  }
}

/**
 * Does what is left of a disconnection: announces it, revokes, and takes the connection out of the due index.
 *
 * @param connection disconnected
 */
export async function finishDisconnecting(
  dependencies: ConnectionDependencies,
  connection: Connection,
): Promise<Disconnection> {
  if (connection.rotateAt === undefined) return { outcome: 'disconnected', connection, revoked: true };
  const wasTold = isTold(connection);
  const told = wasTold || (await announce(dependencies, connection, 'disconnected')) === 'announced';
  const after = await finishRevoking(dependencies, connection);
  const revoked = after.revoking === undefined;
  if (!told || (wasTold && !revoked)) return { outcome: 'disconnected', connection: after, revoked };
  // Procore may not confirm for days: the integrator is not to hear of it at every try.
  const write = revoked ? leaveIndex(after, dependencies.clock()) : noteTold(after, dependencies.clock());
  const isWritten = (await dependencies.store.write(write)) === 'written';
  return { outcome: 'disconnected', connection: isWritten ? afterWrite(after, write) : after, revoked };
}
