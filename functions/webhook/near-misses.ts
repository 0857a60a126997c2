/** How many names are worth suggesting. */
const mostSuggestions = 3;

/**
 * Finds the known names that a mistyped name may have meant: those that differ in a third of its letters at most.
 *
 * @returns the nearest first, three at most
 */
export function nearMisses(name: string, knownNames: readonly string[]): readonly string[] {
  const most = Math.max(2, Math.floor(name.length / 3));
  return [...new Set(knownNames)]
    .map((known) => ({ known, distance: editDistance(name.toLowerCase(), known.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .toSorted((one, other) => one.distance - other.distance)
    .slice(0, mostSuggestions)
    .map(({ known }) => known);
}

/** Counts the letters to insert, delete or replace (Levenshtein). */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...left].entries()) {
    let diagonal = row[0] ?? 0;
    const next = [index + 1];
    for (let column = 1; column <= right.length; column += 1) {
      const above = row[column] ?? 0;
      const replaced = diagonal + (right[column - 1] === letter ? 0 : 1);
      next.push(Math.min(above + 1, (next[column - 1] ?? 0) + 1, replaced));
      diagonal = above;
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
