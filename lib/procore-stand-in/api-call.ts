import type { FixtureBook, FixtureValues } from './fixtures.ts';
import { type Answer, jsonAnswer, type StandInRequest } from './http-exchange.ts';
import { cutPage, type PagingRules } from './paging.ts';
import type { TokenSetRecord } from './tokens.ts';
import type { Unknowns } from './unknowns.ts';
import type { World } from './world.ts';

/** Which family an endpoint is of: v1 answers bare lists and number ids, v2 an envelope and string ids. */
export type ApiStyle = 'v1' | 'v2';

/** A call of the API whose token was accepted. */
export interface StandInCall {
  readonly request: StandInRequest;
  readonly style: ApiStyle;
  readonly token: TokenSetRecord;
  /** The Procore-Company-Id header. */
  readonly companyId: string | undefined;
  readonly world: World;
  readonly unknowns: Unknowns;
  readonly errors: FixtureBook;
}

/** A kind of refusal in lib/procore-stand-in/fixtures/api-errors.json. */
export type ApiRefusal =
  | 'accessTokenInvalid'
  | 'companyHeaderMissing'
  | 'appNotConnected'
  | 'forbidden'
  | 'notFound'
  | 'badRequest'
  | 'unprocessable'
  | 'tooLarge'
  | 'deprecated'
  | 'tooManyRequests'
  | 'serverError';

/** Draws the body and status of a refusal in the call's style. */
export function refuseCall(
  call: Pick<StandInCall, 'errors' | 'style'>,
  refusal: ApiRefusal,
  values?: FixtureValues,
): Answer {
  return call.errors.draw(`${refusal}.${call.style}`, values);
}

/** Answers one page of a list, enveloped in v2; a bad page or per_page is a 400. */
export function answerList<T>(
  call: StandInCall,
  list: readonly T[],
  limits: Pick<PagingRules, 'defaultPerPage' | 'maxPerPage'>,
  write: (item: T) => unknown,
): Answer {
  const { linkKeepsFilters, singlePageHasLink } = call.unknowns;
  const page = cutPage(list, call.request.url, { ...limits, linkKeepsFilters, singlePageHasLink });
  if ('refused' in page) return refuseCall(call, 'badRequest', { message: page.refused, property: page.property });
  const isCut = call.world.truncatesLists && page.items.at(-1) === list.at(-1);
  const items = (isCut ? page.items.slice(0, -1) : page.items).map(write);
  return jsonAnswer(200, call.style === 'v2' ? { data: items } : items, page.headers);
}
