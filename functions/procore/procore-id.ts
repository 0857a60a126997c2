/**
 * Tells whether a value is a numeric id of Procore's as text, e.g. of a company or a project. It has to be a text,
 * because numbers lose digits beyond 2^53.
 *
 * @returns true for 1 to 20 digits
 */
export function isProcoreId(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}
