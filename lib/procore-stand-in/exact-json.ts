/** JSON with the number source text, which TypeScript's library does not describe yet: a double holds no id above 2^53. */
interface ExactJson {
  rawJSON(text: string): unknown;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
}

const exact: ExactJson = JSON as unknown as ExactJson;

/**
 * Marks text as JSON to be written as it stands.
 *
 * @param text a JSON number, string, boolean or null
 */
export function rawJson(text: string): unknown {
  return exact.rawJSON(text);
}

/**
 * Reads JSON and keeps numbers that a double cannot hold as their digits, ready to be written again exactly.
 *
 * @throws SyntaxError when the text is not JSON
 */
export function parseExact(text: string): unknown {
  return exact.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? rawJson(source) : value,
  );
}

/** Tells whether a value read from JSON is an object with named members. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
