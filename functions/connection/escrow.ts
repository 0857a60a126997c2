import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { Authorization } from './connection.ts';

/** A token set that the store refused, with what is needed to land it later. */
export interface EscrowedTokenSet {
  readonly environment: ProcoreEnvironmentName;
  readonly connectionId: string;
  /** The generation that it replaces. */
  readonly generation: number;
  readonly tokens: TokenSet;
  /** The authorization that it came of. */
  readonly authorizedBy: Authorization;
}

/** Where token sets are put that the store refused; the one queue that carries tokens. */
export interface Escrow {
  /** Keeps the token set until `token-recovery` has landed it; durable when it returns. */
  deposit(escrowed: EscrowedTokenSet): Promise<void>;
}
