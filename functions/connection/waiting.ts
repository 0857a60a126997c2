import { jittered } from '../back-off.ts';
import type { Connection } from './connection.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { isUnderLease, pauseJitter } from './timing.ts';

/**
 * Waits for the holder of a connection's attempt to end it.
 *
 * Polls with strongly consistent reads, first after 40 ms, then after a fifth of the time waited so far: a waiter adds
 * at most a fifth to what Procore takes. DynamoDB serves 3,000 such reads of one item a second, about what a hundred and
 * fifty waiters ask for while Procore takes a second; beyond that it throttles some. A read that fails counts as no
 * news, so a larger crowd learns of the end a poll or two later.
 *
 * @param connection as read when the attempt was found held
 * @param stopMs how much of this invocation to leave, in milliseconds
 * @returns the connection once its generation, its status or the attempt has changed, or undefined when time is up
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export async function waitForAttempt(
  dependencies: Pick<ConnectionDependencies, 'store' | 'clock' | 'sleep' | 'remaining' | 'randomFraction'>,
  connection: Connection,
  stopMs: number,
): Promise<Connection | undefined> {
  const began = dependencies.clock();
  for (;;) {
    // Reads count as well: where they take long, the store is busy, and must not be asked the more for it.
    const waitedMs = (dependencies.clock() - began) * 1000;
    const delayMs = jittered(Math.min(1000, Math.max(40, waitedMs / 5)), pauseJitter, dependencies.randomFraction());
    if (dependencies.remaining() - delayMs < stopMs) return undefined;
    await dependencies.sleep(delayMs);
    const stored = await dependencies.store.read(connection.connectionId).catch(() => undefined);
    if (stored && hasMoved(connection, stored, dependencies.clock())) return stored;
  }
}

function hasMoved(before: Connection, { generation, status, attempt }: Connection, now: number): boolean {
  return generation !== before.generation || status !== before.status || !isUnderLease(attempt, now);
}
