import { errorName, isConnectorError } from '../connector-error.ts';
import { redactText } from '../redact.ts';

/** What people are told about an error: bounded, and without secrets. */
export interface ToldError {
  readonly errorName: string;
  /** What it said, at most 500 characters. */
  readonly text: string;
  /** Where it was thrown, e.g. `on-event.ts:12:9`. */
  readonly frame?: string;
  /** What to do about it, if we know. */
  readonly remedy?: string;
  /** By which `procore support-report` finds the call of Procore that failed. */
  readonly referenceId?: string;
}

/** Gives the place in the sources at which an error was thrown. */
export type FrameOf = (error: Error) => string | undefined;

/** The most characters of each field. */
const most = { text: 500, name: 100, frame: 300, remedy: 400, referenceId: 100 } as const;

/** More causes than this explain nothing. */
const mostCauses = 3;

/**
 * Tells an error to people: what it is, what it said with its causes, where it was thrown and what to do. The words of
 * the integrator's own errors are kept, but for secrets.
 *
 * @param error anything that was thrown
 * @param frameOf reads the error's stack; it may throw
 */
export function toldError(error: unknown, frameOf: FrameOf): ToldError {
  const errors = chainOf(error);
  // An error of somebody else's may have anything as its name.
  const name: unknown = errorName(error);
  const frame = frameOfChain(errors, frameOf);
  const remedy = errors.map(remedyOf).find(isText);
  const referenceId = errors.map((each) => (each as { readonly referenceId?: unknown }).referenceId).find(isText);
  return {
    errorName: redactText(isText(name) ? name : 'unknown', most.name),
    // What to do is told apart, so that it is not lost where a long text is cut.
    text: redactText(without(textOf(error, errors), remedy), most.text),
    ...(frame !== undefined && { frame: redactText(frame, most.frame) }),
    ...(remedy !== undefined && { remedy: redactText(remedy, most.remedy) }),
    ...(referenceId !== undefined && { referenceId: redactText(referenceId, most.referenceId) }),
  };
}

/** Lists an error and its causes. */
function chainOf(error: unknown): readonly Error[] {
  const errors: Error[] = [];
  for (let next = error; next instanceof Error && errors.length <= mostCauses; next = next.cause) errors.push(next);
  return errors;
}

function textOf(error: unknown, errors: readonly Error[]): string {
  // An error's own name is kept beside its text; a cause's is not.
  const texts = errors.map(({ name, message }, index) => (index === 0 ? message : `${name}: ${message}`));
  return errors.length === 0 ? thrownText(error) : texts.join(' Cause: ');
}

/** Anything can be thrown, also what cannot be made a text. */
function thrownText(thrown: unknown): string {
  try {
    return String(typeof thrown === 'object' && thrown !== null ? JSON.stringify(thrown) : thrown);
  } catch {
    return '(unreadable)';
  }
}

/** What the innermost error says is nearest to the fault; where that cannot be told, what it caused is. */
function frameOfChain(errors: readonly Error[], frameOf: FrameOf): string | undefined {
  for (const error of errors.toReversed()) {
    try {
      const frame = frameOf(error);
      if (frame !== undefined) return frame;
    } catch {
      // A stack of somebody else's that cannot be read must not cost the record of the try.
    }
  }
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function without(text: string, part: string | undefined): string {
  return part === undefined
    ? text
    : text
        .replace(part, () => '')
        .replace('  Cause: ', ' Cause: ')
        .trim();
}

/** @returns what to do about an error of ours; undefined for the integrator's own */
function remedyOf(error: Error): unknown {
  if (!isConnectorError(error)) return undefined;
  const { remedy, reconnect } = error as { readonly remedy?: unknown; readonly reconnect?: unknown };
  return remedy ?? reconnect;
}
