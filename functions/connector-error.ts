/** Marks errors of ours. It is the same symbol in every copy of this module: a bundle and a package can bring two. */
const brand = Symbol.for('procore-connector.error');

/**
 * The base class of all errors that this product makes on purpose. Each has a literal `code` for programs, and a
 * message that we wrote: what was wrong, what was got, what to do. So the message may be logged and shown.
 */
export abstract class ConnectorError extends Error {
  /** Literal and in snake_case, e.g. `roll_over_under_way`. It does not change between versions. */
  abstract readonly code: string;

  get [brand](): true {
    return true;
  }
}

/**
 * Tells whether an error is one of ours, also when another copy of this module made it: the published package has the
 * class in the worker's bundle and in what the integrator's file imports.
 */
export function isConnectorError(error: unknown): error is ConnectorError {
  return error instanceof Error && brand in error;
}

/**
 * Names an error for a log line. Names are chosen by programmers, so they hold no secret; messages may. It never throws.
 *
 * @returns the error's name; `unknown` when something else than an Error was thrown, or it has no text as its name
 */
export function errorName(error: unknown): string {
  try {
    return error instanceof Error && typeof error.name === 'string' ? error.name : 'unknown';
  } catch {
    // The name is a getter of somebody else's.
    return 'unknown';
  }
}

/**
 * Tells where an error came from, for a log line: the frames of its stack. Its text is left out, since it may quote what
 * does not belong in a log.
 *
 * @returns the frames in one line; undefined when there is no stack to read, as of what is not an Error
 */
export function stackFrames(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined;
  return error.stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join(' | ');
}
