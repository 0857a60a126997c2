interface Entry<Item> {
  readonly at: number;
  readonly order: number;
  readonly item: Item;
}

/** What is to come, the earliest first; of the same time what was put in first. */
export class Heap<Item> {
  readonly #entries: Entry<Item>[] = [];
  #puts = 0;

  /** @param at when its turn comes, in any unit */
  put(at: number, item: Item): void {
    this.#puts += 1;
    const entries = this.#entries;
    const entry = { at, order: this.#puts, item };
    let index = entries.push(entry) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!isBefore(entry, entries[above] as Entry<Item>)) break;
      entries[index] = entries[above] as Entry<Item>;
      index = above;
    }
    entries[index] = entry;
  }

  /** Looks at the earliest. */
  first(): { readonly at: number; readonly item: Item } | undefined {
    return this.#entries[0];
  }

  /** Takes the earliest out. */
  take(): { readonly at: number; readonly item: Item } | undefined {
    const entries = this.#entries;
    const [first] = entries;
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return first;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= entries.length) break;
      if (below + 1 < entries.length && isBefore(entries[below + 1] as Entry<Item>, entries[below] as Entry<Item>)) {
        below += 1;
      }
      if (!isBefore(entries[below] as Entry<Item>, last)) break;
      entries[index] = entries[below] as Entry<Item>;
      index = below;
    }
    entries[index] = last;
    return first;
  }
}

function isBefore(one: Entry<unknown>, other: Entry<unknown>): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
