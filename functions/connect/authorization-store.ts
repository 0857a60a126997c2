import { sha256 } from '../sha256.ts';

/** A link with which its holder can authorize ONE connection. It is stored under the hash of its token. */
export interface ConnectLink {
  /** SHA-256 of the link's token in hexadecimal. The token itself is never stored. */
  readonly linkHash: string;
  readonly connectionId: string;
  /** What the account is connected to, as the pages call it. */
  readonly displayName?: string;
  /** Where the browser goes after success. It was checked against the allow-list when the link was issued. */
  readonly returnTo?: string;
  /** Epoch seconds with fractions: of two links for one connection, the newer one wins. */
  readonly issuedAt: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** Only success sets it. A click or a failed try does not spend a link. */
  readonly spent?: boolean;
  /** Whether what it connects waits for the word of the integrator's backend. It has a `returnTo` then. */
  readonly confirm?: boolean;
  /** How many sessions it has begun, {@link mostSessions} at most. */
  readonly sessions?: number;
}

/** How many sessions a link begins. A person needs one or two; who was sent a link could make any number of items by it. */
export const mostSessions = 10;

/** A company that the authorized account sees, as the page shows it on which a person chooses one. */
export interface CompanyName {
  readonly companyId: string;
  readonly name: string;
}

/** Why an authorization failed. It is stored, so that a second call of the same callback gets the same answer. */
export type SessionFailure =
  | 'code_refused'
  | 'client_refused'
  | 'client_missing'
  | 'procore_unavailable'
  | 'wrong_environment'
  | 'superseded';

/** How the callback ended, which a second call of it is told. It never holds a token, a code or a state. */
export type SessionResult =
  | {
      readonly outcome: 'connected';
      /** In the order of their names, the first ones. The others are in lists of their own. */
      readonly companies: readonly CompanyName[];
      /** How many lists of further companies there are, named `1` and so on. Absent: none. */
      readonly furtherLists?: number;
      /** `nowhere`: the account sees no company, so the app is installed in none. `unknown`: Procore has not said yet. */
      readonly installation?: 'nowhere' | 'unknown';
      /** The account sees too many to choose on a page. Then none is listed. */
      readonly tooManyCompanies?: boolean;
    }
  | {
      readonly outcome: SessionFailure;
      readonly referenceId: string;
      /** How long Procore asked us to wait, if it did. */
      readonly retryAfterSeconds?: number | undefined;
    };

/** The right to exchange the code of one callback. It is given once and never again. */
export interface SessionClaim {
  /** Random and new for every claim. */
  readonly owner: string;
  /** Epoch seconds: the claimant is certainly dead after this. The claim stays taken, because a code is used once. */
  readonly leaseUntil: number;
}

/** One try of one browser to authorize a connection, from the click to the result. */
export interface AuthorizationSession {
  /** SHA-256 of the state in hexadecimal. The state itself is never stored. */
  readonly sessionId: string;
  /** SHA-256 of the browser's cookie in hexadecimal; with `confirm` as {@link hashToConfirm} makes it. */
  readonly browserHash: string;
  readonly linkHash: string;
  readonly linkIssuedAt: number;
  readonly connectionId: string;
  readonly displayName?: string;
  readonly returnTo?: string;
  /** Whether its link asks for a confirmation. */
  readonly confirm?: boolean;
  /** Epoch seconds: the callback is accepted before this. */
  readonly expiresAt: number;
  /** Epoch seconds: the result and the page of companies are kept until then, for a reload or the back button. */
  readonly keptUntil: number;
  readonly claim?: SessionClaim;
  readonly result?: SessionResult;
}

/**
 * Where links and sessions are kept. Reads are strongly consistent. A store does not look at the clock: the caller
 * checks whether something has expired, because DynamoDB deletes expired items late.
 */
export interface AuthorizationStore {
  /** Stores a new link. */
  putLink(link: ConnectLink): Promise<void>;
  /** Reads a link. @returns the link, expired or not; undefined when there is none */
  readLink(linkHash: string): Promise<ConnectLink | undefined>;
  /** Marks a link as spent. Nothing happens when the link has been deleted meanwhile. */
  spendLink(linkHash: string): Promise<void>;
  /**
   * Counts a session that a link is about to begin. A request that the SDK repeats may be counted twice.
   *
   * @returns `refused` when the link has begun {@link mostSessions} before, or has been deleted
   */
  countSession(linkHash: string): Promise<'counted' | 'refused'>;
  /** Stores a new session. */
  putSession(session: AuthorizationSession): Promise<void>;
  /** Reads a session. @returns the session, expired or not; undefined when there is none */
  readSession(sessionId: string): Promise<AuthorizationSession | undefined>;
  /** Takes the one claim of a session. @returns `refused` when another call has the claim or the session is gone */
  claimSession(sessionId: string, claim: SessionClaim): Promise<'claimed' | 'refused'>;
  /**
   * Stores the result of a session that has none yet.
   *
   * @returns the result that is stored now, which is the first one; undefined when the session is gone
   */
  settleSession(sessionId: string, result: SessionResult): Promise<SessionResult | undefined>;
  /**
   * Stores a list of companies beside a session, over an older one of the same name.
   *
   * @param name the number of a list of further companies, or what names the search that found these
   */
  keepCompanies(session: AuthorizationSession, name: string, companies: readonly CompanyName[]): Promise<void>;
  /** Reads a list of companies. @returns an empty list when there is none of that name */
  readCompanies(sessionId: string, name: string): Promise<readonly CompanyName[]>;
}

/**
 * Hashes a link's token, a state or a browser's cookie. Each has more than 256 random bits, so the hash needs no salt.
 *
 * @returns SHA-256 in hexadecimal
 */
export function hashOf(secret: string): string {
  return sha256(secret);
}

/**
 * Hashes a secret of a link that asks for a confirmation, or of a session that it began. It differs from {@link hashOf}, so
 * that a version which does not know of confirmations finds neither, and connects nothing unconfirmed.
 *
 * @returns SHA-256 in hexadecimal
 */
export function hashToConfirm(secret: string): string {
  return sha256(`confirm ${secret}`);
}
