/** The stand-in's time. It follows the given clock and can be moved ahead of it. */
export interface MovableClock {
  /** Epoch milliseconds. */
  now(): number;
  /** How far it is ahead of the given clock, in milliseconds. */
  ahead(): number;
  /** Moves to a later time, in epoch milliseconds; an earlier one is ignored. */
  moveTo(milliseconds: number): void;
}

/**
 * Puts a movable offset on a clock.
 *
 * @param base epoch milliseconds
 * @param ahead how far it is ahead at first, in milliseconds
 */
export function movableClock(base: () => number, ahead = 0): MovableClock {
  let offset = ahead;
  const now = () => base() + offset;
  return {
    now,
    ahead: () => offset,
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
