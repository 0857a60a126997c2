import type { StoredRecord } from './records.ts';
import type { ResourceKind } from './resource-kinds.ts';

/** The records that a list's query leaves, or what is wrong with the query. */
export type FilterOutcome =
  | { readonly records: readonly StoredRecord[] }
  | { readonly property: string; readonly message: string };

const day = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Filters a list as its query asks. Filters that a list does not know it ignores.
 *
 * @param today the current day, yyyy-mm-dd
 * @see [PROCORE.md, section 5](PROCORE.md#5-paging-and-incremental-reads)
 */
export function filterRecords(
  records: readonly StoredRecord[],
  query: URLSearchParams,
  kind: Pick<ResourceKind, 'filtersUpdatedAt' | 'isDailyLog'>,
  today: string,
): FilterOutcome {
  const range = kind.filtersUpdatedAt ? query.get('filters[updated_at]') : null;
  const [from = Number.NaN, to = Number.NaN] = (range ?? '').split('...').map((text) => Date.parse(text));
  if (range !== null && (Number.isNaN(from) || Number.isNaN(to))) {
    return { property: 'updated_at', message: 'must be a range' };
  }
  const dates = kind.isDailyLog ? readDates(query, today) : undefined;
  if (dates && 'message' in dates) return dates;
  const ids = readFilter(query, 'id');
  const statuses = readFilter(query, 'status') ?? (kind.isDailyLog && ['approved']);
  const wanted: ((record: StoredRecord) => boolean)[] = [];
  if (range !== null) wanted.push(({ updatedAt }) => from <= updatedAt && updatedAt <= to);
  if (dates) wanted.push(({ fields }) => dates.from <= String(fields.date) && String(fields.date) <= dates.to);
  if (ids) wanted.push(({ id }) => ids.includes(id));
  if (statuses) wanted.push(({ fields }) => statuses.includes(String(fields.status)));
  // A list of 20,000 records is read by hundreds of calls, most of which filter nothing.
  return {
    records: wanted.length === 0 ? records : records.filter((one) => wanted.every((isWanted) => isWanted(one))),
  };
}

/** Reads a filter as Rails does: all values of `filters[name][]`, else only the last of `filters[name]`. */
function readFilter(query: URLSearchParams, name: string): string[] | undefined {
  const bracketed = query.getAll(`filters[${name}][]`);
  const last = query.getAll(`filters[${name}]`).at(-1);
  return bracketed.length > 0 ? bracketed : last === undefined ? undefined : [last];
}

function readDates(
  query: URLSearchParams,
  today: string,
): { readonly from: string; readonly to: string } | { readonly property: string; readonly message: string } {
  const [logDate, start, end] = ['log_date', 'start_date', 'end_date'].map((name) => query.get(name) ?? undefined);
  if (logDate !== undefined) return { from: logDate, to: logDate };
  if (start === undefined && end === undefined) return { from: today, to: today };
  if (start === undefined || end === undefined || !day.test(start) || !day.test(end)) {
    return { property: 'start_date', message: 'The Start Date and End Date parameters are required' };
  }
  return end > today
    ? { property: 'end_date', message: 'The End Date parameter cannot exceed the current day.' }
    : { from: start, to: end };
}
