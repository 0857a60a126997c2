import type { Randomness } from './randomness.ts';

/**
 * What no document of Procore's says (the facts' NOT FOUND), or what documents say in two ways. Each stand-in draws one
 * answer to each, from its seed, and keeps to it, as the real one does; what may differ from one response to the next
 * (status and shape of error bodies) is drawn per response instead.
 */
export interface Unknowns {
  /** Form and length of access tokens (facts 1.4: a JWT in samples, hex in older ones, no length promised). */
  readonly accessTokenForm: 'jwt' | 'long-jwt' | 'hex';
  /** Characters of a refresh token, hex (facts 1.4). */
  readonly refreshTokenLength: number;
  /** Whether the previous access token goes on working after a refresh (facts 1.5). */
  readonly oldAccessTokenSurvivesRefresh: boolean;
  /** Whether a refresh with a wrong client secret counts as an attempt, and so burns the token (facts 1.5). */
  readonly refusedClientBurnsRefreshToken: boolean;
  /** Whether a throttled refresh counts as an attempt (facts 1.5, 4). */
  readonly throttlingBurnsRefreshToken: boolean;
  /** Whether a second use of a code revokes the tokens of the first (RFC 6749 4.1.2 says it should). */
  readonly codeReuseRevokesTokens: boolean;
  /** Whether revoke, given a refresh token, revokes (facts 1.7). */
  readonly revokeTakesRefreshTokens: boolean;
  /** Whether revoking one token set leaves the same person's other sets alone (facts 1.7). */
  readonly revokeSparesOtherSets: boolean;
  /** What becomes of a state with other characters than letters and digits (facts 1.3: "alphanumeric value"). */
  readonly otherStateCharacters: 'echoed' | 'refused';
  /** Whether a denial's redirect carries `error_description` (facts 1.3). */
  readonly denialIsDescribed: boolean;
  /** `resource_owner_id` of a client credentials token (facts 1.6 shows a person's only). */
  readonly serviceAccountHasOwnerId: boolean;
  /** Whether a company that disconnected the app is still listed to a person (facts 1.10). */
  readonly disconnectedCompanyIsListed: boolean;
  /** Whether hooks of a company that disconnected the app still get events. */
  readonly disconnectedCompanyStillDelivers: boolean;
  /** Whether Link URLs repeat the query's filters (facts 5). */
  readonly linkKeepsFilters: boolean;
  /** Whether a list of a single page has a Link header (facts 5). */
  readonly singlePageHasLink: boolean;
  /** Over what requests are counted (facts 4: observers disagree). */
  readonly rateLimitScope: 'client' | 'company' | 'token';
  /** Requests per hour and per 10 s (facts 4: samples and observations). */
  readonly rateLimits: { readonly hourly: number; readonly spike: number };
  /** Spelling of `event_type` in trigger responses (facts 3.3). */
  readonly triggerEventType: 'create' | 'CREATE' | 'CREATED';
  /** Whether a trigger on a name that no catalogue has is refused or silently kept (facts 3.4). */
  readonly unknownResourceName: 'refused' | 'kept';
  /** What a second trigger of the same resource and event type gives. */
  readonly repeatedTrigger: 'refused' | 'kept';
  /** How the outcome of bulk triggers is written: one list, or `success` and `failed` (facts 3.3, 3.2). */
  readonly bulkOutcome: 'list' | 'success-and-failed';
  /** What a project's hook list shows without `namespace` (facts 3.3: v1.0's default is `procore`). */
  readonly namespaceLeftOut: 'all' | 'procore';
  /** What `namespace=*` lists in v2.0 (facts 3.3: all, in v1.0 of 2024). */
  readonly namespaceStar: 'all' | 'none';
  /** Whether the flush after 12 h also disables the hooks (facts 3.8: Procore's pages contradict each other). */
  readonly flushDisablesHooks: boolean;
  /** Status of a flushed delivery that had been attempted; those never attempted are `discarded` (facts 3.6, 3.8). */
  readonly flushedAttemptStatus: 'discarded' | 'failed';
  /** What becomes of events while a hook is disabled (facts 3.2). */
  readonly disabledHookEvents: 'kept' | 'dropped';
  /** Which Authorization value a retry carries after the hook was given a new one. */
  readonly retryAuthorization: 'current' | 'as-queued';
  /** Order of the deliveries list (facts 3.6: `sort` without documented values). */
  readonly deliveriesOrder: 'newest-first' | 'oldest-first';
  /** `project_id` of a company's v4.0 event (facts 3.5). */
  readonly v4CompanyEventProjectId: 'null' | 'absent';
  /** User-Agent of deliveries (facts 3.7). */
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
