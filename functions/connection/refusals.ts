import { ConnectorError } from '../connector-error.ts';
import type { Refusal } from '../refusal.ts';
import { type Connection, type Failure, InvalidConnectionIdError, type ReauthorizationCause } from './connection.ts';

/** What is known of a connection that must be connected again: at least its id. */
type Reconnectable = Pick<Connection, 'connectionId'> &
  Partial<Readonly<Record<'environment' | 'grant' | 'companyId', string | undefined>>>;

/**
 * Says what a person must do to connect an account again. For a service account that person is the operator, not the
 * customer.
 *
 * @returns one or two sentences, with the command
 */
export function howToReconnect({ connectionId, environment, grant, companyId = 'COMPANY' }: Reconnectable): string {
  const options = environment === undefined ? '' : ` --environment ${environment}`;
  if (grant === 'client_credentials') {
    return (
      `Connect the app's service account again (npm run procore -- connect ${connectionId}${options} ` +
      `--service-account --company ${companyId}, or invoke the function connect-service-account).`
    );
  }
  return (
    `Make a connect link for "${connectionId}" (npm run procore -- connect ${connectionId}${options}, or invoke the ` +
    'function connect-link) and let the customer open it within 15 minutes.'
  );
}

/** Says of each cause what has happened, as the end of a sentence. */
export const causeTexts: Readonly<Record<ReauthorizationCause, string>> = {
  response_lost: 'an answer from Procore with new tokens was lost, and Procore now refuses the old refresh token',
  revoked: 'Procore refuses the refresh token: a person or an administrator has revoked the access',
  used_elsewhere: 'Procore refuses the refresh token although the access still works: something else has spent it',
  no_refresh_token: 'Procore gave no refresh token',
  restored: 'it came out of a backup, and its refresh token may have been spent since',
  refused: 'Procore has refused to refresh it for hours, and its access token has expired',
};

/** A request for an access token is not valid. */
export class InvalidVendingRequestError extends ConnectorError {
  override readonly name = 'InvalidVendingRequestError';
  readonly code = 'invalid_vending_request';
}

/** No connection is stored under this id. */
export class ConnectionNotFoundError extends ConnectorError {
  override readonly name = 'ConnectionNotFoundError';
  readonly code = 'connection_not_found';
  constructor(connectionId: string) {
    super(`There is no connection "${connectionId}" in this environment. ${howToReconnect({ connectionId })}`);
  }
}

/** The connection has ended. Only a person can connect it again; Procore is not asked any more. */
export class ReauthorizationRequiredError extends ConnectorError {
  override readonly name = 'ReauthorizationRequiredError';
  readonly code = 'reauthorization_required';
  /** Why it has ended; `disconnected` when it was disconnected on purpose. */
  readonly reason: ReauthorizationCause | 'disconnected';
  readonly reconnect: string;
  constructor(connection: Reconnectable, reason: ReauthorizationCause | 'disconnected') {
    const { connectionId } = connection;
    const reconnect = howToReconnect(connection);
    // A later version may have stored a cause that this one does not know.
    const text: string | undefined = (causeTexts as Readonly<Partial<Record<string, string>>>)[reason];
    const why = reason === 'disconnected' ? 'it was disconnected' : (text ?? `its access has ended (${reason})`);
    super(`Connection "${connectionId}" must be authorized again: ${why}. ${reconnect}`);
    this.reason = reason;
    this.reconnect = reconnect;
  }
}

/** There is no token to give now, but there will be one soon. The caller only has to ask again. */
export class RotationPendingError extends ConnectorError {
  override readonly name = 'RotationPendingError';
  readonly code = 'rotation_pending';
  readonly retryAfterSeconds: number;
  /** @param failure of the last try, if there was one */
  constructor(connectionId: string, retryAfterSeconds: number, failure?: Failure) {
    const why =
      failure?.kind === 'refused'
        ? `Procore refuses to replace it (${failure.code}, status ${failure.status}). It is tried again`
        : 'Procore has not answered yet';
    super(
      `The token of connection "${connectionId}" is being replaced, and ${why}. Ask again in ${retryAfterSeconds} s.`,
    );
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Procore refuses this environment's client id and secret. No connection is at fault, and all of them will stop. */
export class ClientCredentialsRejectedError extends ConnectorError {
  override readonly name = 'ClientCredentialsRejectedError';
  readonly code = 'client_credentials_rejected';
  constructor() {
    super(
      "Procore refuses this environment's client id and secret. Compare them with the Developer Portal and set them " +
        'again (npm run procore -- credentials). No connection is lost: rotation goes on by itself after that.',
    );
  }
}

/**
 * Turns an error into the answer of an invoked function, if a caller can act on it. Any other error is thrown on, so
 * that Lambda counts it and the alarm fires.
 *
 * @returns the answer
 * @throws the error itself, when callers cannot act on it
 */
export function refusalFor(error: unknown): Refusal {
  if (error instanceof RotationPendingError) {
    const { code, message, retryAfterSeconds } = error;
    return { error: { code, message, retryAfterSeconds } };
  }
  if (error instanceof ReauthorizationRequiredError) {
    const { code, message, reason, reconnect } = error;
    return { error: { code, message, reason, reconnect } };
  }
  if (
    error instanceof ConnectionNotFoundError ||
    error instanceof ClientCredentialsRejectedError ||
    error instanceof InvalidConnectionIdError ||
    error instanceof InvalidVendingRequestError
  ) {
    return { error: { code: error.code, message: error.message } };
  }
  throw error;
}
