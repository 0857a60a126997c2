import type { Context } from 'aws-lambda';
import { parseConnectionId } from './connection/connection.ts';
import type { ConnectionDependencies } from './connection/dependencies.ts';
import { disconnectConnection, forgetConnection } from './connection/disconnect.ts';
import { refusalFor } from './connection/refusals.ts';
import { observed, observer } from './middleware.ts';
import type { Refusal } from './refusal.ts';
import { connectionDependencies } from './wiring.ts';

/** The answer: the connection has ended; `revoked` tells whether Procore has confirmed it yet. */
export interface DisconnectAnswer {
  readonly connectionId: string;
  readonly status: 'disconnected';
  /** When false, the sweep goes on asking Procore. */
  readonly revoked: boolean;
}

/** What the function is invoked with. */
interface DisconnectRequest {
  readonly connectionId?: unknown;
  readonly forget?: unknown;
}

/**
 * Invoked (IAM) with `{connectionId}`: ends the connection and revokes its tokens at Procore. Invoked again it answers
 * the same. With `forget: true` it also forgets whose account it was.
 *
 * `{"error": {code, message}}` with `connection_not_found` or `invalid_connection_id`. Anything else fails the
 * invocation; the connection may then have ended all the same, and the sweep finishes the revocation.
 */
export async function answerDisconnect(
  request: DisconnectRequest,
  dependencies: ConnectionDependencies,
): Promise<DisconnectAnswer | Refusal> {
  try {
    const end = request?.forget === true ? forgetConnection : disconnectConnection;
    const { connection, revoked } = await end(dependencies, parseConnectionId(request?.connectionId));
    return { connectionId: connection.connectionId, status: 'disconnected', revoked };
  } catch (error) {
    return refusalFor(error);
  }
}

const dependencies = connectionDependencies(observer);

export const handler = observed((request: DisconnectRequest, context: Context) =>
  answerDisconnect(request, { ...dependencies, remaining: () => context.getRemainingTimeInMillis() }),
);
