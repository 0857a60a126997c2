import { ConnectorError } from '../connector-error.ts';
import { sha256 } from '../sha256.ts';
import { finishAuthorizing } from './authorize.ts';
import { type Connection, parseConnectionId } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { isUnconfirmedOver } from './timing.ts';
import { confirm } from './unconfirmed-transitions.ts';

/** A reference confirms nothing: it was not given for this connection, its time is over, or a newer link has connected. */
export class ReferenceRefusedError extends ConnectorError {
  override readonly name = 'ReferenceRefusedError';
  readonly code = 'reference_refused';
  constructor(connectionId: string) {
    super(
      `This reference confirms nothing for connection "${connectionId}". Perhaps the person signed in here is not the one ` +
        'to whom the link was given. Or 30 minutes have passed, or a newer link has connected. Nothing was changed: make a ' +
        'new link for the person who is signed in.',
    );
  }
}

/** What a caller asks for. */
export interface ConfirmationRequest {
  /** The connection of the person who is signed in at the integrator's; never one that the browser named. */
  readonly connectionId: string;
  /** What `returnTo` got. */
  readonly reference: string;
}

/**
 * Checks a request that came from outside.
 *
 * @throws InvalidConnectionIdError
 * @throws ReferenceRefusedError when the reference cannot be one of ours
 */
export function parseConfirmationRequest(value: unknown): ConfirmationRequest {
  const fields = Object(value) as Partial<Record<keyof ConfirmationRequest, unknown>>;
  const connectionId = parseConnectionId(fields.connectionId);
  const { reference } = fields;
  if (typeof reference !== 'string' || !/^[0-9a-f]{64}$/.test(reference)) throw new ReferenceRefusedError(connectionId);
  return { connectionId, reference };
}

/**
 * Makes the token set that waits the connection's own, in one write and on condition of the reference: what a reconnect
 * does. Asked again it answers the same.
 *
 * @returns the connection as it is after that
 * @throws ReferenceRefusedError when the reference is not the one of what waits, or it waits no more
 */
export async function confirmConnection(
  dependencies: ConnectionDependencies,
  { connectionId, reference }: ConfirmationRequest,
): Promise<Connection> {
  const referenceHash = sha256(reference);
  for (;;) {
    const stored = await dependencies.store.read(connectionId);
    // This may be our own write, whose answer was lost or which the SDK repeated. The sweep announces it then.
    if (stored?.authorizedBy.referenceHash === referenceHash && stored.status !== 'disconnected') return stored;
    const unconfirmed = stored?.unconfirmed;
    const now = dependencies.clock();
    // Both sides are hashes of secrets of 256 bits, so the time of the comparison reveals nothing.
    if (!stored || unconfirmed?.referenceHash !== referenceHash || isUnconfirmedOver(stored, now)) {
      throw new ReferenceRefusedError(connectionId);
    }
    const write = confirm(stored, unconfirmed, now);
    if ((await dependencies.store.write(write)) === 'refused') continue;
    const { generation } = afterWrite(stored, write);
    dependencies.observer.note('connection.confirmed', { connectionId, generation });
    const authorized = await finishAuthorizing(dependencies, afterWrite(stored, write));
    return authorized.connection;
  }
}
