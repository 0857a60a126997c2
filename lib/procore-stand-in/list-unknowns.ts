import type { PagingStyle } from './paging.ts';
import { seededRandomness } from './randomness.ts';

/**
 * What documents leave open about a list ([5](PROCORE.md#5-paging-and-incremental-reads)). Each list of a stand-in draws its
 * own answers and keeps to them.
 */
export interface ListUnknowns extends Omit<PagingStyle, 'linkKeepsFilters' | 'singlePageHasLink'> {
  /** Default per_page in v1; v2 has 10. */
  readonly defaultPerPage: number;
  /** Greatest per_page in v1; v2 has 100. */
  readonly maxPerPage: number;
  /** Where v2 says whether there is another page: nowhere, beside `data`, or in an object `pagination` beside it. */
  readonly hasNextPage: 'absent' | 'beside-data' | 'in-pagination';
}

/** What a list may answer. A possibility that stands here twice is drawn twice as often. */
export const listPossibilities: { readonly [K in keyof ListUnknowns]: readonly ListUnknowns[K][] } = {
  pages: [true, true, true, true, true, false],
  headers: ['link-and-total', 'link', 'total', 'none'],
  linkOrigin: ['asked', 'other-scheme', 'other-host', 'relative'],
  greaterPerPage: ['refused', 'capped'],
  refusal: [
    'Invalid per_page of {asked}, exceeding max per_page of {max}',
    'per_page must be less than or equal to {max}',
    'per_page is invalid',
  ],
  defaultPerPage: [20, 30, 100],
  maxPerPage: [100, 1000, 2000],
  hasNextPage: ['absent', 'beside-data', 'in-pagination'],
};

/** How lists look in the documents' own samples; for those whose subject is something else. */
export const sampleLists = {
  pages: true,
  headers: 'link-and-total',
  linkOrigin: 'asked',
  greaterPerPage: 'refused',
  refusal: 'Invalid per_page of {asked}, exceeding max per_page of {max}',
  hasNextPage: 'absent',
} as const satisfies Partial<ListUnknowns>;

/** The lists of one stand-in. @returns what the list of that name answers, e.g. `RFIs` */
export type ListDraws = (list: string) => ListUnknowns;

/**
 * Draws the answers of lists. A list's draws depend on no other list's.
 *
 * @param fixed answers that a test wants from every list
 */
export function drawLists(seed: string, fixed: Partial<ListUnknowns> = {}): ListDraws {
  const drawn = new Map<string, ListUnknowns>();
  return (list) => {
    const known = drawn.get(list);
    if (known) return known;
    const randomness = seededRandomness(seed, `list ${list}`);
    const answers = Object.entries(listPossibilities).map(([name, values]) => [name, randomness.pick<unknown>(values)]);
    const unknowns = { ...(Object.fromEntries(answers) as ListUnknowns), ...fixed };
    drawn.set(list, unknowns);
    return unknowns;
  };
}
