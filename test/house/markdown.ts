import { existsSync, readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
const rooms = ['bin', 'functions', 'lib', 'test'];

/** A Markdown document of the repository. */
export interface MarkdownDocument {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** Reads every Markdown document of the repository. */
export function readDocuments(): MarkdownDocument[] {
  const inRooms = rooms.flatMap((room) =>
    readdirSync(new URL(`${room}/`, root), { recursive: true, encoding: 'utf8' }).map((name) => `${room}/${name}`),
  );
  return [...readdirSync(root), ...inRooms]
    .filter((path) => path.endsWith('.md'))
    .map((path) => ({ path, text: readFileSync(new URL(path, root), 'utf8') }));
}

/** Tells whether the repository has such a file or folder. @param path from its root */
export function isInRepository(path: string): boolean {
  return existsSync(new URL(path, root));
}

/** Resolves a path as a link of a file does. @returns the path from the repository's root */
export function resolvePath(from: string, path: string): string {
  return new URL(path, `file:///${from}`).pathname.slice(1);
}

/** The lines outside of code blocks; lines within one are empty here, so that numbers stay. */
function proseOf(text: string): string[] {
  let fence = '';
  return text.split('\n').map((line) => {
    const [, mark = ''] = /^ {0,3}(```+|~~~+)/.exec(line) ?? [];
    const isWithin = fence !== '';
    if (mark !== '' && (fence === '' || mark.startsWith(fence))) fence = fence === '' ? mark : '';
    return isWithin || mark !== '' ? '' : line;
  });
}

/**
 * Finds the anchors to which links can lead: those that GitHub makes of headings, and explicit ones.
 *
 * @see https://github.com/gjtorikian/html-pipeline/blob/v2.14.3/lib/html/pipeline/toc_filter.rb
 */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of proseOf(text)) {
    for (const [, id = ''] of line.matchAll(/<a id="([^"]+)"><\/a>/g)) anchors.add(id);
    const [, heading] = /^#{1,6} (.+)$/.exec(line) ?? [];
    if (heading === undefined) continue;
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Finds the targets of a document's links that lead to a place in the repository. */
export function linksOf(text: string): string[] {
  const prose = proseOf(text)
    .join('\n')
    .replaceAll(/`[^`\n]*`/g, '``');
  return [...prose.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Gives the code that a document shows, inline and in blocks. */
export function codeOf(text: string): string {
  const prose = proseOf(text);
  const blocks = text.split('\n').filter((_, index) => prose[index] === '');
  return [...blocks, ...prose.flatMap((line) => [...line.matchAll(/`([^`]*)`/g)].map(([, code = '']) => code))].join(
    '\n',
  );
}

/** Splits a row of a table. @returns its cells; none for a line that is no row */
export function cellsOf(line: string): string[] {
  const [, row] = /^\|(.*)\|\s*$/.exec(line) ?? [];
  return row === undefined ? [] : row.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

/**
 * Finds tables that would not be shown as one table: without header and delimiter row, with a row that has more or
 * fewer cells than the header, or with text right before or after, which would become a part of it.
 *
 * @returns what is wrong, with the number of the line
 * @see https://github.github.com/gfm/#tables-extension-
 */
export function brokenTables(text: string): string[] {
  const lines = proseOf(text);
  const isRow = (line = '') => line.startsWith('|');
  const isOpen = (line = '') => line !== '' && !line.startsWith('<!--') && !isRow(line);
  return lines.flatMap((line, index) => {
    if (!isRow(line)) return [];
    const at = `line ${index + 1}`;
    const [before, after] = [lines[index - 1], lines[index + 1]];
    const faults = isOpen(before) || isOpen(after) ? [`${at}: text next to the table`] : [];
    let start = index;
    while (isRow(lines[start - 1])) start -= 1;
    const header = cellsOf(lines[start] ?? '');
    if (start === index && !/^\|(\s*:?-+:?\s*\|)+$/.test(after ?? '')) faults.push(`${at}: no header row`);
    const { length } = cellsOf(line);
    if (length !== header.length || length === 0)
      faults.push(`${at}: ${length} cells, the header has ${header.length}`);
    return faults;
  });
}
