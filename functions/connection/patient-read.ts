import { type BackOff, pauseAfter } from '../back-off.ts';
import { ForeignItemError } from '../procore/foreign-item.ts';
import type { Connection } from './connection.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { pauseJitter } from './timing.ts';

/** How often a read is tried. The pauses in between take about 0.6 s together. */
const mostReads = 3;

/** In milliseconds. */
const readBackOff: BackOff = { first: 200, most: 400, jitter: pauseJitter };

/**
 * Reads a connection. When the store fails, it reads again after a pause: DynamoDB throttles for a moment when many
 * callers ask for one item at once, and a caller that waits a little need not fail.
 *
 * @returns the connection, or undefined when there is none
 * @throws whatever the store threw last; ForeignItemError at once
 */
export async function readPatiently(
  { store, sleep, randomFraction }: Pick<ConnectionDependencies, 'store' | 'sleep' | 'randomFraction'>,
  connectionId: string,
): Promise<Connection | undefined> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await store.read(connectionId);
    } catch (error) {
      if (tries === mostReads || error instanceof ForeignItemError) throw error;
      await sleep(pauseAfter(tries, readBackOff, randomFraction()));
    }
  }
}
