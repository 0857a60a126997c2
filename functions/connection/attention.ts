import type { Connection } from './connection.ts';
import type { RotationDependencies } from './dependencies.ts';
import { finishDisconnecting } from './disconnect.ts';
import { checkEnvironment } from './environment-check.ts';
import { finishRevoking } from './revocation.ts';
import { rotateConnection } from './rotation.ts';
import { isRotationDue, retrySeconds, rotationTime } from './timing.ts';
import { lookAgainAt } from './transitions.ts';
import { announceVerdict } from './verdict.ts';

/**
 * How the sweep's look at a connection ended. `out_of_time` means that this invocation ends too soon and another one
 * must do the work.
 */
export type Attention = 'attended' | 'not_due' | 'out_of_time';

/**
 * Does what a connection needs when its `rotateAt` has come: a rotation, or whatever a crash left undone (an
 * environment to check, a revocation or an announcement to finish).
 *
 * @returns `not_due` when somebody else has done it since the connection was queued
 * @throws whatever the ports throw; the connection is then no worse than before, and stays due
 */
export async function attendConnection(dependencies: RotationDependencies, connectionId: string): Promise<Attention> {
  const connection = await dependencies.store.read(connectionId);
  if (connection?.rotateAt === undefined || connection.rotateAt > dependencies.clock()) return 'not_due';
  switch (connection.status) {
    case 'disconnected':
      await finishDisconnecting(dependencies, connection);
      return 'attended';
    case 'reauthorization_required':
      await announceVerdict(dependencies, await finishRevoking(dependencies, connection));
      return 'attended';
    case 'connected':
      return attendConnected(dependencies, connection);
    default:
      // A status of a later version, which attends to it: the connection stays due.
      return 'not_due';
  }
}

async function attendConnected(dependencies: RotationDependencies, found: Connection): Promise<Attention> {
  if (found.tokens && found.tokens.expiresAt <= dependencies.clock()) dependencies.observer.count('sweepPastExpiry');
  const checked = await finishChecking(dependencies, await finishRevoking(dependencies, found));
  if (checked === undefined) return 'attended';
  if (isRotationDue(checked, dependencies.clock())) {
    const { outcome, connection } = await rotateConnection(dependencies, checked);
    // Procore says nothing about a token that has expired. It can say whose the new token is.
    if (outcome === 'rotated') await finishChecking(dependencies, connection);
    return outcome === 'out_of_time' ? outcome : 'attended';
  }
  await planNextLook(dependencies, checked);
  return 'attended';
}

/** Checks the environment if it is unchecked. @returns undefined when the tokens belonged to another environment */
async function finishChecking(
  dependencies: RotationDependencies,
  connection: Connection,
): Promise<Connection | undefined> {
  if (connection.environmentChecked) return connection;
  const check = await checkEnvironment(dependencies, connection);
  if (check.outcome === 'foreign') return undefined;
  return check.outcome === 'ours' ? check.connection : connection;
}

/** Plans the next look at a connection that needs no rotation, so that it does not stay due. */
async function planNextLook(dependencies: RotationDependencies, connection: Connection): Promise<void> {
  const now = dependencies.clock();
  const { rotateAt = 0, tokens, environmentChecked } = connection;
  if (rotateAt > now || !tokens) return;
  const planned = Math.max(rotationTime(tokens, dependencies.randomFraction()), now + 1, connection.notBefore ?? 0);
  await dependencies.store.write(
    lookAgainAt(connection, environmentChecked ? planned : Math.min(planned, now + retrySeconds), now),
  );
}
