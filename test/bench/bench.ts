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
  /** What figures must be on any machine; one that misses its goal ends a full run with exit code 1. @default none */
  readonly goals?: Readonly<Record<string, { readonly atLeast?: number; readonly atMost?: number }>>;
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

/** @returns the figures that miss their goals, or were not measured, e.g. `worstShareUsed 0.93, at least 0.95` */
export function missedGoals({ goals = {} }: Pick<Bench, 'goals'>, figures: Figures): string[] {
  return Object.entries(goals).flatMap(([name, { atLeast = -Infinity, atMost = Infinity }]) => {
    const figure = figures[name] ?? Number.NaN;
    if (figure >= atLeast && figure <= atMost) return [];
    return [`${name} ${figure}, ${atLeast === -Infinity ? `at most ${atMost}` : `at least ${atLeast}`}`];
  });
}
