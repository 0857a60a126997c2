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
  readonly #isShrunkEnough: () => boolean;

  /** @param isShrunkEnough ends the shrinking: fast-check would make all the shorter schedules that nobody runs any more */
  constructor(firstSeed: number, step: number, isShrunkEnough: () => boolean) {
    super();
    this.#isShrunkEnough = isShrunkEnough;
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
      .map((shrunk) => new fc.Value(new Schedule(undefined, shrunk.value_), shrunk.context))
      .takeWhile(() => !this.#isShrunkEnough());
  }
}

/** How many schedules are tried to make a failing one shorter. */
const mostShrinkings = 20_000;
/** And for how long, in milliseconds: a calm schedule can be a long one, of days in which an event is tried again and again. */
const shrinkingMs = 20_000;

/** Which schedules to explore, of whatever world. */
export interface ScheduleRange {
  readonly runs: number;
  readonly firstSeed: number;
  /** From one schedule's seed to the next one's. @default 1 */
  readonly seedStep?: number;
  /** Whether a failing schedule is made as short and calm as can be. */
  readonly shrinks: boolean;
}

/** What to explore. */
export interface Exploration extends ScheduleRange {
  readonly useCases: Versions;
  readonly skewSeconds: number;
}

/** A failing schedule. */
export interface Failure {
  readonly violation: Violation;
  /** Replays the schedule as it was found. */
  readonly seed: number;
  /** Its choices, shrunk where that was wanted. */
  readonly choices: readonly number[];
}

/** What one schedule came to: how things ended, and numbers. */
interface Report {
  readonly endings: readonly string[];
}

/** What is added up over schedules: how often each ending came, and the sum of each number by its name. */
export interface Tally {
  readonly schedules: number;
  readonly totals: Readonly<Record<string, number>>;
  readonly endings: Readonly<Record<string, number>>;
  readonly failure?: Failure;
}

/** What came of an exploration of rotation. */
export interface Findings {
  readonly schedules: number;
  readonly endings: Readonly<Partial<Record<Ending, number>>>;
  readonly failure?: Failure;
}

/**
 * Runs schedules of rotation until one fails.
 *
 * @throws what a use case or the simulation throws that is no violation
 */
export async function explore({ useCases, skewSeconds, ...range }: Exploration): Promise<Findings> {
  return exploreSchedules((choices) => runSchedule(useCases, choices, skewSeconds), range);
}

/**
 * Runs schedules until one fails.
 *
 * @param run runs one; throws Violation
 * @throws what else it throws
 */
export async function exploreSchedules(
  run: (choices: Choices) => Promise<Report>,
  { runs, firstSeed, seedStep = 1, shrinks }: ScheduleRange,
): Promise<Tally> {
  const endings: Record<string, number> = {};
  const totals: Record<string, number> = {};
  let schedules = 0;
  let shrinkings = 0;
  let failedAt = 0;
  let failure: Failure | undefined;
  const isShrunkEnough = () => shrinkings > mostShrinkings || performance.now() - failedAt > shrinkingMs;
  const property = fc.asyncProperty(new Schedules(firstSeed, seedStep, isShrunkEnough), async (schedule) => {
    const { seed } = schedule;
    if (failure) shrinkings += 1;
    const choices = seed === undefined ? Choices.replayed(schedule.choices) : Choices.seeded(seed);
    try {
      const { endings: ends, ...numbers } = await run(choices);
      if (failure) return;
      schedules += 1;
      addTo(totals, numbers);
      for (const ending of ends) endings[ending] = (endings[ending] ?? 0) + 1;
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      // Shrinking must not slide from one violation to another.
      if (failure && failure.violation.invariant !== error.invariant) return;
      if (failure === undefined) failedAt = performance.now();
      schedule.choices = choices.made;
      failure = { violation: error, seed: failure?.seed ?? seed ?? 0, choices: trimmed(choices.made) };
      throw error;
    }
  });
  const details = await fc.check(property, { numRuns: runs, endOnFailure: !shrinks });
  if (details.failed && !failure) throw details.errorInstance;
  return { schedules, totals, endings, ...(failure && { failure }) };
}

/** Adds numbers to sums, each to the one of its name. */
export function addTo(sums: Record<string, number>, numbers: Readonly<Record<string, number>>): void {
  for (const [name, number] of Object.entries(numbers)) sums[name] = (sums[name] ?? 0) + number;
}

/** Choices at the end that are 0 say nothing: 0 is what follows the last. */
function trimmed(choices: readonly number[]): number[] {
  return choices.slice(0, choices.findLastIndex((choice) => choice !== 0) + 1);
}
