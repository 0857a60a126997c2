import type { Clock, RandomFraction, RandomId, RemainingTime, Sleep } from '../clock.ts';
import type { OAuthClientSource, TokenEndpoint } from '../oauth/token-endpoint.ts';
import type { Observer } from '../observer.ts';
import type { CompaniesOutcome } from '../procore/companies.ts';
import type { ConnectionChanges } from './connection-change.ts';
import type { ConnectionStore } from './connection-store.ts';
import type { Escrow } from './escrow.ts';

/** What the use cases of a connection are given. */
export interface ConnectionDependencies {
  readonly store: ConnectionStore;
  readonly tokenEndpoint: TokenEndpoint;
  readonly oauthClient: OAuthClientSource;
  readonly changes: ConnectionChanges;
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** The time that this invocation has left. A lease lasts that long, so it must never be less than the truth. */
  readonly remaining: RemainingTime;
  readonly randomFraction: RandomFraction;
  /** Makes the name of a claim's owner. */
  readonly randomId: RandomId;
  readonly observer: Observer;
  /**
   * Whether token sets that a reconnect replaced stay valid at Procore until the connection is disconnected.
   *
   * `true` is the safe side. It is not known whether Procore, when it revokes one token set of a user, leaves the
   * user's other sets alone. If it does not, a revocation after a reconnect would kill the new connection.
   */
  readonly keepReplaced: boolean;
}

/** What the use cases that spend refresh tokens are given. */
export interface RotationDependencies extends ConnectionDependencies {
  readonly escrow: Escrow;
}

/** What the sweep's look at a connection is given. */
export interface AttentionDependencies extends RotationDependencies {
  /**
   * Lists the companies that an access token sees, within 10 s.
   *
   * @param companyId for a service account, which must name a company in every call
   */
  readonly listCompanies: (accessToken: string, companyId: string | undefined) => Promise<CompaniesOutcome>;
}
