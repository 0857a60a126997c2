import type { Randomness } from './randomness.ts';

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
  readonly rateLimitScope: 'client' | 'company' | 'token';
  /** Requests per hour and per 10 s ([4](PROCORE.md#4-rate-limits): samples and observations). */
  readonly rateLimits: { readonly hourly: number; readonly spike: number };
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
}

const yesOrNo = [true, false] as const;

const possibilities: { readonly [K in keyof Unknowns]: readonly Unknowns[K][] } = {
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
  rateLimitScope: ['client', 'company', 'token'],
  rateLimits: [
    { hourly: 600, spike: 25 },
    { hourly: 3600, spike: 100 },
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
};

/**
 * Draws an answer to each unknown.
 *
 * @param fixed answers that a test wants; the draws of the others do not depend on them
 */
export function drawUnknowns(randomness: Randomness, fixed: Partial<Unknowns> = {}): Unknowns {
  const drawn = Object.entries(possibilities).map(([name, values]) => [name, randomness.pick<unknown>(values)]);
  return { ...(Object.fromEntries(drawn) as Unknowns), ...fixed };
}
