import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { Authorization } from './connection.ts';

/** A token set that the store refused, with all that is needed to store it later. */
export interface EscrowedTokenSet {
  readonly environment: ProcoreEnvironmentName;
  readonly connectionId: string;
  /** The generation that it replaces. */
  readonly generation: number;
  readonly tokens: TokenSet;
  /** The authorization that it comes from. */
  readonly authorizedBy: Authorization;
}

/** Where token sets go that the store refused. It is the only queue that carries tokens. */
export interface Escrow {
  /** Keeps the token set until `token-recovery` has stored it. The token set is durable when this returns. */
  deposit(escrowed: EscrowedTokenSet): Promise<void>;
}
