import type { TokenEndpoint, TokenInfoOutcome, TokenOutcome, TokenSet } from '../../functions/oauth/token-endpoint.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** A method of the token endpoint that was called, with what a test may look at. */
export interface TokenEndpointCall {
  readonly method: keyof TokenEndpoint;
  /** The code, refresh token or access token. */
  readonly grant?: string;
  readonly clientSecret?: string;
  readonly redirectUri?: string;
}

/** A token endpoint in this process: gives a new token set for everything, unless a test says what comes next. */
export interface MemoryTokenEndpoint extends TokenEndpoint {
  readonly calls: TokenEndpointCall[];
  /** Outcomes of the next token requests, first one first; a function may wait, throw or look at the call. */
  readonly next: (TokenOutcome | ((call: TokenEndpointCall) => TokenOutcome | Promise<TokenOutcome>))[];
  /** What `token/info` says. */
  info: TokenInfoOutcome;
  /** Makes the token set that the n-th success gives. */
  readonly tokenSet: (n: number) => TokenSet;
}

/**
 * Makes a token endpoint.
 *
 * @param clock gives the token sets their times: 5,400 s of life
 * @param clientId what `token/info` names
 */
export function memoryTokenEndpoint(clock: () => number, clientId: string, faults?: PortFaults): MemoryTokenEndpoint {
  const calls: TokenEndpointCall[] = [];
  const next: MemoryTokenEndpoint['next'] = [];
  let given = 0;

  const tokenSet = (n: number): TokenSet => ({
    accessToken: `access-${n}`,
    refreshToken: `refresh-${n}`,
    issuedAt: Math.floor(clock()),
    expiresAt: Math.floor(clock()) + 5400,
  });

  async function request(call: TokenEndpointCall): Promise<TokenOutcome> {
    calls.push(call);
    const scripted = next.shift();
    if (typeof scripted === 'function') return scripted(call);
    return scripted ?? { outcome: 'tokens', tokens: tokenSet(++given) };
  }

  const endpoint: TokenEndpoint = {
    redeemCode: ({ clientSecret }, grant, redirectUri) =>
      request({ method: 'redeemCode', grant, clientSecret, redirectUri }),
    redeemRefreshToken: ({ clientSecret }, grant) => request({ method: 'redeemRefreshToken', grant, clientSecret }),
    async requestClientCredentials({ clientSecret }) {
      const answer = await request({ method: 'requestClientCredentials', clientSecret });
      if (answer.outcome !== 'tokens') return answer;
      const { refreshToken: _, ...tokens } = answer.tokens;
      return { outcome: 'tokens', tokens };
    },
    async tokenInfo(grant) {
      calls.push({ method: 'tokenInfo', grant });
      return state.info;
    },
    async revoke({ clientSecret }, grant) {
      calls.push({ method: 'revoke', grant, clientSecret });
      return 'revoked';
    },
  };
  const state = Object.assign(memoryPort('token endpoint', endpoint, faults), {
    calls,
    next,
    tokenSet,
    info: { outcome: 'info', clientId } as TokenInfoOutcome,
  });
  return state;
}
