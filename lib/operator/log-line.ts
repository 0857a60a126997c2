import { redactText } from '../../functions/redact.ts';
import type { LoggedLine } from './deployment.ts';

/** What a line of a log says, by name; `event`, `level` and `timestamp` are there. */
export type LogFields = Readonly<Record<string, unknown>>;

/** As much of a line that on-event.ts writes by `console` is shown, in characters. */
const longestMessage = 2000;

/** Lambda's own lines: of the platform, and of an invocation that failed, of which ours says more. */
const platformLine =
  /^(START|END|REPORT|INIT_START|INIT_REPORT|XRAY|EXTENSION)\b|(^|\tERROR\t)(Invoke Error|Uncaught Exception) *\t/;

/** What Lambda puts before a line that was written by `console`. */
const consoleLine = /^(\d{4}-\d\d-\d\dT[\d:.]+Z)\t\S+\t(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t([\s\S]*)$/;

/**
 * Reads a line of a function's log: ours are JSON with an `event`; what on-event.ts writes by `console.log` gets the event
 * `console`, redacted.
 *
 * @returns undefined for Lambda's own lines and those of metrics
 */
export function readLogLine({ at, text }: Pick<LoggedLine, 'at' | 'text'>): LogFields | undefined {
  const fields = readJson(text);
  if (fields !== undefined && typeof fields.event === 'string' && 'timestamp' in fields) return fields;
  if (text.trim() === '' || platformLine.test(text) || (fields !== undefined && '_aws' in fields)) return undefined;
  const [, timestamp = new Date(at).toISOString(), level = 'INFO', message = text] = consoleLine.exec(text) ?? [];
  return { timestamp, event: 'console', level, message: redactText(message.trimEnd(), longestMessage) };
}

function readJson(text: string): LogFields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as LogFields) : undefined;
  } catch {
    return undefined;
  }
}
