/** What a refused call for a page was told. */
export interface PageRefusal {
  readonly status: number;
  /** The body, as it came. */
  readonly text: string;
}

/**
 * Chooses the page size to ask for. v2 and v1's lists inside projects allow 100, most of them no more. Other lists of
 * v1 allow up to 2,000.
 *
 * @param pathAndQuery with or without a query
 * @returns items a page
 */
export function perPageOf(pathAndQuery: string): number {
  const [path = ''] = pathAndQuery.split('?');
  return /^\/rest\/v1\.\d+\/[\w-]+$/.test(path) ? 1000 : 100;
}

const aboutPageSize = /(?:per|page)[\s_-]?(?:page|size)/i;

/**
 * Finds a smaller page size after a refusal. Some endpoints allow less than their version does, and no document says
 * which, how many, or in what words.
 *
 * @param asked the size that was refused
 * @returns the largest smaller number that the refusal names, e.g. 100 for "Invalid per_page of 1000, exceeding max
 *   per_page of 100"; 100 or a quarter when it names none; undefined when the refusal is not about the size of pages
 */
export function smallerPerPage({ status, text }: PageRefusal, asked: number): number | undefined {
  const isOther = status < 400 || status >= 500 || [401, 403, 404, 408, 429].includes(status);
  const mention = aboutPageSize.exec(text);
  if (isOther || asked <= 1 || (mention === null && status !== 413)) return undefined;
  const place = mention?.index ?? 0;
  const named = largestBelow(asked, text.slice(place)) ?? largestBelow(asked, text.slice(0, place));
  return named ?? (asked > 100 ? 100 : Math.max(1, Math.floor(asked / 4)));
}

function largestBelow(asked: number, text: string): number | undefined {
  const numbers = text.replace(/(?<=\d),(?=\d{3}\b)/g, '').match(/\b\d{1,6}\b/g) ?? [];
  const allowed = numbers.map(Number).filter((number) => number > 0 && number < asked);
  return allowed.length === 0 ? undefined : Math.max(...allowed);
}
