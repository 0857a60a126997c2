import { errorName } from '../connector-error.ts';
import type { Connection } from './connection.ts';
import type { ConnectionChange } from './connection-change.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { howToReconnect } from './refusals.ts';

/**
 * Tells the integrator that a connection has changed. The change has already happened, so a queue that refuses the
 * message causes no error.
 *
 * @param connection as it is after the change
 * @returns whether the queue took the message
 */
export async function announce(
  { changes, clock, observer }: Pick<ConnectionDependencies, 'changes' | 'clock' | 'observer'>,
  connection: Connection,
  change: ConnectionChange['change'],
): Promise<'announced' | 'unannounced'> {
  const {
    connectionId,
    environment,
    generation,
    status,
    cause = status === 'connected' ? 'refused' : undefined,
  } = connection;
  try {
    await changes.announce({
      connectionId,
      environment,
      change,
      generation,
      ...(change === 'reauthorization_required' && cause !== undefined && { cause }),
      reconnect: howToReconnect(connection),
      at: Math.floor(clock()),
    });
    return 'announced';
  } catch (error) {
    observer.note('change.unannounced', { connectionId, generation, status: change, errorName: errorName(error) });
    return 'unannounced';
  }
}

/** Tells whether people believe that they must connect this account again. A success must be announced to them. */
export function isToldToReconnect(connection: Connection): boolean {
  const { status, failure } = connection;
  return status === 'reauthorization_required' || (failure?.kind === 'refused' && isTold(connection));
}

/** Tells whether the integrator already knows that this connection has ended. Then it is not announced again. */
export function isTold({ toldGeneration, generation }: Connection): boolean {
  return toldGeneration === generation;
}
