import { announce, isTold } from './announcing.ts';
import type { Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { ConnectionNotFoundError } from './refusals.ts';
import { finishRevoking } from './revocation.ts';
import { disconnect, leaveIndex, noteTold } from './transitions.ts';

/** How a disconnection ended: the connection is over, but Procore may still have to confirm. */
export interface Disconnection {
  readonly outcome: 'disconnected';
  readonly connection: Connection;
  /** Whether Procore has confirmed that every token is revoked. If it has not, the sweep tries again. */
  readonly revoked: boolean;
}

/**
 * Ends a connection. One write takes its tokens out of use; then they are revoked at Procore. The sweep finishes what a
 * crash left undone. A second call finds the work done.
 *
 * @returns the connection, and whether every token is revoked
 * @throws ConnectionNotFoundError when there is no such connection
 */
export async function disconnectConnection(
  dependencies: ConnectionDependencies,
  connectionId: string,
): Promise<Disconnection> {
  for (;;) {
    const stored = await dependencies.store.read(connectionId);
    if (!stored) throw new ConnectionNotFoundError(connectionId);
    // This may be our own write, whose answer was lost or which the SDK repeated.
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
 * Does what is left of a disconnection: announces it, revokes the tokens, and takes the connection out of the due
 * index.
 *
 * @param connection with the status `disconnected`
 * @returns the connection, and whether every token is revoked
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
  // Procore may not confirm for days. The integrator must not be told at every try.
  const write = revoked ? leaveIndex(after, dependencies.clock()) : noteTold(after, dependencies.clock());
  const isWritten = (await dependencies.store.write(write)) === 'written';
  return { outcome: 'disconnected', connection: isWritten ? afterWrite(after, write) : after, revoked };
}
