import type { Clock, RemainingTime, Sleep } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { Refusal } from '../refusal.ts';
import { throttledSeconds } from '../throttled-function.ts';
import type { ProcoreEnvironmentName } from './environment.ts';

/** A request to `access-token`. */
export interface AccessTokenRequest {
  readonly connectionId: string;
  /** For how long the token has to work, in seconds. */
  readonly minValidSeconds?: number;
  /** The generation that Procore answered with 401. */
  readonly rejectedGeneration?: number;
}

/** A token from `access-token`. A client of another environment does not take it: that does not compile. */
export interface VendedToken<E extends ProcoreEnvironmentName = ProcoreEnvironmentName> {
  readonly accessToken: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
  readonly generation: number;
  readonly environment: E;
  /** Scheme and host of the API, no trailing slash. */
  readonly apiHost: string;
  readonly companyIds: readonly string[];
}

/** Asks the `access-token` function. */
export type VendAccessToken = (request: AccessTokenRequest) => Promise<VendedToken | Refusal>;

/** `access-token` has refused. The error has its code, e.g. `reauthorization_required`, its text, and what to do. */
export class AccessTokenRefusedError extends ConnectorError {
  override readonly name = 'AccessTokenRefusedError';
  readonly code: string;
  /** With `rotation_pending`: when to ask again. */
  readonly retryAfterSeconds: number | undefined;
  /** With `reauthorization_required`: what a person does. */
  readonly reconnect: string | undefined;
  constructor({ error }: Refusal) {
    super(error.message);
    this.code = error.code;
    this.retryAfterSeconds = error.retryAfterSeconds;
    this.reconnect = error.reconnect;
  }
}

/** A token of another environment, or of another API host, came to a client. It is not used. */
export class ForeignTokenError extends ConnectorError {
  override readonly name = 'ForeignTokenError';
  readonly code = 'foreign_token';
  constructor(vended: string, expected: string) {
    super(
      `A token of "${vended}" was vended to a client of "${expected}". Tokens do not carry over between Procore ` +
        'environments: give the client the access-token function of its own environment.',
    );
  }
}

/** Where a client gets its tokens. */
export interface AccessTokenSource<E extends ProcoreEnvironmentName> {
  readonly environment: E;
  /** Whose tokens they are. */
  readonly connectionId: string;
  /** Gives a token that works for a while. @throws AccessTokenRefusedError, ForeignTokenError */
  current(): Promise<VendedToken<E>>;
  /**
   * Reports that Procore answered a generation with 401, and gives a newer one.
   *
   * @throws AccessTokenRefusedError, ForeignTokenError
   */
  rejected(generation: number): Promise<VendedToken<E>>;
}

/**
 * Asks for a token. While the token is being replaced, or Lambda is throttled, it waits as long as it is told and asks
 * again, until the time is over.
 *
 * @param ask asks an {@link AccessTokenSource}
 * @returns the token
 * @throws AccessTokenRefusedError, ForeignTokenError, FunctionThrottledError
 */
export async function askPatiently<E extends ProcoreEnvironmentName>(
  ask: () => Promise<VendedToken<E>>,
  { sleep, remaining }: { readonly sleep: Sleep; readonly remaining: RemainingTime },
): Promise<VendedToken<E>> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const seconds = error instanceof AccessTokenRefusedError ? error.retryAfterSeconds : throttledSeconds(error);
      if (seconds === undefined || seconds * 1000 >= remaining()) throw error;
      await sleep(seconds * 1000);
    }
  }
}

/** A token with less time left than this is not used, in seconds: it has to outlive the call. */
const reserveSeconds = 60;

/**
 * Makes a small cache in front of `access-token`. It calls the function once in the life of a token, once at a time for
 * all callers, and not again for a 401 that another caller has reported.
 *
 * @param vend asks the function (functions/aws/lambda-access-tokens.ts)
 * @returns the source of one connection's tokens
 */
export function accessTokenSource<E extends ProcoreEnvironmentName>({
  environment,
  connectionId,
  vend,
  clock,
}: {
  readonly environment: E;
  readonly connectionId: string;
  readonly vend: VendAccessToken;
  readonly clock: Clock;
}): AccessTokenSource<E> {
  let held: VendedToken<E> | undefined;
  let asking: Promise<VendedToken<E>> | undefined;

  async function ask(request: AccessTokenRequest): Promise<VendedToken<E>> {
    const answer = await vend(request);
    if ('error' in answer) {
      // The token that is held may be the refused one, so the next caller asks again.
      held = undefined;
      throw new AccessTokenRefusedError(answer);
    }
    if (answer.environment !== environment) throw new ForeignTokenError(answer.environment, environment);
    held = { ...answer, environment };
    return held;
  }

  function askOnce(request: AccessTokenRequest): Promise<VendedToken<E>> {
    asking ??= ask(request).finally(() => {
      asking = undefined;
    });
    return asking;
  }

  return {
    environment,
    connectionId,
    async current() {
      if (held !== undefined && held.expiresAt - reserveSeconds > clock()) return held;
      return askOnce({ connectionId });
    },
    async rejected(generation) {
      // A request that is under way may have begun before the 401, and may bring the rejected token again.
      while (asking !== undefined) await asking.catch(() => undefined);
      if (held !== undefined && held.generation > generation) return held;
      return askOnce({ connectionId, rejectedGeneration: generation });
    },
  };
}
