import type { Attempt, Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { readPatiently } from './patient-read.ts';
import { obstacleTo, type Rotation, standing } from './standing.ts';
import { leaseEnd } from './timing.ts';
import { claim } from './transitions.ts';

/** A connection with the attempt that this call holds on it. */
export interface Claimed {
  readonly connection: Connection;
  readonly attempt: Attempt;
}

/**
 * Claims the attempt for a connection's generation, as it was read.
 *
 * @returns the claim, or how the connection stands when somebody else was faster
 * @throws whatever the store throws while nobody else is seen to have won; ConnectionNotFoundError when the item is
 *   gone
 */
export async function claimAttempt(
  dependencies: ConnectionDependencies,
  connection: Connection,
): Promise<Claimed | Rotation> {
  const { connectionId, generation } = connection;
  const now = dependencies.clock();
  const attempt: Attempt = {
    owner: dependencies.randomId(),
    number: connection.attemptNumber + 1,
    startedAt: now,
    leaseUntil: leaseEnd(now, dependencies.remaining()),
  };
  const write = claim(connection, attempt);
  let fault: unknown;
  const answer = await dependencies.store.write(write).catch((error: unknown) => {
    fault = error;
    return 'unanswered' as const;
  });
  if (answer !== 'written') {
    // The SDK may have repeated a claim that took effect, or the answer was lost. Then the stored owner is this one.
    const stored = await readPatiently(dependencies, connectionId);
    if (stored?.attempt?.owner !== attempt.owner) {
      // In a crowd DynamoDB throttles claims of the one item. A caller that sees somebody else's claim has lost and
      // need not fail.
      const obstacle = stored && obstacleTo(stored, generation, dependencies.clock());
      if (answer === 'unanswered' && !obstacle) throw fault;
      return obstacle ?? standing(dependencies, connection, stored);
    }
  }
  noteClaim(dependencies, connection, attempt);
  return { connection: afterWrite(connection, write), attempt };
}

function noteClaim(
  { observer }: ConnectionDependencies,
  { connectionId, generation, attempt: previous }: Connection,
  { number: attemptNumber }: Attempt,
): void {
  observer.note('rotation.claimed', { connectionId, generation, attemptNumber });
  observer.count('rotationClaimed');
  if (previous === undefined) return;
  const { outcome = 'unanswered' } = previous;
  observer.note('rotation.replayed', { connectionId, generation, attemptNumber, outcome });
  observer.count('rotationReplayed');
}
