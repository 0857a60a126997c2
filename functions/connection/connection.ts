import { ConnectorError } from '../connector-error.ts';
import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';

/** How the access was granted: by a person, or to the app's own service account (DMSA). */
export type Grant = 'authorization_code' | 'client_credentials';

/** Only a person's new authorization ends `reauthorization_required` and `disconnected`. */
export type ConnectionStatus = 'connected' | 'reauthorization_required' | 'disconnected';

/** Why a connection is `reauthorization_required`, as far as that is known. */
export type ReauthorizationCause = 'response_lost' | 'revoked' | 'used_elsewhere' | 'no_refresh_token';

/**
 * The right to spend a refresh token until `leaseUntil`. It is written before the refresh token is spent, so it is the
 * journal as well as the lease.
 */
export interface Attempt {
  /** Random and new for every claim. */
  readonly owner: string;
  readonly number: number;
  readonly startedAt: number;
  readonly leaseUntil: number;
  /**
   * Absent: the holder is at work, or it died. `unknown`: no answer came. `suspect`: Procore refused the refresh token
   * once after a holder had died.
   */
  readonly outcome?: 'unknown' | 'suspect';
}

/**
 * The last thing that went wrong with the rotation of a connection, for people to read. The next success removes it.
 */
export interface Failure {
  readonly code: string;
  readonly at: number;
  /** How often it has happened in a row. Each time doubles the cool-down. */
  readonly count: number;
}

/** Who authorized the stored tokens: the browser session, and when its link was issued (epoch seconds). */
export interface Authorization {
  readonly sessionId: string;
  readonly linkIssuedAt: number;
}

/** One grant of access to Procore with its tokens. It is ONE item, and every change of it is one conditional write. */
export interface Connection<E extends ProcoreEnvironmentName = ProcoreEnvironmentName> {
  readonly environment: E;
  readonly connectionId: string;
  readonly grant: Grant;
  readonly status: ConnectionStatus;
  /** Absent when the connection is disconnected. */
  readonly tokens?: TokenSet;
  /** Counts token sets: +1 at every replacement, whoever makes it, and at a disconnect. */
  readonly generation: number;
  /** When the sweep looks at this connection next. Without it the connection is not in the index. */
  readonly rotateAt?: number;
  /** A cool-down: nobody claims an attempt before this time. */
  readonly notBefore?: number;
  /** The number of the last attempt. It goes on counting after an attempt has ended. */
  readonly attemptNumber: number;
  readonly attempt?: Attempt;
  readonly failure?: Failure;
  /** Set with `reauthorization_required`. */
  readonly cause?: ReauthorizationCause;
  readonly authorizedBy: Authorization;
  /** Access tokens that are still to be revoked at Procore. */
  readonly revoking?: readonly string[];
  /** The generation whose end (a verdict or a disconnection) the integrator has been told. */
  readonly toldGeneration?: number;
  /** Whether Procore's `token/info` has named our own client id for these tokens. */
  readonly environmentChecked: boolean;
  readonly procoreUserId?: string;
  readonly companyIds: readonly string[];
  /** The company that this connection is for: the only one, or the one that a person chose. */
  readonly companyId?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A connection id from outside is not valid. */
export class InvalidConnectionIdError extends ConnectorError {
  override readonly name = 'InvalidConnectionIdError';
  readonly code = 'invalid_connection_id';
  constructor() {
    super(
      'connectionId must be 1 to 128 letters, digits, ".", "_", ":" or "-". Use the key under which your system ' +
        'knows the customer, not a name that changes.',
    );
  }
}

/**
 * Checks a connection id that came from outside.
 *
 * @returns the id
 * @throws InvalidConnectionIdError when the value is not a valid connection id
 */
export function parseConnectionId(value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9._:-]{1,128}$/.test(value)) throw new InvalidConnectionIdError();
  return value;
}
