import { setCommandsApart } from './suggested-commands.ts';

/** How many columns everything that people read fits into. */
export const lineWidth = 80;

const gap = '  ';

/**
 * Breaks a text into lines at its spaces. A word that is longer than a line, a URL say, stays in one piece: it can be
 * copied then. A command that a longer text suggests comes after it, on a line of its own, for the same reason.
 *
 * @returns at least one line
 */
export function wrap(text: string, width: number): readonly string[] {
  if (text.length <= width) return [text];
  const { prose, commands } = setCommandsApart(text);
  return [...wrapProse(prose, width), ...commands];
}

function wrapProse(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && longer.length > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Breaks a text as {@link wrap} does and sets all its lines in. */
export function indent(text: string, margin: string): string {
  return wrap(text, lineWidth - margin.length)
    .map((line) => margin + line)
    .join('\n');
}

/** Puts a label before a text whose further lines are set in as far as the label is long. */
export function hang(label: string, text: string): string {
  return label + indent(text, ' '.repeat(label.length)).trimStart();
}

/**
 * Lays rows out in columns under their headings. Columns that do not fit beside the others stand below them, set in,
 * for headings and rows alike: so no id is cut, and each can be copied. A column in which nothing stands is left out.
 *
 * @returns lines without trailing spaces
 */
export function showTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const filled = headings.map((_, column) => column).filter((column) => rows.some((row) => row[column] !== ''));
  const all = [headings, ...rows].map((row) => filled.map((column) => row[column] ?? ''));
  const widths = filled.map((_, column) =>
    all.reduce((width, row) => Math.max(width, Math.min(row[column]?.length ?? 0, lineWidth - gap.length)), 0),
  );
  const folds = foldColumns(widths);
  return all
    .flatMap((row) => folds.flatMap((fold, index) => showFold(row, widths, fold, index === 0 ? '' : gap)))
    .join('\n');
}

/** Spreads columns over as few lines as they need, in their order. */
function foldColumns(widths: readonly number[]): readonly (readonly number[])[] {
  const folds: number[][] = [];
  let used = lineWidth;
  for (const [column, width] of widths.entries()) {
    if (used + gap.length + width > lineWidth) {
      used = folds.length === 0 ? 0 : gap.length;
      folds.push([]);
    } else used += gap.length;
    used += width;
    folds.at(-1)?.push(column);
  }
  return folds;
}

/** Shows those cells of a row that stand beside each other; nothing when all of them are empty. */
function showFold(
  row: readonly string[],
  widths: readonly number[],
  columns: readonly number[],
  margin: string,
): readonly string[] {
  const cells = columns.map((column) => ({
    width: widths[column] ?? 0,
    lines: wrap(row[column] ?? '', widths[column] ?? 0),
  }));
  if (columns.every((column) => row[column] === '')) return [];
  const height = Math.max(...cells.map(({ lines }) => lines.length));
  return Array.from({ length: height }, (_, index) =>
    (margin + cells.map(({ width, lines }) => (lines[index] ?? '').padEnd(width)).join(gap)).trimEnd(),
  );
}

/**
 * Lays names and values out in two columns; a value that has no room beside its name stands below it.
 *
 * @returns lines without trailing spaces
 */
export function showFacts(facts: readonly (readonly [name: string, value: string])[], margin = ''): string {
  const nameWidth = facts.reduce((width, [name]) => Math.max(width, name.length), 0);
  return facts.flatMap(([name, value]) => showFact(name, value, nameWidth, margin)).join('\n');
}

function showFact(name: string, value: string, nameWidth: number, margin: string): readonly string[] {
  const label = margin + name.padEnd(nameWidth) + gap;
  const [first = '', ...others] = wrap(value, lineWidth - label.length);
  const fits = [first, ...others].every((line) => label.length + line.length <= lineWidth);
  if (!fits) return [margin + name, ...wrap(value, lineWidth - gap.length).map((line) => margin + gap + line)];
  return [(label + first).trimEnd(), ...others.map((line) => ' '.repeat(label.length) + line)];
}

/** Writes a time to the second, as the log and `--json` have it. @param epochSeconds undefined gives a dash */
export function showTime(epochSeconds: number | undefined): string {
  return epochSeconds === undefined ? '-' : new Date(epochSeconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * Writes how long something is or was, for people.
 *
 * @param seconds a negative one counts as none
 * @returns e.g. `45 s`, `12 min`, `5 h`, `3 d`
 */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.floor(whole / 60)} min`;
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h`;
  return `${Math.floor(whole / 86_400)} d`;
}

/**
 * Writes a time as people think of it, for a column of a table.
 *
 * @param epochSeconds undefined gives a dash
 * @param now epoch seconds
 * @returns e.g. `3 min ago`, `in 42 min`, `now`
 */
export function fromNow(epochSeconds: number | undefined, now: number): string {
  if (epochSeconds === undefined) return '-';
  const seconds = epochSeconds - now;
  if (Math.abs(seconds) < 1) return 'now';
  return seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
}

/** Writes a time to the second and, beside it, as {@link fromNow} does, where there is room for both. */
export function showMoment(epochSeconds: number | undefined, now: number): string {
  return epochSeconds === undefined ? '-' : `${showTime(epochSeconds)} (${fromNow(epochSeconds, now)})`;
}

/** Writes a number of things. @param thing in the singular, its plural with an s */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
