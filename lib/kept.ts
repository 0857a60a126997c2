/**
 * What outlives the process that writes it: entries by part and key, whose values are JSON.
 *
 * What is put counts as written when {@link Kept.durable} has resolved; whoever answers a call waits for that first.
 */
export interface Kept {
  /** The entries of a part, in the order in which their keys came. */
  entries(part: string): readonly (readonly [key: string, value: unknown])[];
  /** Keeps a value as it is now; a later change of the object is not seen. */
  put(part: string, key: string, value: unknown): void;
  remove(part: string, key: string): void;
  /** Waits until everything that was put or removed so far is on the disk. @throws Error when it cannot be written */
  durable(): Promise<void>;
}

/** Keeps nothing: for whoever needs no state after its end, as tests do. */
export const keptNowhere: Kept = {
  entries: () => [],
  put: () => {},
  remove: () => {},
  durable: async () => {},
};

/** A map whose entries are kept. An object that was changed in place has to be set again. */
export class KeptMap<V> extends Map<string, V> {
  readonly #kept: Kept;
  readonly #part: string;

  /** Fills itself with what is kept of the part. */
  constructor(kept: Kept, part: string) {
    super();
    this.#kept = kept;
    this.#part = part;
    for (const [key, value] of kept.entries(part)) super.set(key, value as V);
  }

  override set(key: string, value: V): this {
    this.#kept.put(this.#part, key, value);
    return super.set(key, value);
  }

  override delete(key: string): boolean {
    this.#kept.remove(this.#part, key);
    return super.delete(key);
  }
}

/** Counts on where it was. */
export class KeptCounter {
  readonly #kept: Kept;
  readonly #name: string;
  #last: number;

  /** @param first what {@link next} gives when nothing is kept */
  constructor(kept: Kept, name: string, first: number) {
    this.#kept = kept;
    this.#name = name;
    this.#last = Number(kept.entries('counters').find(([key]) => key === name)?.[1] ?? first - 1);
  }

  next(): number {
    this.#last += 1;
    this.#kept.put('counters', this.#name, this.#last);
    return this.#last;
  }
}

/** Keeps parts under a name of their own. */
export function keptUnder(kept: Kept, name: string): Kept {
  const partOf = (part: string) => `${name} ${part}`;
  return {
    entries: (part) => kept.entries(partOf(part)),
    put: (part, key, value) => kept.put(partOf(part), key, value),
    remove: (part, key) => kept.remove(partOf(part), key),
    durable: () => kept.durable(),
  };
}
