import { isConnectorError } from '../connector-error.ts';
import { redactText } from '../redact.ts';
import { throttledSeconds } from '../throttled-function.ts';
import { isPermanent } from './permanent.ts';

/** Whose fault a failure is. */
export type Blame =
  /** `onEvent` says that no further try can help, and why: bounded, and without secrets. */
  | { readonly whose: 'hopeless'; readonly detail: string }
  /** Nobody's: somebody asked to come again after so many seconds. */
  | { readonly whose: 'nobodys'; readonly waitSeconds: number }
  /** Somebody else's, and the error says so: a dead connection, Procore out of order, no network, no time left. */
  | { readonly whose: 'others' }
  /** Perhaps the event's own: how others of its kind fare will tell. */
  | { readonly whose: 'perhaps_its_own' };

/** As much of what a `Permanent` error says is kept, in characters. */
const longestDetail = 500;

/** Codes of our errors that are never an event's fault. */
const codesOfOthers = new Set([
  // A company that has no subscription, or disconnected the app; the integrator's own file.
  'no_subscription',
  'app_not_connected',
  'on_event_not_loaded',
  'handler_timeout',
  'unknown_secret',
  'own_secret_unread',
  'too_many_secrets',
  'foreign_token',
  'foreign_item',
]);

/** Statuses of Procore's answers that are never an event's fault; so are those from 500. */
const statusesOfOthers = new Set([401, 408, 429]);

/** Codes by which Node and undici say that no answer came. */
const networkCodes =
  /^(E(CONN(REFUSED|RESET|ABORTED)|NOTFOUND|AI_AGAIN|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH)|UND_ERR_(CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET))$/;

/** How AWS's services name a throttle, which most of them answer with 400, and how the SDK names that no answer came. */
const namesOfAws =
  /^(Throttl(ing|ed)(Exception)?|RequestThrottled(Exception)?|RequestLimitExceeded|ProvisionedThroughputExceededException|SlowDown|TooManyRequestsException|TimeoutError)$/;

/**
 * Tells whose fault a failure is, as far as the error says it, or its cause: three levels are enough for an interrupted
 * sync action, or an error of the integrator's that has ours as its cause.
 *
 * @returns `perhaps_its_own` for every error that does not say it is not
 */
export function blame(error: unknown): Blame {
  const levels: Error[] = [];
  for (let one = error; levels.length < 3 && one instanceof Error; one = one.cause) levels.push(one);
  const [first] = levels;
  if (isPermanent(first)) return { whose: 'hopeless', detail: redactText(String(first.message), longestDetail) };
  for (const level of levels) {
    const waitSeconds = askedWait(level);
    if (waitSeconds !== undefined) return { whose: 'nobodys', waitSeconds };
  }
  return levels.some(isOfOthers) ? { whose: 'others' } : { whose: 'perhaps_its_own' };
}

/** Procore's rate limit is spent, for up to an hour; a token is just being replaced; or Lambda is throttled. */
function askedWait(error: Error): number | undefined {
  if (isConnectorError(error) && (error.code === 'rate_limited' || error.code === 'rotation_pending')) {
    const { retryAfterSeconds } = error as { readonly retryAfterSeconds?: unknown };
    if (typeof retryAfterSeconds === 'number') return retryAfterSeconds;
  }
  return throttledSeconds(error);
}

/** What of an error tells that it is not about the event. */
interface Telling {
  readonly code?: unknown;
  readonly status?: unknown;
  /** All errors of AWS's SDK have it. */
  readonly $metadata?: { readonly httpStatusCode?: unknown };
}

function isOfOthers(error: Error): boolean {
  const { code, status, $metadata } = error as Error & Telling;
  if (typeof code === 'string' && networkCodes.test(code)) return true;
  if (isFaultOfService($metadata?.httpStatusCode)) return true;
  if ($metadata !== undefined && namesOfAws.test(error.name)) return true;
  if (!isConnectorError(error)) return false;
  // `access-token` refused: the connection is dead, or our client is.
  if (error.name === 'AccessTokenRefusedError' || codesOfOthers.has(error.code)) return true;
  // No status: there was no answer.
  return error.name === 'ProcoreApiError' && (status === undefined || isFaultOfService(status));
}

function isFaultOfService(status: unknown): boolean {
  return typeof status === 'number' && (status >= 500 || statusesOfOthers.has(status));
}
