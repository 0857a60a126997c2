import { type ObservedFields, type Observer, observedFieldNames } from '../observer.ts';
import { type RedactedJson, redactFields, redactText } from '../redact.ts';

/** Writes a log line of the integrator's. */
export type OwnLog = (event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** The longest name of a line, in characters. */
const longestEvent = 200;

/**
 * Lets the integrator's code write log lines with fields of its own. Those with names that our lines have as well, e.g.
 * `companyId`, stand beside each other, so that one query finds both; all others stand below `fields`. They are redacted
 * and bounded, and nothing that is logged makes a try fail.
 */
export function ownLog(observer: Pick<Observer, 'note'>): OwnLog {
  return (event, fields = {}) => {
    // What is no text may be what cannot be made one.
    const name = typeof event === 'string' ? event : String(redactFields(event));
    observer.note(redactText(name, longestEvent), sorted(redactFields(fields)));
  };
}

function sorted(redacted: RedactedJson): ObservedFields {
  if (typeof redacted !== 'object' || redacted === null || Array.isArray(redacted))
    return { fields: { value: redacted } };
  const shared: Record<string, RedactedJson> = {};
  const own: Record<string, RedactedJson> = {};
  const names: ReadonlySet<string> = new Set(observedFieldNames);
  for (const [name, value] of Object.entries(redacted)) {
    const isShared = names.has(name) && (typeof value === 'string' || typeof value === 'number');
    (isShared ? shared : own)[name] = value;
  }
  return { ...shared, ...(Object.keys(own).length > 0 && { fields: own }) };
}
