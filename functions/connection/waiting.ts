import type { Connection } from './connection.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { isUnderLease } from './timing.ts';

/**
 * Waits for the holder of a connection's attempt to end it.
 *
 * Polls with strongly consistent reads, first after 40 ms, then after a fifth of the time waited so far: a waiter adds
 * at most a fifth to what Procore takes, and five hundred of them stay below what DynamoDB serves of one item. A read
 * that fails counts as no news: the store may only be throttling.
 *
 * @param connection as read when the attempt was found held
 * @param stopMs how much of this invocation to leave, in milliseconds
 * @returns the connection once its generation, its status or the attempt has changed, or undefined when time is up
 */
export async function waitForAttempt(
  deps: Pick<ConnectionDependencies, 'store' | 'clock' | 'sleep' | 'remaining' | 'randomFraction'>,
  connection: Connection,
  stopMs: number,
): Promise<Connection | undefined> {
  let waitedMs = 0;
  for (;;) {
    const delayMs = Math.min(1000, Math.max(40, waitedMs / 5)) * (0.5 + 0.5 * deps.randomFraction());
    if (deps.remaining() - delayMs < stopMs) return undefined;
    await deps.sleep(delayMs);
    waitedMs += delayMs;
    const stored = await deps.store.read(connection.connectionId).catch(() => undefined);
    if (stored && hasMoved(connection, stored, deps.clock())) return stored;
  }
}

function hasMoved(before: Connection, { generation, status, attempt }: Connection, now: number): boolean {
  return generation !== before.generation || status !== before.status || !isUnderLease(attempt, now);
}
