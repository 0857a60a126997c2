import { type ApiStyle, refuseCall, type StandInCall } from './api-call.ts';
import { answerResource } from './api-resources.ts';
import { answerDirectCosts } from './direct-costs-api.ts';
import type { FixtureBook } from './fixtures.ts';
import { answerHooks } from './hooks-api.ts';
import type { HooksApiContext } from './hooks-api-context.ts';
import { type Answer, bearerToken, type StandInRequest } from './http-exchange.ts';
import type { Randomness } from './randomness.ts';
import type { RateLimiter, RateVerdict } from './rate-limit.ts';
import type { TokenStore } from './tokens.ts';
import type { Unknowns } from './unknowns.ts';
import type { World } from './world.ts';

/** What the API origin needs. */
export interface ApiContext extends HooksApiContext {
  readonly tokens: TokenStore;
  readonly unknowns: Unknowns;
  readonly errors: FixtureBook;
  readonly world: World;
  readonly limiter: RateLimiter;
  readonly shapes: Randomness;
  /** Says whether every access token is refused for now. */
  readonly refusesAllTokens: () => boolean;
}

/** Tells which family a path belongs to. */
export function styleOf({ url }: StandInRequest): ApiStyle {
  return url.pathname.startsWith('/rest/v2.') ? 'v2' : 'v1';
}

/** Answers a call of the API: rate limit, then token, then the resource; every response has the rate-limit headers. */
export function answerApi(request: StandInRequest, context: ApiContext): Answer {
  const { limiter, unknowns } = context;
  const verdict = limiter.count(
    { client: 'client', company: companyHeader(request) ?? '', token: bearerToken(request) ?? '' }[
      unknowns.rateLimitScope
    ],
  );
  const answer = verdict.allowed ? answerAllowed(request, context) : throttle(request, context, verdict);
  return { ...answer, headers: { ...answer.headers, ...verdict.headers } };
}

/**
 * Makes a 429.
 *
 * @param retryAfterSeconds the Retry-After header; undefined leaves it out
 * @see [PROCORE.md, section 4](PROCORE.md#4-rate-limits): X-Rate-Limit-Reset often comes without Retry-After
 */
export function answerThrottled(
  request: StandInRequest,
  { errors }: Pick<ApiContext, 'errors'>,
  retryAfterSeconds: number | undefined,
): Answer {
  const answer = refuseCall({ errors, style: styleOf(request) }, 'tooManyRequests');
  const retryAfter = retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) };
  return { ...answer, headers: { ...answer.headers, ...retryAfter } };
}

function throttle(request: StandInRequest, context: ApiContext, verdict: RateVerdict): Answer {
  return answerThrottled(request, context, context.shapes.pick([verdict.resetInSeconds, undefined]));
}

function answerAllowed(request: StandInRequest, context: ApiContext): Answer {
  const { errors, tokens, unknowns, world } = context;
  const style = styleOf(request);
  const token = tokens.findValid(bearerToken(request) ?? '');
  if (!token || context.refusesAllTokens()) return refuseCall({ errors, style }, 'accessTokenInvalid');
  const call: StandInCall = { request, style, token, companyId: companyHeader(request), world, unknowns, errors };
  const resource = request.method === 'GET' ? answerResource(call) : undefined;
  return resource ?? answerDirectCosts(call) ?? answerHooks(call, context) ?? refuseCall(call, 'notFound');
}

function companyHeader({ headers }: StandInRequest): string | undefined {
  const value = headers['procore-company-id'];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
