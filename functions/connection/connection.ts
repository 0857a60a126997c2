import { ConnectorError } from '../connector-error.ts';
import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';

/** How the access was granted: by a person, or to the app's own service account (DMSA). */
export type Grant = 'authorization_code' | 'client_credentials';

/** Only a person's new authorization ends `reauthorization_required` and `disconnected`. */
export type ConnectionStatus = 'connected' | 'reauthorization_required' | 'disconnected';

/**
 * Why a connection is `reauthorization_required`, as far as that is known. `refused` is never stored: it is what people
 * are told of a connection that counts as connected, when Procore refuses to refresh it for hours, by another code than
 * `invalid_grant`.
 */
export type ReauthorizationCause =
  | 'response_lost'
  | 'revoked'
  | 'used_elsewhere'
  | 'no_refresh_token'
  | 'refused'
  /** It came out of a backup, and its refresh token may have been spent since. */
  | 'restored';

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
  /** The HTTP status, when Procore answered. */
  readonly status?: number;
  /** `refused`: Procore said no for certain, but not by `invalid_grant`. `code` is the code that it gave. */
  readonly kind?: 'refused';
  /** Since when Procore has given this same refusal, and no other answer in between; only with `refused`. */
  readonly since?: number;
  readonly at: number;
  /** How often it has happened in a row. Each time doubles the cool-down. */
  readonly count: number;
}

/**
 * Who authorized the stored tokens: the browser session, and when its link was issued (epoch seconds). A disconnection
 * moves this time, so that no older link connects any more.
 */
export interface Authorization {
  readonly sessionId: string;
  readonly linkIssuedAt: number;
  /** SHA-256 of the reference by which the integrator's backend confirmed it, in hexadecimal, where a link asked for it. */
  readonly referenceHash?: string;
}

/** A token set that waits for the integrator's word, beside the live one. Nothing but a confirmation makes use of it. */
export interface Unconfirmed {
  readonly tokens: TokenSet;
  readonly authorizedBy: Authorization;
  /** What is known of the account by now. */
  readonly account?: {
    /** The companies that it sees; absent when there are more than {@link Connection.companyIds} holds. */
    readonly companyIds?: readonly string[];
    /** The only company, or the one that the person chose. */
    readonly companyId?: string;
    /** When any of it was noted or chosen last: each change has a mark of its own. Epoch seconds. */
    readonly changedAt: number;
  };
  /** SHA-256 of the reference that `returnTo` got, in hexadecimal. The reference itself is never stored. */
  readonly referenceHash: string;
  /** Epoch seconds: from then on it cannot be confirmed, and is given up for revocation. */
  readonly expiresAt: number;
}

/** One grant of access to Procore with its tokens. It is ONE item, and every change of it is one conditional write. */
export interface Connection<E extends ProcoreEnvironmentName = ProcoreEnvironmentName> {
  readonly environment: E;
  readonly connectionId: string;
  readonly grant: Grant;
  readonly status: ConnectionStatus;
  /** Absent when the connection is disconnected. */
  readonly tokens?: TokenSet;
  /**
   * Counts token sets: +1 at every replacement, whoever makes it, and at a disconnect. 0: none has ever been used, and
   * the first one waits, or waited, for its confirmation.
   */
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
  /** A token set that is not in use before it is confirmed. */
  readonly unconfirmed?: Unconfirmed;
  /** Access tokens that are still to be revoked at Procore. */
  readonly revoking?: readonly string[];
  /** The generation whose end (a verdict or a disconnection) the integrator has been told. */
  readonly toldGeneration?: number;
  /** Whether Procore's `token/info` has named our own client id for these tokens. */
  readonly environmentChecked: boolean;
  readonly procoreUserId?: string;
  /** The first 200 companies that the account sees. Read them by `knownCompanies`: they may be a former account's. */
  readonly companyIds: readonly string[];
  /** The company that this connection is for: the only one, or the one that a person chose. */
  readonly companyId?: string;
  /** When a person chose it; epoch seconds. */
  readonly companyChosenAt?: number;
  /** How many companies the account sees; 2,001 when there are more than are read. Their ids are not stored then. */
  readonly companiesCount?: number;
  /** When Procore listed the companies. Absent: the sweep asks until it has. */
  readonly companiesReadAt?: number;
  /** The session whose account they were listed for. A version that does not know of it leaves it on a reconnect. */
  readonly companiesFor?: string;
  /** What was chosen before somebody connected again. It is chosen again if the new account sees it, too. */
  readonly formerCompanyId?: string;
  /** When it was copied out of a backup. It stands until new tokens come: until then nobody refreshes. Epoch seconds. */
  readonly restoredAt?: number;
  /**
   * The generation that it was restored as. Once there is another one it counts as restored no more, also when a version
   * that does not know of this has made it.
   */
  readonly restoredGeneration?: number;
  /**
   * The refresh token of a restored connection. It stands apart from the tokens, so that no version sends it: only a
   * person's word makes it one of them again.
   */
  readonly restoredRefreshToken?: string;
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
