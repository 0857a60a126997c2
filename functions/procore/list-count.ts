/** Compares the records of a list that came with the count that Procore gives on its pages. */
export interface ListCount {
  /** @param all how many records the page had; @param fresh how many of them had not come before; @param total its count */
  add(all: number, fresh: number, total: number | undefined): void;
  /** Whether Procore gives a count that can be used. */
  readonly isKnown: boolean;
  /** Procore's count on the last page that had one; 0 when there is none. */
  readonly latest: number;
  readonly received: number;
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
  let first: number | undefined;
  let latest = 0;
  let inserted = 0;
  let isFalling = false;
  let isNonsense = false;
  return {
    add(all, fresh, total) {
      received += fresh;
      if (total === undefined || isNonsense) return;
      if (first === undefined) {
        // A page with more records than the whole list is counted wrong.
        isNonsense = all > total;
        if (!isNonsense) first = latest = total;
        return;
      }
      inserted += Math.max(0, total - latest);
      isFalling ||= total < latest;
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
    get required() {
      return (first ?? 0) + (isFalling ? inserted : 0);
    },
  };
}
