import type { Clock, RemainingTime, Sleep } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { ProcoreEnvironmentName } from './environment.ts';

/** What `access-token` is asked. */
export interface AccessTokenRequest {
  readonly connectionId: string;
  /** How long the token must work at least, in seconds. */
  readonly minValidSeconds?: number;
  /** The generation that Procore answered with 401. */
  readonly rejectedGeneration?: number;
}

/** A token as `access-token` vends it, and whose it is; one environment's cannot be given to another's client. */
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

/** What `access-token` answers in place of a token. */
export interface VendingRefusal {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly retryAfterSeconds?: number;
    readonly reason?: string;
    readonly reconnect?: string;
  };
}

/** Asks the `access-token` function. */
export type VendAccessToken = (request: AccessTokenRequest) => Promise<VendedToken | VendingRefusal>;

/** `access-token` has refused: its code, e.g. `reauthorization_required`, its text, and what to do. */
export class AccessTokenRefusedError extends ConnectorError {
  override readonly name = 'AccessTokenRefusedError';
  readonly code: string;
  /** With `rotation_pending`: when to ask again. */
  readonly retryAfterSeconds: number | undefined;
  /** With `reauthorization_required`: what a person does. */
  readonly reconnect: string | undefined;
  constructor({ error }: VendingRefusal) {
    super(error.message);
    this.code = error.code;
    this.retryAfterSeconds = error.retryAfterSeconds;
    this.reconnect = error.reconnect;
  }
}

/** A token was vended for another environment, or another API host, than the client's: it is not used. */
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
  /** Gives a token that works for a while yet. @throws AccessTokenRefusedError, ForeignTokenError */
  current(): Promise<VendedToken<E>>;
  /**
   * Reports that Procore answered a generation with 401, and gives a newer one.
   *
   * @throws AccessTokenRefusedError, ForeignTokenError
   */
  rejected(generation: number): Promise<VendedToken<E>>;
}

/**
 * Asks for a token. While it is just being replaced, it waits as long as `access-token` says and asks again, as far as
 * there is time.
 *
 * @param ask asks an {@link AccessTokenSource}
 * @throws AccessTokenRefusedError, ForeignTokenError
 */
export async function askPatiently<E extends ProcoreEnvironmentName>(
  ask: () => Promise<VendedToken<E>>,
  { sleep, remaining }: { readonly sleep: Sleep; readonly remaining: RemainingTime },
): Promise<VendedToken<E>> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const seconds = error instanceof AccessTokenRefusedError ? error.retryAfterSeconds : undefined;
      if (seconds === undefined || seconds * 1000 >= remaining()) throw error;
      await sleep(seconds * 1000);
    }
  }
}

/** Older than this before its end, a token is asked for anew, in seconds: it must outlive the call it is for. */
const reserveSeconds = 60;

/**
 * Makes a consumer's small cache before `access-token`: one call of the function for as long as a token lives, whatever
 * the number of API calls; one at a time, whatever the number of callers; none for a 401 that another caller reported.
 *
 * @param vend asks the function (functions/aws/lambda-access-tokens.ts)
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
      // What is held may be what was refused: the next caller asks again.
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
    async current() {
      if (held !== undefined && held.expiresAt - reserveSeconds > clock()) return held;
      return askOnce({ connectionId });
    },
    async rejected(generation) {
      // Somebody's vending under way may have been asked before the 401 was seen, and may bring the rejected one again.
      while (asking !== undefined) await asking.catch(() => undefined);
      if (held !== undefined && held.generation > generation) return held;
      return askOnce({ connectionId, rejectedGeneration: generation });
    },
  };
}
