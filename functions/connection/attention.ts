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
 * What the sweep's look at a connection came to; `out_of_time` means that this invocation ends too soon and another
 * has to come.
 */
export type Attention = 'attended' | 'not_due' | 'out_of_time';

/**
 * Does what a connection needs whose `rotateAt` has come: a rotation, or whatever a crash left undone (an environment
 * to check, a revocation or an announcement to finish).
 *
 * @returns `not_due` when somebody else has seen to it since it was queued
 * @throws whatever the ports throw; nothing is left worse than it was found, and it stays due
 */
export async function attendConnection(deps: RotationDependencies, connectionId: string): Promise<Attention> {
  const connection = await deps.store.read(connectionId);
  if (connection?.rotateAt === undefined || connection.rotateAt > deps.clock()) return 'not_due';
  switch (connection.status) {
    case 'disconnected':
      await finishDisconnecting(deps, connection);
      return 'attended';
    case 'reauthorization_required':
      await announceVerdict(deps, await finishRevoking(deps, connection));
      return 'attended';
    case 'connected':
      return attendConnected(deps, connection);
  }
}

async function attendConnected(deps: RotationDependencies, found: Connection): Promise<Attention> {
  if (found.tokens && found.tokens.expiresAt <= deps.clock()) deps.observer.count('sweepPastExpiry');
  const checked = await finishChecking(deps, await finishRevoking(deps, found));
  if (checked === undefined) return 'attended';
  if (isRotationDue(checked, deps.clock())) {
    const { outcome, connection } = await rotateConnection(deps, checked);
    // Procore tells nothing of a token that had expired; of the new one it can.
    if (outcome === 'rotated') await finishChecking(deps, connection);
    return outcome === 'out_of_time' ? outcome : 'attended';
  }
  await planNextLook(deps, checked);
  return 'attended';
}

/** Checks an unchecked environment. @returns undefined when it was a wrong one */
async function finishChecking(deps: RotationDependencies, connection: Connection): Promise<Connection | undefined> {
  if (connection.environmentChecked) return connection;
  const check = await checkEnvironment(deps, connection);
  if (check.outcome === 'foreign') return undefined;
  return check.outcome === 'ours' ? check.connection : connection;
}

/** Makes sure that a connection which needs no rotation does not stay due. */
async function planNextLook(deps: RotationDependencies, connection: Connection): Promise<void> {
  const now = deps.clock();
  const { rotateAt = 0, tokens, environmentChecked } = connection;
  if (rotateAt > now || !tokens) return;
  const planned = Math.max(rotationTime(tokens, deps.randomFraction()), now + 1, connection.notBefore ?? 0);
  await deps.store.write(
    lookAgainAt(connection, environmentChecked ? planned : Math.min(planned, now + retrySeconds), now),
  );
}
