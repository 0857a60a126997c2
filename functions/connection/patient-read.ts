import { type BackOff, pauseAfter } from '../back-off.ts';
import { ForeignItemError } from '../procore/foreign-item.ts';
import type { Connection } from './connection.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { pauseJitter } from './timing.ts';

/** How often a read is tried; with the pauses in between about 0.6 s. */
const mostReads = 3;

/** In milliseconds. */
const readBackOff: BackOff = { first: 200, most: 400, jitter: pauseJitter };

/**
 * Reads a connection, and again after a pause when the store fails: in a crowd that asks for one item DynamoDB throttles
 * some for a moment, and who waits a little need not fail.
 *
 * @throws whatever the store threw last
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
