import fc from 'fast-check';
import { Choices, choiceRange } from './choices.ts';
import type { Ending } from './ending.ts';
import { runSchedule } from './run-schedule.ts';
import type { Versions } from './simulation.ts';
import { Violation } from './violation.ts';

/** A schedule, as fast-check generates it (by its seed) and shrinks it (by the choices that were made). */
class Schedule {
  readonly seed: number | undefined;
  /** The choices, known once it has run. */
  choices: readonly number[];
  constructor(seed: number | undefined, choices: readonly number[]) {
    this.seed = seed;
    this.choices = choices;
  }
}

const choiceLists = fc.array(fc.nat(choiceRange - 1), { maxLength: 5000 });

/** Generates the schedules of successive seeds, so that the seed of a failing one replays it alone. */
class Schedules extends fc.Arbitrary<Schedule> {
  #seed: number;
  readonly #step: number;
  constructor(firstSeed: number, step: number) {
    super();
    this.#seed = firstSeed;
    this.#step = step;
  }
  generate(): fc.Value<Schedule> {
    const seed = this.#seed;
    this.#seed += this.#step;
    return new fc.Value(new Schedule(seed, []), undefined);
  }
  canShrinkWithoutContext(value: unknown): value is Schedule {
    return value instanceof Schedule;
  }
  shrink({ choices }: Schedule, context: unknown): fc.Stream<fc.Value<Schedule>> {
    return choiceLists
      .shrink([...choices], context)
      .map((shrunk) => new fc.Value(new Schedule(undefined, shrunk.value_), shrunk.context));
  }
}

/** How many schedules are tried to make a failing one shorter. */
const mostShrinkings = 20_000;

/** What to explore. */
export interface Exploration {
  readonly useCases: Versions;
  readonly runs: number;
  readonly firstSeed: number;
  /** From one schedule's seed to the next one's. @default 1 */
  readonly seedStep?: number;
  readonly skewSeconds: number;
  /** Whether a failing schedule is made as short and calm as can be. */
  readonly shrinks: boolean;
}

/** A failing schedule. */
export interface Failure {
  readonly violation: Violation;
  /** Replays the schedule as it was found. */
  readonly seed: number;
  /** Its choices, shrunk where that was wanted. */
  readonly choices: readonly number[];
}

/** What is added up over schedules. */
export const figures = ['steps', 'invocations', 'deaths', 'healedVerdicts'] as const;

/** What came of an exploration. */
export interface Findings {
  readonly schedules: number;
  readonly steps: number;
  readonly invocations: number;
  readonly deaths: number;
  readonly healedVerdicts: number;
  readonly endings: Readonly<Partial<Record<Ending, number>>>;
  readonly failure?: Failure;
}

/**
 * Runs schedules until one fails.
 *
 * @throws what a use case or the simulation throws that is no violation
 */
export async function explore(exploration: Exploration): Promise<Findings> {
  const { useCases, runs, firstSeed, seedStep = 1, skewSeconds, shrinks } = exploration;
  const endings: Partial<Record<Ending, number>> = {};
  let schedules = 0;
  const totals = { steps: 0, invocations: 0, deaths: 0, healedVerdicts: 0 };
  let shrinkings = 0;
  let failure: Failure | undefined;
  const property = fc.asyncProperty(new Schedules(firstSeed, seedStep), async (schedule) => {
    const { seed } = schedule;
    if (failure && ++shrinkings > mostShrinkings) return;
    const choices = seed === undefined ? Choices.replayed(schedule.choices) : Choices.seeded(seed);
    try {
      const report = await runSchedule(useCases, choices, skewSeconds);
      if (failure) return;
      schedules += 1;
      for (const figure of figures) totals[figure] += report[figure];
      for (const ending of report.endings) endings[ending] = (endings[ending] ?? 0) + 1;
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      // Shrinking must not slide from one violation to another.
      if (failure && failure.violation.invariant !== error.invariant) return;
      schedule.choices = choices.made;
      failure = { violation: error, seed: failure?.seed ?? seed ?? 0, choices: trimmed(choices.made) };
      throw error;
    }
  });
  const details = await fc.check(property, { numRuns: runs, endOnFailure: !shrinks });
  if (details.failed && !failure) throw details.errorInstance;
  return { schedules, ...totals, endings, ...(failure && { failure }) };
}

/** Choices at the end that are 0 say nothing: 0 is what follows the last. */
function trimmed(choices: readonly number[]): number[] {
  return choices.slice(0, choices.findLastIndex((choice) => choice !== 0) + 1);
}
