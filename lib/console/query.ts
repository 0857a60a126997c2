import { z } from 'zod';

/** A field of a form that nobody has filled in says nothing. */
export const optional = z
  .string()
  .trim()
  .transform((text) => (text === '' ? undefined : text))
  .optional();

/** Writes what a page's address says, as its query. What is undefined is left out. */
export function addressOf(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}
