import type { Clock, RandomFraction, RemainingTime, Sleep } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import { redactHeaders, redactText } from '../redact.ts';
import { type AccessTokenSource, askPatiently, ForeignTokenError, type VendedToken } from './access-token-source.ts';
import { ProcoreApiError, pathOf } from './api-error.ts';
import { requireApiPath } from './api-path.ts';
import type { CompanyPauses } from './company-pauses.ts';
import { diagnose, diagnosed } from './diagnosis.ts';
import type { ProcoreEnvironmentName } from './environment.ts';
import { type ExactJson, type ExactJsonInput, parseExactJson, writeExactJson } from './exact-json.ts';
import { type Exchange, type ExchangeFailure, happenedBeforeSending } from './exchange.ts';
import type { FailedExchangeStore } from './failed-exchanges.ts';
import type { RateBudget } from './rate-budget.ts';
import type { Permit } from './rate-leases.ts';
import type { BudgetClass } from './rate-room.ts';
import { pauseBeforeRetryMs } from './retry.ts';
import { retryAfterSeconds } from './retry-after.ts';

/** One call of the API, as the client makes it. */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  /** The company that the Procore-Company-Id header names; absent only where Procore needs none. */
  readonly companyId?: string;
  readonly body?: ExactJsonInput;
  /** Whether Procore recognises a repetition: the body has an origin_id, or there is an idempotency token. */
  readonly isIdempotent: boolean;
  readonly idempotencyToken?: string;
  /** The ETag of an answer that is kept: Procore may then answer 304, which is a success. */
  readonly ifNoneMatch?: string;
  readonly timeoutMs: number;
}

/** A successful answer. */
export interface ApiAnswer<Body = ExactJson> {
  readonly status: number;
  readonly headers: Headers;
  /** Ids beyond 2^53 are strings of their digits; null when there was no body. With a schema, what that made of it. */
  readonly body: Body;
}

/** A successful answer with the text of its body, of which others can make objects of their own. */
export interface ReceivedAnswer extends ApiAnswer {
  readonly text: string;
}

/** What {@link sendCall} needs. */
export interface CallDependencies<E extends ProcoreEnvironmentName> {
  readonly environment: E;
  readonly origin: string;
  readonly tokens: AccessTokenSource<E>;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly randomFraction: RandomFraction;
  readonly remaining: RemainingTime;
  readonly observer: Observer;
  readonly budget?: RateBudget;
  /**
   * Which part of the budget the calls use.
   *
   * @default foreground
   */
  readonly budgetClass?: BudgetClass;
  readonly pauses?: CompanyPauses;
  /** Keeps calls that failed for good, for a support report. */
  readonly failures?: Pick<FailedExchangeStore, 'keep'>;
}

/** How much of a body an exchange keeps, in characters. */
const longestBody = 20_000;

type Try =
  | { readonly answer: ReceivedAnswer }
  | { readonly exchange: Exchange; readonly headers?: Headers; readonly unreadable?: true };

/**
 * Makes a call, and repeats it while there is time: once after a 401, with a newer token; after a 429, when Procore
 * allows it; after a fault of the network or of Procore, if the call can be repeated.
 *
 * @param onLostTry called when a try may have taken effect although no success came back
 * @returns the successful answer; with `ifNoneMatch` it may be a 304 without a body
 * @throws ProcoreApiError, AccessTokenRefusedError, ForeignTokenError, InvalidApiPathError
 */
export async function sendCall<E extends ProcoreEnvironmentName>(
  dependencies: CallDependencies<E>,
  call: ApiCall,
  onLostTry: () => void = () => {},
): Promise<ReceivedAnswer> {
  requireApiPath(call.path);
  await refuseWhilePaused(dependencies, call);
  let hasRefreshed = false;
  for (let tries = 1; ; tries++) {
    const permit = await awaitBudget(dependencies, call);
    // Each try asks for the token after its wait, because a token can end during the wait.
    const token = checkOrigin(dependencies, await askPatiently(() => dependencies.tokens.current(), dependencies));
    const tried = await tryOnce(dependencies, call, token, tries);
    if ('answer' in tried) {
      if (permit) await dependencies.budget?.learn(permit, tried.answer);
      if (call.companyId !== undefined) await dependencies.pauses?.worked(call.companyId);
      return tried.answer;
    }
    const { exchange, headers, unreadable } = tried;
    const { status, failure } = exchange;
    const asked =
      headers !== undefined && (status === 429 || status === 503)
        ? retryAfterSeconds(status, headers, dependencies.clock())
        : undefined;
    if (status === 429) dependencies.observer.count('apiThrottled');
    if (permit && headers !== undefined && status !== undefined) {
      await dependencies.budget?.learn(permit, {
        status,
        headers,
        ...(asked !== undefined && { retryAfterSeconds: asked }),
      });
    }
    const diagnosis = diagnose(exchange);
    if (diagnosis.id === 'access_token_invalid' && !hasRefreshed) {
      hasRefreshed = true;
      const newer = await askPatiently(() => dependencies.tokens.rejected(token.generation), dependencies);
      // It is the same set again: it is too young to have expired, so another try with it would not help.
      if (newer.generation !== token.generation) continue;
    }
    if (unreadable || failure === 'timed_out' || failure === 'connection_lost' || (status ?? 0) >= 500) onLostTry();
    const pauseMs = pauseBeforeRetryMs(
      { method: call.method, isIdempotent: call.isIdempotent, tries },
      {
        ...(status !== undefined && { status }),
        ...(failure !== undefined && { failure }),
        ...(unreadable && { unreadable }),
        ...(asked !== undefined && { retryAfterSeconds: asked }),
      },
      dependencies.randomFraction,
    );
    if (pauseMs === undefined || pauseMs >= dependencies.remaining()) {
      const error = new ProcoreApiError(exchange, { diagnosis, retryAfterSeconds: asked });
      await noteFailure(dependencies, call, error);
      throw error;
    }
    await dependencies.sleep(pauseMs);
  }
}

async function refuseWhilePaused<E extends ProcoreEnvironmentName>(
  dependencies: CallDependencies<E>,
  call: ApiCall,
): Promise<void> {
  if (call.companyId === undefined) return;
  const seconds = (await dependencies.pauses?.pausedFor(call.companyId)) ?? 0;
  if (seconds <= 0) return;
  throw new ProcoreApiError(unsent(dependencies, call), {
    diagnosis: diagnosed('app_not_connected'),
    retryAfterSeconds: Math.ceil(seconds),
  });
}

async function awaitBudget<E extends ProcoreEnvironmentName>(
  dependencies: CallDependencies<E>,
  call: ApiCall,
): Promise<Permit | undefined> {
  const { budget, budgetClass = 'foreground', tokens, remaining } = dependencies;
  if (budget === undefined) return undefined;
  const owner = {
    connectionId: tokens.connectionId,
    ...(call.companyId !== undefined && { companyId: call.companyId }),
  };
  const isWrite = call.method !== 'GET';
  let allowance = await budget.acquire({ ...owner, budgetClass, isWrite }, remaining);
  if ('isLimitUnknown' in allowance) {
    await askForLimit(dependencies, call);
    allowance = await budget.acquire({ ...owner, budgetClass, isWrite: false }, remaining);
  }
  if ('version' in allowance) return allowance;
  throw new ProcoreApiError(unsent(dependencies, call), {
    diagnosis: diagnosed('rate_limited'),
    ...('waitSeconds' in allowance && { retryAfterSeconds: allowance.waitSeconds }),
  });
}

/**
 * Has Procore tell its limit by a read that every token may make: a write is not the call to find out with. When it is
 * refused, that tells the limit as well.
 */
async function askForLimit<E extends ProcoreEnvironmentName>(
  dependencies: CallDependencies<E>,
  { companyId, timeoutMs }: ApiCall,
): Promise<void> {
  const asking: ApiCall = {
    method: 'GET',
    path: '/rest/v1.0/me',
    ...(companyId !== undefined && { companyId }),
    isIdempotent: true,
    timeoutMs,
  };
  await sendCall(dependencies, asking).catch((error: unknown) => {
    // Nobody has asked for this read: what Procore says to the write is another matter.
    if (!(error instanceof ProcoreApiError) || error.status === undefined) throw error;
  });
}

function checkOrigin<E extends ProcoreEnvironmentName>(
  { origin }: CallDependencies<E>,
  token: VendedToken<E>,
): VendedToken<E> {
  if (new URL(token.apiHost).origin !== origin) throw new ForeignTokenError(token.apiHost, origin);
  return token;
}

async function tryOnce<E extends ProcoreEnvironmentName>(
  dependencies: CallDependencies<E>,
  call: ApiCall,
  { accessToken }: VendedToken<E>,
  tries: number,
): Promise<Try> {
  const startedAt = dependencies.clock();
  const body = call.body === undefined ? undefined : writeExactJson(call.body);
  const headers = headersOf(call);
  const record = (more: Partial<Exchange>): Exchange => ({
    ...unsent(dependencies, call),
    ...(body !== undefined && { requestBody: redactText(body, longestBody) }),
    startedAt,
    durationMs: Math.round((dependencies.clock() - startedAt) * 1000),
    tries,
    ...more,
  });
  let response: Response;
  let text: string;
  try {
    response = await dependencies.fetch(urlOf(dependencies, call), {
      method: call.method,
      headers: { ...headers, authorization: `Bearer ${accessToken}` },
      ...(body !== undefined && { body }),
      // A redirect would send the token to another place.
      redirect: 'manual',
      signal: abortedAfter(Math.min(call.timeoutMs, dependencies.remaining())),
    });
    text = await response.text();
  } catch (error) {
    return { exchange: record({ failure: failureOf(error) }) };
  }
  const answered = () =>
    record({
      status: response.status,
      responseHeaders: redactHeaders(response.headers),
      responseBody: redactText(text, longestBody),
    });
  const isUnchanged = response.status === 304 && call.ifNoneMatch !== undefined;
  if (!response.ok && !isUnchanged) return { exchange: answered(), headers: response.headers };
  try {
    return { answer: { status: response.status, headers: response.headers, body: readBody(text), text } };
  } catch {
    return { exchange: answered(), headers: response.headers, unreadable: true };
  }
}

/**
 * Parses the text of an answer.
 *
 * @returns null when there is none
 * @throws InvalidJsonError
 */
export function readBody(text: string): ExactJson {
  return text.trim() === '' ? null : parseExactJson(text);
}

/** Gives a signal that is aborted after so many milliseconds, whole or not, but not before one. */
export function abortedAfter(milliseconds: number): AbortSignal {
  return AbortSignal.timeout(Math.min(Math.max(1, Math.ceil(milliseconds)), 2 ** 31 - 1));
}

/**
 * Ends a call for which the time is over before it was sent.
 *
 * @throws ProcoreApiError always
 */
export async function failForTime<E extends ProcoreEnvironmentName>(
  dependencies: CallDependencies<E>,
  call: ApiCall,
  begunAt: number,
): Promise<never> {
  const durationMs = Math.round((dependencies.clock() - begunAt) * 1000);
  const exchange: Exchange = {
    ...unsent(dependencies, call),
    ...{ startedAt: begunAt, durationMs, failure: 'timed_out' },
  };
  const error = new ProcoreApiError(exchange, { diagnosis: diagnose(exchange) });
  await noteFailure(dependencies, call, error);
  throw error;
}

/** A `#` would end the URL, and what stands behind it, such as half of a filter, would not be sent. */
function urlOf({ origin }: { readonly origin: string }, { path }: ApiCall): string {
  return `${origin}${path.replaceAll('#', '%23')}`;
}

function headersOf({ companyId, body, idempotencyToken, ifNoneMatch }: ApiCall): Record<string, string> {
  return {
    accept: 'application/json',
    ...(companyId !== undefined && { 'procore-company-id': companyId }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(idempotencyToken !== undefined && { 'idempotency-token': idempotencyToken }),
    ...(ifNoneMatch !== undefined && { 'if-none-match': ifNoneMatch }),
  };
}

function failureOf(error: unknown): ExchangeFailure {
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')) return 'timed_out';
  return happenedBeforeSending(error) ? 'not_sent' : 'connection_lost';
}

function unsent<E extends ProcoreEnvironmentName>(dependencies: CallDependencies<E>, call: ApiCall): Exchange {
  return {
    environment: dependencies.environment,
    purpose: 'api',
    method: call.method,
    url: redactText(urlOf(dependencies, call)),
    requestHeaders: headersOf(call),
    startedAt: dependencies.clock(),
    durationMs: 0,
    tries: 0,
  };
}

async function noteFailure<E extends ProcoreEnvironmentName>(
  { observer, pauses, failures }: CallDependencies<E>,
  { companyId, method }: ApiCall,
  error: ProcoreApiError,
): Promise<void> {
  observer.count('apiCallFailed');
  observer.note('api.call_failed', {
    code: error.code,
    companyId,
    method,
    path: pathOf(error.exchange.url),
    status: error.status,
    referenceId: error.referenceId,
    durationMs: error.exchange.durationMs,
    count: error.exchange.tries,
  });
  await failures?.keep(error.exchange).catch((fault: unknown) => {
    // The caller needs the error more than this copy, and can write a report from it as well.
    observer.note('api.failure_not_kept', { errorName: errorName(fault) });
  });
  if (error.code === 'app_not_connected' && companyId !== undefined) await pauses?.disconnected(companyId);
}
