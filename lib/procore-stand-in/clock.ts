/** The stand-in's time. It follows the given clock and can be moved ahead of it. */
export interface MovableClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Moves to a later time, in epoch milliseconds; an earlier one is ignored. */
  moveTo(milliseconds: number): void;
}

/**
 * Puts a movable offset on a clock.
 *
 * @param base epoch milliseconds
 */
export function movableClock(base: () => number): MovableClock {
  let offset = 0;
  const now = () => base() + offset;
  return {
    now,
    moveTo: (milliseconds) => {
      offset += Math.max(0, milliseconds - now());
    },
  };
}

/** Writes a time (epoch milliseconds) as Procore's events do, with microseconds. */
export function microsecondTimestamp(milliseconds: number, microseconds: number): string {
  const digits = String(microseconds % 1000).padStart(3, '0');
  return new Date(milliseconds).toISOString().replace('Z', `${digits}Z`);
}

/** Writes a time (epoch milliseconds) as Procore's resources do, to the second. */
export function secondTimestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
