import { ConnectorError } from '../connector-error.ts';

/** A JSON value from {@link parseExactJson}. An integer that a double cannot hold is the string of its digits. */
export type ExactJson = null | boolean | number | string | readonly ExactJson[] | ExactJsonObject;

/** A JSON object from {@link parseExactJson}. */
export interface ExactJsonObject {
  readonly [key: string]: ExactJson | undefined;
}

/** How many levels of arrays and objects are read. Procore's deepest documented body has fewer than ten. */
const deepestLevel = 100;

/**
 * A text is not JSON, or is nested too deeply. The message repeats nothing of the text, which may hold a secret. There
 * is no cause either, because the message of `JSON.parse` quotes what it read.
 */
export class InvalidJsonError extends ConnectorError {
  override readonly name = 'InvalidJsonError';
  readonly code = 'invalid_json';
  constructor(problem: string) {
    super(`The text is not usable JSON: ${problem}.`);
  }
}

/**
 * Parses JSON without losing the digits of ids: Procore's ids may exceed 2^53, where `JSON.parse` alone rounds.
 *
 * - An integer literal (`-?[0-9]+`) beyond `Number.MAX_SAFE_INTEGER` in size becomes the string of its digits; every
 *   other value is what `JSON.parse` gives, so a small id is a number: read ids through {@link exactId}.
 * - Literals with a fraction or an exponent stay doubles. Procore does not write ids like that.
 * - When a key comes twice, the last one wins, as with `JSON.parse`. `__proto__` is a key like any other.
 *
 * @returns the value
 * @throws InvalidJsonError when the text is not JSON or is nested more than 100 levels deep
 * @see [JSON.parse source text access](https://github.com/tc39/proposal-json-parse-with-source)
 */
export function parseExactJson(text: string): ExactJson {
  // The walk that calls the reviver is recursive: a body of ten thousand brackets would overflow the stack.
  if (isTooDeep(text)) throw new InvalidJsonError(`it is nested more than ${deepestLevel} levels deep`);
  try {
    return JSON.parse(text, keepDigits);
  } catch {
    throw new InvalidJsonError(`it cannot be parsed (${text.length} characters)`);
  }
}

/**
 * Reads an id from a parsed body. Procore writes ids as numbers (v1 endpoints) or as strings (v2).
 *
 * @returns the id's exact text; undefined when the value is not an id (missing, null, empty, a fraction, rounded)
 */
export function exactId(value: ExactJson | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

/**
 * Tells whether a parsed value is an object, not null and not an array.
 *
 * @returns true when its fields can be read
 */
export function isJsonObject(value: ExactJson | undefined): value is ExactJsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value for {@link writeExactJson}. A `bigint` is written as its digits, for an id that has to be a number. */
export type ExactJsonInput =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly ExactJsonInput[]
  | { readonly [key: string]: ExactJsonInput | undefined };

/** A number is beyond 2^53 and has lost digits already. */
export class InexactNumberError extends ConnectorError {
  override readonly name = 'InexactNumberError';
  readonly code = 'inexact_number';
  constructor() {
    super('A number beyond 2^53 cannot be exact. Give ids as strings, or as bigint where Procore wants a number.');
  }
}

/** TypeScript's library does not describe raw JSON yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/**
 * Writes JSON with exact ids: strings stay strings, a `bigint` becomes its digits.
 *
 * @returns JSON text
 * @throws InexactNumberError for an integer beyond 2^53 that is a double
 * @see [JSON.parse source text access](https://github.com/tc39/proposal-json-parse-with-source)
 */
export function writeExactJson(value: ExactJsonInput): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return rawJSON(inner.toString());
    if (typeof inner === 'number' && Number.isInteger(inner) && !Number.isSafeInteger(inner)) {
      throw new InexactNumberError();
    }
    return inner;
  });
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d+$/.test(source) ? source : value;
}

function isTooDeep(text: string): boolean {
  let level = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '[' || character === '{') {
      level++;
      if (level > deepestLevel) return true;
    } else if (character === ']' || character === '}') level--;
  }
  return false;
}
