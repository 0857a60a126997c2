/** A place in a file: line and column count from 1, as in a stack. */
export interface BundlePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A place in a file that a person wrote; line and column count from 1. */
export interface SourcePlace {
  /** The integrator's files by their path from that of on-event.ts; ours below `procore-connector/`. */
  readonly source: string;
  readonly line: number;
  readonly column: number;
}

/** As much of a stack is read, in characters. */
const longestStack = 20_000;

/** Our own files, and those of packages. */
const others = /^procore-connector\/|(?:^|\/)node_modules\//;

/**
 * Gives the place at which an error was thrown, e.g. `on-event.ts:12:9`: the innermost one of the integrator's own files,
 * which is the one that they can change; if there is none, the innermost of all.
 *
 * @param sourceOf gives the place in the sources that a place in the bundle was made of; undefined for other places
 * @returns undefined when the stack has no line of the sources
 */
export function sourceFrame(
  { stack }: Pick<Error, 'stack'>,
  sourceOf: (place: BundlePlace) => SourcePlace | undefined,
): string | undefined {
  const lines = (stack ?? '')
    .slice(0, longestStack)
    .split('\n')
    .flatMap(readPlace)
    .flatMap((place) => sourceOf(place) ?? []);
  const frame = lines.find(({ source }) => !others.test(source)) ?? lines[0];
  return frame && `${frame.source}:${frame.line}:${frame.column}`;
}

/** Reads a frame of a stack: `at name (FILE:LINE:COLUMN)`, `at async FILE:LINE:COLUMN`. */
function readPlace(text: string): BundlePlace[] {
  if (!/^\s{1,20}at /.test(text)) return [];
  const last = text
    .slice(text.lastIndexOf(' ') + 1)
    .replace(/^\(/, '')
    .replace(/\)$/, '');
  const [column, line, ...file] = last.split(':').reverse();
  if (!/^\d+$/.test(column ?? '') || !/^\d+$/.test(line ?? '')) return [];
  return [{ file: file.reverse().join(':'), line: Number(line), column: Number(column) }];
}
