import type { Randomness } from './randomness.ts';
import type { RateHeaders, RateLimits, RateRules } from './rate-limit.ts';

/**
 * What no document of Procore's says (NOT FOUND in PROCORE.md), or what documents say in two ways. The numbers below are
 * its sections. Each stand-in draws one answer to each, from its seed, and keeps to it, as the real Procore does. What may
 * differ from one response to the next (status and shape of error bodies) is drawn per response instead.
 */
export interface Unknowns {
  /** Form and length of access tokens ([1.4](PROCORE.md#14-token): a JWT in samples, hex in older ones, no length promised). */
  readonly accessTokenForm: 'jwt' | 'long-jwt' | 'hex';
  /** Characters of a refresh token, hex ([1.4](PROCORE.md#14-token)). */
  readonly refreshTokenLength: number;
  /** Whether the previous access token goes on working after a refresh ([1.5](PROCORE.md#15-lifetimes)). */
  readonly oldAccessTokenSurvivesRefresh: boolean;
  /** Whether a refresh with a wrong client secret counts as an attempt, and so burns the token ([1.5](PROCORE.md#15-lifetimes)). */
  readonly refusedClientBurnsRefreshToken: boolean;
  /** Whether a throttled refresh counts as an attempt ([1.5](PROCORE.md#15-lifetimes), [4](PROCORE.md#4-rate-limits)). */
  readonly throttlingBurnsRefreshToken: boolean;
  /** Whether a second use of a code revokes the tokens of the first ([RFC 6749, section 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2) says it should). */
  readonly codeReuseRevokesTokens: boolean;
  /** Whether revoke, given a refresh token, revokes ([1.7](PROCORE.md#17-revoke)). */
  readonly revokeTakesRefreshTokens: boolean;
  /** Whether revoking one token set leaves the same person's other sets alone ([1.7](PROCORE.md#17-revoke)). */
  readonly revokeSparesOtherSets: boolean;
  /** What becomes of a state with other characters than letters and digits ([1.3](PROCORE.md#13-authorize): "alphanumeric value"). */
  readonly otherStateCharacters: 'echoed' | 'refused';
  /** Whether a denial's redirect carries `error_description` ([1.3](PROCORE.md#13-authorize)). */
  readonly denialIsDescribed: boolean;
  /** `resource_owner_id` of a client credentials token ([1.6](PROCORE.md#16-tokeninfo) shows a person's only). */
  readonly serviceAccountHasOwnerId: boolean;
  /** Whether a company that disconnected the app is still listed to a person ([1.10](PROCORE.md#110-client-credentials-and-service-accounts)). */
  readonly disconnectedCompanyIsListed: boolean;
  /** Whether hooks of a company that disconnected the app still get events. */
  readonly disconnectedCompanyStillDelivers: boolean;
  /** Whether Link URLs repeat the query's filters ([5](PROCORE.md#5-paging-and-incremental-reads)). */
  readonly linkKeepsFilters: boolean;
  /** Whether a list of a single page has a Link header ([5](PROCORE.md#5-paging-and-incremental-reads)). */
  readonly singlePageHasLink: boolean;
  /** Over what requests are counted ([4](PROCORE.md#4-rate-limits): observers disagree). */
  readonly rateLimitScope: RateRules['scope'];
  /** The windows in which requests are counted ([4](PROCORE.md#4-rate-limits): samples, older texts and observations; they "can change at any time"). */
  readonly rateLimits: RateLimits;
  /** Spelling of `event_type` in trigger responses ([3.3](PROCORE.md#33-endpoints-of-v10)). */
  readonly triggerEventType: 'create' | 'CREATE' | 'CREATED';
  /** Whether a trigger on a name that no catalogue has is refused or silently kept ([3.4](PROCORE.md#34-resources-and-triggers)). */
  readonly unknownResourceName: 'refused' | 'kept';
  /** What a second trigger of the same resource and event type gives. */
  readonly repeatedTrigger: 'refused' | 'kept';
  /** How the outcome of bulk triggers is written: one list, or `success` and `failed` ([3.3](PROCORE.md#33-endpoints-of-v10), [3.2](PROCORE.md#32-endpoints-of-v20)). */
  readonly bulkOutcome: 'list' | 'success-and-failed';
  /** What a project's hook list shows without `namespace` ([3.3](PROCORE.md#33-endpoints-of-v10): v1.0's default is `procore`). */
  readonly namespaceLeftOut: 'all' | 'procore';
  /** What `namespace=*` lists in v2.0 ([3.3](PROCORE.md#33-endpoints-of-v10): all, in v1.0 of 2024). */
  readonly namespaceStar: 'all' | 'none';
  /** Whether the flush after 12 h also disables the hooks ([3.8](PROCORE.md#38-reliability): Procore's pages contradict each other). */
  readonly flushDisablesHooks: boolean;
  /** Status of a flushed delivery that had been attempted; those never attempted are `discarded` ([3.6](PROCORE.md#36-deliveries), [3.8](PROCORE.md#38-reliability)). */
  readonly flushedAttemptStatus: 'discarded' | 'failed';
  /** What becomes of events while a hook is disabled ([3.2](PROCORE.md#32-endpoints-of-v20)). */
  readonly disabledHookEvents: 'kept' | 'dropped';
  /** Which Authorization value a retry carries after the hook was given a new one. */
  readonly retryAuthorization: 'current' | 'as-queued';
  /** Order of the deliveries list ([3.6](PROCORE.md#36-deliveries): `sort` without documented values). */
  readonly deliveriesOrder: 'newest-first' | 'oldest-first';
  /** `project_id` of a company's v4.0 event ([3.5](PROCORE.md#35-payloads)). */
  readonly v4CompanyEventProjectId: 'null' | 'absent';
  /** User-Agent of deliveries ([3.7](PROCORE.md#37-what-procore-sends)). */
  readonly deliveryUserAgent: 'none' | 'Procore Webhooks' | 'Faraday v2.9.0';
  /** Where rate windows begin ([4](PROCORE.md#4-rate-limits)). */
  readonly rateBoundary: 'first-request' | 'clock';
  /** Which window's headers a response has: the one nearest to be hit, the longest, the shortest until another is nearly used up; or none until one is nearly used up, or none ever; a 429 names the one that was hit ([4](PROCORE.md#4-rate-limits): Procore's rule, and what was observed). */
  readonly rateHeadersShown: RateHeaders['shown'];
  /** Whether they say how many requests remain ([4](PROCORE.md#4-rate-limits)). */
  readonly rateRemainingShown: boolean;
  /** `Retry-After` of a 429 ([4](PROCORE.md#4-rate-limits): pages disagree; a date is [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)'s other form). */
  readonly retryAfter: RateHeaders['retryAfter'];
  /** What is answered for deliveries and triggers of a hook that has none yet ([3.6](PROCORE.md#36-deliveries)). */
  readonly emptySubList: 'empty' | 'null' | 'not-found';
  /** `ETag` of what a GET gives: not documented. */
  readonly etag: 'none' | 'strong' | 'weak';
  /** Whether a project's own path wants `company_id`, beside the header ([5](PROCORE.md#5-paging-and-incremental-reads): the reference requires it). */
  readonly projectNeedsCompanyId: boolean;
  /** The zones in which companies live, one after another ([2](PROCORE.md#2-api-versions-and-the-company-header)). */
  readonly zones: readonly string[];
  /** Whether a company's hook list also has the hooks of its projects ([3.2](PROCORE.md#32-endpoints-of-v20)). */
  readonly companyListsProjectHooks: boolean;
}

/** The two limits of the documents' samples. */
const sampleLimits: RateLimits = {
  windows: [
    { limit: 25, seconds: 10 },
    { limit: 600, seconds: 3600 },
  ],
};

const yesOrNo = [true, false] as const;

/** What may be answered to each. */
export const possibilities: { readonly [K in keyof Unknowns]: readonly Unknowns[K][] } = {
  accessTokenForm: ['jwt', 'long-jwt', 'hex'],
  refreshTokenLength: [64, 128],
  oldAccessTokenSurvivesRefresh: yesOrNo,
  refusedClientBurnsRefreshToken: yesOrNo,
  throttlingBurnsRefreshToken: yesOrNo,
  codeReuseRevokesTokens: yesOrNo,
  revokeTakesRefreshTokens: yesOrNo,
  revokeSparesOtherSets: yesOrNo,
  otherStateCharacters: ['echoed', 'refused'],
  denialIsDescribed: yesOrNo,
  serviceAccountHasOwnerId: yesOrNo,
  disconnectedCompanyIsListed: yesOrNo,
  disconnectedCompanyStillDelivers: yesOrNo,
  linkKeepsFilters: yesOrNo,
  singlePageHasLink: yesOrNo,
  rateLimitScope: ['app', 'company', 'token'],
  rateLimits: [
    { windows: [{ limit: 25, seconds: 10 }] },
    { windows: [{ limit: 25, seconds: 60 }] },
    { windows: [{ limit: 100, seconds: 60 }] },
    { windows: [{ limit: 600, seconds: 3600 }] },
    { windows: [{ limit: 3600, seconds: 3600 }] },
    { windows: [] },
    sampleLimits,
    {
      windows: [{ limit: 100, seconds: 60 }],
      alternating: { everySeconds: 1200, windows: [{ limit: 25, seconds: 60 }] },
    },
  ],
  triggerEventType: ['create', 'CREATE', 'CREATED'],
  unknownResourceName: ['refused', 'kept'],
  repeatedTrigger: ['refused', 'kept'],
  bulkOutcome: ['list', 'success-and-failed'],
  namespaceLeftOut: ['all', 'procore'],
  namespaceStar: ['all', 'none'],
  flushDisablesHooks: yesOrNo,
  flushedAttemptStatus: ['discarded', 'failed'],
  disabledHookEvents: ['kept', 'dropped'],
  retryAuthorization: ['current', 'as-queued'],
  deliveriesOrder: ['newest-first', 'oldest-first'],
  v4CompanyEventProjectId: ['null', 'absent'],
  deliveryUserAgent: ['none', 'Procore Webhooks', 'Faraday v2.9.0'],
  rateBoundary: ['first-request', 'clock'],
  rateHeadersShown: ['nearest', 'longest', 'shortest-until-nearly-used', 'when-nearly-used', 'none'],
  rateRemainingShown: yesOrNo,
  retryAfter: ['seconds', 'date', 'absent'],
  emptySubList: ['empty', 'null', 'not-found'],
  etag: ['none', 'strong', 'weak'],
  projectNeedsCompanyId: yesOrNo,
  zones: [['us02'], ['uk01'], ['us02', 'uk01']],
  companyListsProjectHooks: yesOrNo,
};

/** How limits and answers look in the documents' own samples; for those whose subject is something else. */
export const sampleUnknowns = {
  rateLimits: sampleLimits,
  rateBoundary: 'first-request',
  rateHeadersShown: 'nearest',
  rateRemainingShown: true,
  retryAfter: 'seconds',
  emptySubList: 'empty',
  etag: 'none',
  projectNeedsCompanyId: false,
} as const satisfies Partial<Unknowns>;

/**
 * Draws an answer to each unknown.
 *
 * @param fixed answers that a test wants; the draws of the others do not depend on them
 */
export function drawUnknowns(randomness: Randomness, fixed: Partial<Unknowns> = {}): Unknowns {
  const drawn = Object.entries(possibilities).map(([name, values]) => [name, randomness.pick<unknown>(values)]);
  return { ...(Object.fromEntries(drawn) as Unknowns), ...fixed };
}
