import { loggedFields, type ObservedFields } from './observer.ts';

/** How much a line matters: what was done, or that an invocation failed. */
export type LineLevel = 'INFO' | 'ERROR';

/** Lambda's names of levels, from the least on. */
const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/**
 * Tells whether lines of a level are written.
 *
 * @param settings the least level that is, as it was set: the first one that is a level counts, and INFO if none is
 * @see [Log-level filtering](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html)
 */
export function isWritten(level: LineLevel, settings: readonly (string | undefined)[]): boolean {
  const least = settings.find((setting) => setting !== undefined && levels.includes(setting)) ?? 'INFO';
  return levels.indexOf(level) >= levels.indexOf(least);
}

/** Where and when a line was written. */
export interface LineOrigin {
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly requestId?: string | undefined;
  /** The published version of the function; undefined for code without versions. */
  readonly version?: string | undefined;
}

/** In characters. In bytes it may be three times as much, and lines of more than 256 KiB are cut on their way. */
const longestLine = 80_000;

/**
 * Writes a line of the log as JSON: the allow-listed fields and nothing else, whatever it is given, so what is not named
 * cannot leak. Fields without a value are left out. It never throws.
 *
 * @param event a literal name, e.g. `rotation.claimed`
 * @param fields makes the fields, and may throw
 * @returns one line without its end; in place of fields that cannot be read, or are too much, it says so
 */
export function logLine(level: LineLevel, event: string, fields: () => ObservedFields, origin: LineOrigin): string {
  const { atMs, requestId, version } = origin;
  const head = { level, event, timestamp: new Date(atMs).toISOString(), requestId, version };
  try {
    const told = Object.entries(loggedFields(fields())).filter(([, value]) => value !== '');
    const line = JSON.stringify({ ...head, ...Object.fromEntries(told) });
    return line.length > longestLine ? JSON.stringify({ ...head, fields: '(too much)' }) : line;
  } catch {
    // A getter of somebody else's threw, or the line is longer than a text can be.
    return JSON.stringify({ ...head, fields: '(unreadable)' });
  }
}
