import type { RemainingTime } from '../clock.ts';
import { type AccessTokenSource, accessTokenSource, type VendAccessToken } from './access-token-source.ts';
import { type ProcoreClient, type ProcoreClientProps, procoreClient } from './client.ts';
import type { ProcoreEnvironmentName } from './environment.ts';
import type { BackgroundRoom, BudgetClass } from './rate-room.ts';
import { sharedReads } from './shared-reads.ts';

/** The API clients of one environment, and their tokens. */
export interface ConnectionClients<E extends ProcoreEnvironmentName = ProcoreEnvironmentName> {
  /** Gives a connection's source of access tokens: always the same one, so that a token is vended once. */
  tokensOf(connectionId: string): AccessTokenSource<E>;
  /**
   * Makes a client for a connection. Its calls end within `remaining`.
   *
   * @param budgetClass which part of the rate budget they use; `foreground` unless it is said
   */
  clientFor(connectionId: string, remaining: RemainingTime, budgetClass?: BudgetClass): ProcoreClient<E>;
  /** Tells how many calls of background work there are for the whole app; undefined where nothing says. */
  backgroundRoom(): Promise<BackgroundRoom | undefined>;
  /** Gives back what was taken of the rate budget and not used: the process may be frozen now, or ends. */
  release(): Promise<void>;
}

/** What all clients of an environment have in common. */
export interface ConnectionClientsProps<E extends ProcoreEnvironmentName>
  extends Omit<ProcoreClientProps<E>, 'tokens' | 'remaining' | 'budgetClass'> {
  /** Asks the environment's `access-token` function. */
  readonly vend: VendAccessToken;
}

/**
 * Makes the API clients for the connections of one environment. Functions, the command line, the local runner and the
 * integrator's own functions all call Procore through them. Tokens are kept while they live. The clients share their reads.
 *
 * @returns functions that make no call themselves
 */
export function connectionClients<E extends ProcoreEnvironmentName>({
  vend,
  reads = sharedReads(),
  ...props
}: ConnectionClientsProps<E>): ConnectionClients<E> {
  const { environment, clock } = props;
  const sources = new Map<string, AccessTokenSource<E>>();

  function tokensOf(connectionId: string): AccessTokenSource<E> {
    const tokens = sources.get(connectionId) ?? accessTokenSource({ environment, connectionId, vend, clock });
    sources.set(connectionId, tokens);
    return tokens;
  }

  return {
    tokensOf,
    clientFor: (connectionId, remaining, budgetClass = 'foreground') =>
      procoreClient<E>({ ...props, reads, tokens: tokensOf(connectionId), remaining, budgetClass }),
    backgroundRoom: async () => props.budget?.backgroundRoom(),
    release: async () => props.budget?.release(),
  };
}
