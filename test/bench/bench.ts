/** Numbers that a benchmark measured, by name; the name carries the unit. */
export type Figures = Readonly<Record<string, number>>;

/** One benchmark: `test/bench/NAME.ts` exports it as `bench`. It measures and never judges a time. */
export interface Bench {
  /** One sentence: what is measured against what. */
  readonly about: string;
  /**
   * Measures.
   *
   * @param flags what was given after the name, e.g. `--faults`
   * @returns the figures
   */
  run(flags: readonly string[]): Promise<Figures>;
}
