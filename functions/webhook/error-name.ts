/**
 * Names an error for a log line, without its text, which may quote what the log must not hold.
 *
 * @returns the error's `name`; `unknown` for what is no Error
 */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
