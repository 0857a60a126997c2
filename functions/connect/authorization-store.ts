import { createHash } from 'node:crypto';

/** A link that lets whoever holds it authorize ONE connection; stored under the hash of its token. */
export interface ConnectLink {
  /** SHA-256 of the link's token in hexadecimal; the token itself is never stored. */
  readonly linkHash: string;
  readonly connectionId: string;
  /** Where the browser goes after success; checked against the allow-list when the link was issued. */
  readonly returnTo?: string;
  /** Epoch seconds with fractions: of two links of one connection the newer wins. */
  readonly issuedAt: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** Set by success alone; a click or a failed try does not spend a link. */
  readonly spent?: boolean;
}

/** A company that the authorized account sees, as the page of choice shows it. */
export interface CompanyName {
  readonly companyId: string;
  readonly name: string;
}

/** Why an authorization failed, as it is stored for a second call of the same callback. */
export type SessionFailure =
  | 'code_refused'
  | 'client_refused'
  | 'client_missing'
  | 'procore_unavailable'
  | 'wrong_environment'
  | 'superseded';

/** What the callback came to: what a second call of it is told. Never a token, a code or a state. */
export type SessionResult =
  | { readonly outcome: 'connected'; readonly companies: readonly CompanyName[] }
  | {
      readonly outcome: SessionFailure;
      readonly referenceId: string;
      /** What Procore asked us to wait, where it did. */
      readonly retryAfterSeconds?: number | undefined;
    };

/** The right to exchange the code of one callback, taken once and never again. */
export interface SessionClaim {
  /** Random and new for every claim. */
  readonly owner: string;
  /** Epoch seconds: from then on the claimant is certainly dead. It does not free the claim: a code is used once. */
  readonly leaseUntil: number;
}

/** One try of one browser to authorize a connection, from the click to the result. */
export interface AuthorizationSession {
  /** SHA-256 of the state in hexadecimal; the state itself is never stored. */
  readonly sessionId: string;
  /** SHA-256 of the browser's cookie in hexadecimal. */
  readonly browserHash: string;
  readonly linkHash: string;
  readonly linkIssuedAt: number;
  readonly connectionId: string;
  readonly returnTo?: string;
  /** Epoch seconds: the callback is accepted before this. */
  readonly expiresAt: number;
  /** Epoch seconds: result and page of companies are there until then, for a reload or the back button. */
  readonly keptUntil: number;
  readonly claim?: SessionClaim;
  readonly result?: SessionResult;
}

/**
 * Where links and sessions are kept. Reads are strongly consistent. Nothing here looks at a clock: whether something
 * has expired is the caller's check, since DynamoDB deletes late.
 */
export interface AuthorizationStore {
  /** Stores a new link. */
  putLink(link: ConnectLink): Promise<void>;
  /** @returns the link, expired or not, or undefined */
  readLink(linkHash: string): Promise<ConnectLink | undefined>;
  /** Marks a link as spent; nothing happens when it has been deleted meanwhile. */
  spendLink(linkHash: string): Promise<void>;
  /** Stores a new session. */
  putSession(session: AuthorizationSession): Promise<void>;
  /** @returns the session, expired or not, or undefined */
  readSession(sessionId: string): Promise<AuthorizationSession | undefined>;
  /** Takes the one claim of a session. @returns `refused` when another call has it or the session is gone */
  claimSession(sessionId: string, claim: SessionClaim): Promise<'claimed' | 'refused'>;
  /**
   * Stores the session's result unless it has one.
   *
   * @returns the result that is stored now: the first one stays; undefined when the session is gone
   */
  settleSession(sessionId: string, result: SessionResult): Promise<SessionResult | undefined>;
}

/**
 * Hashes a link's token, a state or a browser's cookie: each has over 256 random bits, so no salt is needed.
 *
 * @returns SHA-256 in hexadecimal
 */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
