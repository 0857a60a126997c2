/** How chance spreads pauses, so that callers which failed together do not come back together. */
export interface Jitter {
  /** The share of the full pause at the fraction 0. */
  readonly from: number;
  /** What the fraction 1 adds to that share; negative to shorten the pause. */
  readonly spread: number;
}

/** How pauses between tries grow. `first` and `most` have the unit that the caller counts in. */
export interface BackOff {
  /** The full pause after the first try. */
  readonly first: number;
  /** By what each full pause is longer than the one before. Default is 2. */
  readonly factor?: number;
  /** No full pause is longer. */
  readonly most: number;
  /** Default is none: every pause is a full one. */
  readonly jitter?: Jitter;
}

/** The full pause, none of it by chance. */
const noJitter: Jitter = { from: 1, spread: 0 };

/**
 * Tells how long to pause before the next try: exponential back-off with jitter.
 *
 * @param tries how many tries there were, from 1
 * @param fraction which part of the jitter to use, 0 to 1; a random one
 * @returns the pause, in the unit of `first`
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function pauseAfter(
  tries: number,
  { first, factor = 2, most, jitter = noJitter }: BackOff,
  fraction = 0,
): number {
  return jittered(Math.min(first * factor ** (tries - 1), most), jitter, fraction);
}

/**
 * Makes a pause longer or shorter by chance.
 *
 * @param pause the full pause
 * @param fraction which part of the jitter to use, 0 to 1; a random one
 * @returns the pause, in the same unit
 */
export function jittered(pause: number, { from, spread }: Jitter, fraction: number): number {
  return pause * (from + spread * fraction);
}
