import type { StandInEvent } from './event-payloads.ts';
import type { FixtureBook, FixtureValues } from './fixtures.ts';
import { type Answer, jsonAnswer, type StandInRequest } from './http-exchange.ts';
import type { ListDraws, ListUnknowns } from './list-unknowns.ts';
import { cutPage } from './paging.ts';
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
  /** Epoch milliseconds. */
  readonly now: number;
  readonly world: World;
  readonly unknowns: Unknowns;
  readonly lists: ListDraws;
  readonly errors: FixtureBook;
  /** Tells the hooks that listen what the call has done. */
  readonly tell: (event: StandInEvent) => void;
}

/** A kind of refusal in lib/procore-stand-in/fixtures/api-errors.json. */
export type ApiRefusal =
  | 'accessTokenInvalid'
  | 'companyHeaderMissing'
  | 'appNotConnected'
  | 'forbidden'
  | 'notFound'
  | 'wrongPath'
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

/** per_page of v2.0 lists. @see [PROCORE.md, section 5](PROCORE.md#5-paging-and-incremental-reads) */
const v2PageSizes = { defaultPerPage: 10, maxPerPage: 100 } as const;

/**
 * Answers one page of a list, enveloped in v2; a bad page or per_page is a 400.
 *
 * @param name which list it is, e.g. `RFIs`; each draws its own style of paging
 * @param known what documents say about this list's paging
 */
export function answerList<T>(
  call: StandInCall,
  name: string,
  list: readonly T[],
  write: (item: T) => unknown,
  known: Partial<ListUnknowns> = {},
): Answer {
  const { style, unknowns, world } = call;
  const drawn = { ...call.lists(`${name} ${style}`), ...(style === 'v2' && v2PageSizes), ...known };
  const { linkKeepsFilters, singlePageHasLink } = unknowns;
  const page = cutPage(list, call.request.url, { ...drawn, linkKeepsFilters, singlePageHasLink });
  if ('refused' in page) return refuseCall(call, 'badRequest', { message: page.refused, property: page.property });
  const isCut = world.truncatesLists && page.items.at(-1) === list.at(-1);
  const items = (isCut ? page.items.slice(0, -1) : page.items).map(write);
  return jsonAnswer(200, style === 'v2' ? envelope(items, page.hasNext, drawn) : items, page.headers);
}

/** Answers a list of something that has none of them yet, where that is not an empty list. */
export function answerEmptySubList(call: StandInCall): Answer {
  return call.unknowns.emptySubList === 'null' ? jsonAnswer(200, { data: null }) : refuseCall(call, 'notFound');
}

function envelope(data: readonly unknown[], hasNext: boolean, { hasNextPage, pages }: ListUnknowns): unknown {
  if (!pages || hasNextPage === 'absent') return { data };
  return hasNextPage === 'beside-data'
    ? { data, has_next_page: hasNext }
    : { data, pagination: { has_next_page: hasNext } };
}
