import { type ApiStyle, refuseCall, type StandInCall } from './api-call.ts';
import { answerResource } from './api-resources.ts';
import { answerDirectCosts } from './direct-costs-api.ts';
import { withEntityTag } from './entity-tags.ts';
import type { FixtureBook } from './fixtures.ts';
import { answerHooks } from './hooks-api.ts';
import type { HooksApiContext } from './hooks-api-context.ts';
import { type Answer, bearerToken, type StandInRequest } from './http-exchange.ts';
import type { ListDraws } from './list-unknowns.ts';
import type { OAuthClient } from './oauth-client.ts';
import { answerProjects } from './projects-api.ts';
import type { RateLimiter } from './rate-limit.ts';
import { answerRecords } from './records-api.ts';
import { type Telling, tellHooks } from './tell-hooks.ts';
import type { TokenStore } from './tokens.ts';

/** What the API origin needs. */
export interface ApiContext extends HooksApiContext, Telling {
  readonly client: OAuthClient;
  readonly tokens: TokenStore;
  readonly errors: FixtureBook;
  readonly lists: ListDraws;
  readonly limiter: RateLimiter;
  /** Says whether every access token is refused for now. */
  readonly refusesAllTokens: () => boolean;
}

/** Tells which family a path belongs to. */
export function styleOf({ url }: StandInRequest): ApiStyle {
  return url.pathname.startsWith('/rest/v2.') ? 'v2' : 'v1';
}

/** Answers a call of the API: rate limit, then token, then the resource. */
export function answerApi(request: StandInRequest, context: ApiContext): Answer {
  const company = companyHeader(request) ?? '';
  const verdict = context.limiter.count({ company, token: bearerToken(request) ?? '' });
  const answer = verdict.allowed ? answerAllowed(request, context) : answerThrottled(request, context, undefined);
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

function answerAllowed(request: StandInRequest, context: ApiContext): Answer {
  const { errors, lists, tokens, unknowns, world } = context;
  const style = styleOf(request);
  const token = tokens.findValid(bearerToken(request) ?? '');
  if (!token || context.refusesAllTokens()) return refuseCall({ errors, style }, 'accessTokenInvalid');
  const { id: userId } = token.grant === 'person' ? world.person : world.serviceAccount;
  const call: StandInCall = {
    request,
    style,
    token,
    companyId: companyHeader(request),
    now: context.clock.now(),
    world,
    unknowns,
    lists,
    errors,
    tell: (event) => tellHooks(context, { userId, sourceApplicationId: context.client.id, ...event }),
  };
  const answer =
    (request.method === 'GET' ? answerResource(call) : undefined) ??
    answerProjects(call) ??
    answerRecords(call) ??
    answerDirectCosts(call) ??
    answerHooks(call, context) ??
    refuseCall(call, 'wrongPath');
  return withEntityTag(request, answer, unknowns.etag);
}

function companyHeader({ headers }: StandInRequest): string | undefined {
  const value = headers['procore-company-id'];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
