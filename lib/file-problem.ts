import { relative } from 'node:path';

/** Something that is wrong with a file that a person wrote. */
export interface FileProblem {
  readonly text: string;
  /** Absent where the fault has no line, as that something is missing. Line and column count from 1. */
  readonly place?: { readonly file: string; readonly line: number; readonly column: number };
  /** The line itself. */
  readonly lineText?: string;
}

/** More faults than this are counted and not shown: most follow from the first ones. */
const mostShown = 5;

/** A longer line is cut, e.g. that of a file that was made by a program. */
const longestLine = 160;

/**
 * Shows faults to people, each with its place as editors and terminals lead to it: `functions/on-event.ts:12:9`.
 *
 * @param folder paths are shown as seen from there
 * @returns lines, without an indent
 */
export function showProblems(problems: readonly FileProblem[], folder: string): string[] {
  const lines = problems.slice(0, mostShown).flatMap(({ text, place, lineText }) => {
    if (place === undefined) return [text];
    const shown = lineText?.trim().slice(0, longestLine);
    const { file, line, column } = place;
    return [`${relative(folder, file)}:${line}:${column}  ${text}`, ...(shown ? [`    ${line} | ${shown}`] : [])];
  });
  const more = problems.length - mostShown;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}
