/** Numbers that a benchmark measured, by name; the name carries the unit. */
export type Figures = Readonly<Record<string, number>>;

/** How much a benchmark does: `smoke` does so little that it takes seconds, and still gives every figure. */
export type BenchSize = 'full' | 'smoke';

/** One benchmark: `test/bench/NAME.ts` exports it as `bench`. It measures and never judges a time. */
export interface Bench {
  /** One sentence: what is measured against what. */
  readonly about: string;
  /** What may be given after the name besides `--json` and `--smoke`, e.g. `--faults`. @default nothing */
  readonly flags?: readonly string[];
  /** Figures that must be 0 on any machine: one above it ends the run with exit code 1. @default none */
  readonly mustBeZero?: readonly string[];
  /**
   * Measures.
   *
   * @param flags which of {@link flags} were given
   * @returns the figures
   */
  run(flags: readonly string[], size: BenchSize): Promise<Figures>;
}

/** @returns the figures that must be 0 and are not, with their values, e.g. `fuzzLeaks 3` */
export function wrongFigures({ mustBeZero = [] }: Pick<Bench, 'mustBeZero'>, figures: Figures): string[] {
  return mustBeZero.filter((name) => (figures[name] ?? 0) !== 0).map((name) => `${name} ${figures[name]}`);
}
