import type { Clock, RandomFraction, RandomId, RemainingTime, Sleep } from '../clock.ts';
import type { OAuthClientSource, TokenEndpoint } from '../oauth/token-endpoint.ts';
import type { Observer } from '../observer.ts';
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
  /** What this invocation has left: a lease is made of it, so it must never be less than the truth. */
  readonly remaining: RemainingTime;
  readonly randomFraction: RandomFraction;
  /** Names the owner of a claim. */
  readonly randomId: RandomId;
  readonly observer: Observer;
  /**
   * Whether token sets that a reconnect replaced stay valid at Procore until the connection is disconnected.
   *
   * Whether Procore, asked to revoke one set, spares another of the same user is not known: where it does not, a
   * revocation after a reconnect would kill the connection just made. So `true` is the safe side.
   */
  readonly keepReplaced: boolean;
}

/** What those need that spend refresh tokens. */
export interface RotationDependencies extends ConnectionDependencies {
  readonly escrow: Escrow;
}
