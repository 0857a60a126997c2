/** Compares the records of a list that came with the count that Procore gives on its pages. */
export interface ListCount {
  /**
   * @param all how many rows the page had
   * @param fresh how many of them are records that had not come before; `empty`, how many are none, or one above it again
   * @param total its count
   */
  add(all: number, { fresh, empty }: { fresh: number; empty: number }, total: number | undefined): void;
  /** Whether Procore gives a count that can be used. */
  readonly isKnown: boolean;
  /** Procore's count on the last page that had one; 0 when there is none. */
  readonly latest: number;
  readonly received: number;
  /** With those rows that Procore may have counted although they are no records of their own; without when its count changed. */
  readonly rows: number;
  /** How many records must have come when the list has ended; 0 when Procore does not count. */
  readonly required: number;
}

/**
 * Starts to count.
 *
 * While records are only inserted, those of the beginning must come. When the count falls, records were removed. Each
 * removal moves a later record to a page that was read already, or it only took away a record that was still to come.
 * The counts do not tell which. So then everything must have come that was ever counted: a list that may have a hole is
 * never passed off as complete.
 */
export function listCount(): ListCount {
  let received = 0;
  let rows = 0;
  let first: number | undefined;
  let latest = 0;
  let inserted = 0;
  let isFalling = false;
  let isSteady = true;
  let isNonsense = false;
  return {
    add(all, { fresh, empty }, total) {
      received += fresh;
      rows += fresh + empty;
      if (total === undefined || isNonsense) return;
      if (first === undefined) {
        // A page with more records than the whole list is counted wrong.
        isNonsense = all > total;
        if (!isNonsense) first = latest = total;
        return;
      }
      inserted += Math.max(0, total - latest);
      isFalling ||= total < latest;
      isSteady &&= total === latest;
      latest = total;
    },
    get isKnown() {
      return first !== undefined;
    },
    get latest() {
      return latest;
    },
    get received() {
      return received;
    },
    get rows() {
      return isSteady ? rows : received;
    },
    get required() {
      return (first ?? 0) + (isFalling ? inserted : 0);
    },
  };
}
