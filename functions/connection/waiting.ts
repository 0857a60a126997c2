import { jittered } from '../back-off.ts';
import type { Connection } from './connection.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { isUnderLease, pauseJitter } from './timing.ts';

/**
 * Waits for the holder of a connection's attempt to end it.
 *
 * It polls with strongly consistent reads, first after 40 ms, then after a fifth of the time waited so far. So a waiter
 * waits at most a fifth longer than Procore takes. DynamoDB serves 3,000 such reads of one item a second. That is about
 * what 150 waiters ask for while Procore takes a second; beyond that, DynamoDB throttles some of them. A read that
 * fails counts as no news, so a larger crowd learns of the end one or two polls later.
 *
 * @param connection as read when somebody else held the attempt
 * @param stopMs how much time of this invocation to leave, in milliseconds
 * @returns the connection when its generation, its status or the attempt has changed, or undefined when time is up
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export async function waitForAttempt(
  dependencies: Pick<ConnectionDependencies, 'store' | 'clock' | 'sleep' | 'remaining' | 'randomFraction'>,
  connection: Connection,
  stopMs: number,
): Promise<Connection | undefined> {
  const began = dependencies.clock();
  for (;;) {
    // The time of reads counts as well. When they take long, the store is busy, and it must not be asked more often.
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
