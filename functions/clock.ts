/** The time now in epoch seconds; fractions allowed. */
export type Clock = () => number;

/** Waits that many milliseconds. */
export type Sleep = (milliseconds: number) => Promise<void>;

/** The time that this invocation has left, in milliseconds. */
export type RemainingTime = () => number;

/** A random number from 0 (included) to 1 (excluded), for jitter; not for secrets. */
export type RandomFraction = () => number;

/** A new unguessable identifier of letters and digits with at least 256 bits of randomness. */
export type RandomId = () => string;
