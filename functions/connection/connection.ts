import { ConnectorError } from '../connector-error.ts';
import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';

/** How the access was granted: by a person, or by the app's own service account (DMSA). */
export type Grant = 'authorization_code' | 'client_credentials';

/** `reauthorization_required` and `disconnected` end only by a person's new authorization. */
export type ConnectionStatus = 'connected' | 'reauthorization_required' | 'disconnected';

/** Why Procore's verdict fell, as far as it can be told. */
export type ReauthorizationCause = 'response_lost' | 'revoked' | 'used_elsewhere' | 'no_refresh_token';

/** Lease and journal in one: the right to spend a refresh token until `leaseUntil`, written before it is spent. */
export interface Attempt {
  /** Random and new for every claim. */
  readonly owner: string;
  readonly number: number;
  readonly startedAt: number;
  readonly leaseUntil: number;
  /** Absent: the holder is at work or died. `unknown`: no answer came. `suspect`: refused once over a dead holder. */
  readonly outcome?: 'unknown' | 'suspect';
}

/** The last thing that went wrong with a connection's rotation, for people; cleared by the next success. */
export interface Failure {
  readonly code: string;
  readonly at: number;
  /** How often in a row; doubles the cool-down. */
  readonly count: number;
}

/** Who authorized the stored tokens: the browser session, and when its link was issued (epoch seconds). */
export interface Authorization {
  readonly sessionId: string;
  readonly linkIssuedAt: number;
}

/** One grant of access to Procore with its tokens: ONE item, every change of it one conditional write. */
export interface Connection<E extends ProcoreEnvironmentName = ProcoreEnvironmentName> {
  readonly environment: E;
  readonly connectionId: string;
  readonly grant: Grant;
  readonly status: ConnectionStatus;
  /** Absent when disconnected. */
  readonly tokens?: TokenSet;
  /** Counts token sets: +1 on every replacement, whoever makes it, and on disconnect. */
  readonly generation: number;
  /** When the sweep next looks at this connection; absent takes it out of the index. */
  readonly rotateAt?: number;
  /** A cool-down: nobody claims an attempt before this time. */
  readonly notBefore?: number;
  /** Goes on counting after a release. */
  readonly attemptNumber: number;
  readonly attempt?: Attempt;
  readonly failure?: Failure;
  /** Set with `reauthorization_required`. */
  readonly cause?: ReauthorizationCause;
  readonly authorizedBy: Authorization;
  /** Access tokens that are still to be revoked at Procore. */
  readonly revoking?: readonly string[];
  /** The generation for which the integrator has been told of the end: a verdict or a disconnection. */
  readonly toldGeneration?: number;
  /** Whether `token/info` has named our own client id for these tokens. */
  readonly environmentChecked: boolean;
  readonly procoreUserId?: string;
  readonly companyIds: readonly string[];
  /** The company that a person chose where the account sees several. */
  readonly companyId?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What can be wrong with a connection id from outside. */
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
 * @throws InvalidConnectionIdError when it is not one
 */
export function parseConnectionId(value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9._:-]{1,128}$/.test(value)) throw new InvalidConnectionIdError();
  return value;
}
