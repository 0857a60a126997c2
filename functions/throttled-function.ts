import { type BackOff, pauseAfter } from './back-off.ts';
import type { RandomFraction, Sleep } from './clock.ts';
import { ConnectorError } from './connector-error.ts';

/** How long to wait when Lambda does not say it, and the longest wait that its word is taken for; seconds. */
const pauseSeconds = { unsaid: 2, most: 60 } as const;

/**
 * Lambda ran no function, because the account, or the function, has as many executions under way as it may have. Nothing
 * was done, so the call can be made again. It is a pause, and no failure of whoever waits for the answer.
 *
 * @see [Lambda, Invoke: TooManyRequestsException](https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors)
 */
export class FunctionThrottledError extends ConnectorError {
  override readonly name = 'FunctionThrottledError';
  readonly code = 'function_throttled';
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number, cause: unknown) {
    super(
      `AWS runs no further function at the moment (${reasonOf(cause)}): the account has as many executions under way ` +
        `as it may have. Nothing was done. Ask again in ${retryAfterSeconds} s; \`npm run procore -- verify\` says ` +
        'whether the limit of the account is too low.',
      { cause },
    );
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What of an error of the SDK tells a throttle. */
interface ThrottleAnswer {
  readonly $metadata?: { readonly httpStatusCode?: number };
  /** Lambda's `Retry-After`. */
  readonly retryAfterSeconds?: string | number;
  /** E.g. `ConcurrentInvocationLimitExceeded`. */
  readonly Reason?: string;
}

/**
 * Tells whether an error says that Lambda ran nothing because of a limit, whatever the limit (`Reason`): ours, or the
 * SDK's, also one that an integrator's own call of Lambda has met.
 *
 * @returns how long to wait, in seconds; undefined when the error says something else
 */
export function throttledSeconds(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata, retryAfterSeconds } = error as Error & ThrottleAnswer;
  const isThrottle = 'code' in error && error.code === 'function_throttled';
  // Other services have an exception of this name, too, and it means the same there.
  if (!isThrottle && !(error.name === 'TooManyRequestsException' && $metadata?.httpStatusCode === 429))
    return undefined;
  const seconds = Number(retryAfterSeconds ?? Number.NaN);
  return seconds > 0 ? Math.min(seconds, pauseSeconds.most) : pauseSeconds.unsaid;
}

/** Between the tries of {@link untilNotThrottled}, in seconds; up to half of it less by chance. */
const backOff: BackOff = { first: 1, most: 8, jitter: { from: 1, spread: -0.5 } };

/** How often {@link untilNotThrottled} makes a call: for about 20 s, the tries of the SDK not counted. */
const mostTries = 6;

/**
 * Makes a call for somebody who waits, and makes it again while Lambda is throttled.
 *
 * @returns what the call returns
 * @throws FunctionThrottledError when Lambda is throttled all along; what else the call throws
 */
export async function untilNotThrottled<Result>(
  call: () => Promise<Result>,
  { sleep, randomFraction }: { readonly sleep: Sleep; readonly randomFraction: RandomFraction },
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const seconds = throttledSeconds(error);
      if (seconds === undefined) throw error;
      if (tries === mostTries) throw new FunctionThrottledError(seconds, error);
      await sleep(pauseAfter(tries, backOff, randomFraction()) * 1000);
    }
  }
}

function reasonOf(cause: unknown): string {
  const reason = Object(cause).Reason;
  return typeof reason === 'string' && /^\w{1,80}$/.test(reason) ? reason : 'TooManyRequestsException';
}
