/** So many names stand in a sentence. */
const mostNamed = 3;

/**
 * Writes the first names of a list, and how many more there are.
 *
 * @returns e.g. `acme, globex, initech and 4 more`
 */
export function some(names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ');
  return names.length > mostNamed ? `${shown} and ${names.length - mostNamed} more` : shown;
}

/** Cuts a text that is longer than so many characters, and shows that it goes on. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`;
}

/** Chooses the verb that fits a number. @returns e.g. `needs` for one, `need` for several */
export function agreeing(count: number, singular: string, plural: string): string {
  return count === 1 ? singular : plural;
}
