import { announce, isTold } from './announcing.ts';
import type { Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { ConnectionNotFoundError } from './refusals.ts';
import { finishRevoking } from './revocation.ts';
import { disconnect, forgetAccount, leaveIndex, noteTold } from './transitions.ts';
import { closeLinks } from './unconfirmed-transitions.ts';

/** How a disconnection ended: the connection is over, but Procore may still have to confirm. */
export interface Disconnection {
  readonly outcome: 'disconnected';
  readonly connection: Connection;
  /** Whether Procore has confirmed that every token is revoked. If it has not, the sweep tries again. */
  readonly revoked: boolean;
}

/**
 * Ends a connection. One write takes its tokens out of use, and those that wait for a confirmation; then they are revoked
 * at Procore. From that write on no link connects that was issued before, also when a person is at Procore with it. The
 * sweep finishes what a crash left undone. A second call finds the work done.
 *
 * @returns the connection, and whether every token is revoked
 * @throws ConnectionNotFoundError when there is no such connection
 */
export async function disconnectConnection(
  dependencies: ConnectionDependencies,
  connectionId: string,
): Promise<Disconnection> {
  const from = dependencies.clock();
  for (;;) {
    const stored = await dependencies.store.read(connectionId);
    if (!stored) throw new ConnectionNotFoundError(connectionId);
    const isDisconnected = stored.status === 'disconnected';
    // This may be our own write, whose answer was lost or which the SDK repeated.
    if (isDisconnected && stored.authorizedBy.linkIssuedAt >= from) return finishDisconnecting(dependencies, stored);
    const now = Math.max(dependencies.clock(), from);
    const write = isDisconnected ? closeLinks(stored, now) : disconnect(stored, now);
    if ((await dependencies.store.write(write)) === 'refused') continue;
    if (isDisconnected) return finishDisconnecting(dependencies, afterWrite(stored, write));
    const { generation } = stored;
    dependencies.observer.note('connection.disconnected', { connectionId, generation });
    dependencies.observer.count('connectionDisconnected');
    return finishDisconnecting(dependencies, afterWrite(stored, write));
  }
}

/**
 * Ends a connection as {@link disconnectConnection} does, and forgets whose account it was: for an erasure.
 *
 * @throws ConnectionNotFoundError when there is no such connection
 */
export async function forgetConnection(
  dependencies: ConnectionDependencies,
  connectionId: string,
): Promise<Disconnection> {
  for (;;) {
    const ended = await disconnectConnection(dependencies, connectionId);
    const write = forgetAccount(ended.connection, dependencies.clock());
    if ((await dependencies.store.write(write)) === 'written') return ended;
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
  // What is left waits until the set beside it is confirmed, or given up.
  const isAtRest = revoked || after.unconfirmed !== undefined;
  if (!told || (wasTold && !isAtRest)) return { outcome: 'disconnected', connection: after, revoked };
  // Procore may not confirm for days. The integrator must not be told at every try.
  const write = isAtRest ? leaveIndex(after, dependencies.clock()) : noteTold(after, dependencies.clock());
  const isWritten = (await dependencies.store.write(write)) === 'written';
  return { outcome: 'disconnected', connection: isWritten ? afterWrite(after, write) : after, revoked };
}
