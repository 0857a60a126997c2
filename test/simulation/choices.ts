/** Choices are whole numbers from 0 to one less than this. */
export const choiceRange = 65_536;

/**
 * Everything that a schedule leaves open: who is slow, what fails, who crashes, when somebody comes.
 *
 * Each choice is one number; 0 always stands for the calm case, so a failing schedule shrinks towards a calm one. The
 * same numbers give the same schedule; after their end all choices are 0.
 */
export class Choices {
  /** What has been chosen so far. */
  readonly made: number[] = [];
  readonly #draw: () => number;

  private constructor(draw: () => number) {
    this.#draw = draw;
  }

  /** Draws from a pseudorandom sequence (mulberry32): fast, and good enough to explore with. */
  static seeded(seed: number): Choices {
    let state = seed | 0;
    const draw = () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return (mixed ^ (mixed >>> 14)) >>> 16;
    };
    // Neighbouring seeds must not give related schedules.
    for (let discarded = 0; discarded < 3; discarded += 1) state = Math.imul(draw() + state, 0x9e3779b1) ^ state;
    return new Choices(draw);
  }

  /** Repeats choices made before. */
  static replayed(made: readonly number[]): Choices {
    let next = 0;
    return new Choices(() => made[next++] ?? 0);
  }

  #next(): number {
    const choice = this.#draw();
    this.made.push(choice);
    return choice;
  }

  /** Says yes with this probability. */
  chance(probability: number): boolean {
    return this.#next() >= choiceRange * (1 - probability);
  }

  /** Gives a number from 0 (included) to 1 (excluded). */
  fraction(): number {
    return this.#next() / choiceRange;
  }

  /** Picks one of a list; its first is the calm one. */
  pick<const Item>(items: readonly [Item, ...Item[]]): Item {
    return items[Math.floor(this.fraction() * items.length)] ?? items[0];
  }
}
