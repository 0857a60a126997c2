import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

/** A TypeScript file of ours: its path from the root, its text, and the modules that it imports. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Repository paths for relative imports, package names for the rest. */
  readonly imports: readonly string[];
}

/**
 * Reads all TypeScript under some top-level folders.
 *
 * @returns the files, sorted by path
 */
export function readSources(...folders: string[]): SourceFile[] {
  return folders
    .flatMap((folder) =>
      readdirSync(new URL(`${folder}/`, root), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${folder}/${name}`),
    )
    .sort()
    .map((path) => {
      const text = readFileSync(new URL(path, root), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    });
}

function importsOf(path: string, text: string): string[] {
  const specifiers = text.matchAll(
    /^(?:import|export)\b(?:[^'";]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
  );
  return [...specifiers].map(([, fixed, dynamic]) => {
    const specifier = fixed ?? dynamic ?? '';
    return specifier.startsWith('.') ? new URL(specifier, `file:///${path}`).pathname.slice(1) : specifier;
  });
}

/** The names in the repository's top folder that git would keep. */
export function readTopLevel(): string[] {
  const ignored = /^(\.git|node_modules|cdk\.out|dist|\.bundles|\.installing|coverage)$/;
  return readdirSync(root).filter((name) => !ignored.test(name));
}

/** A file's text without its comments, so that a rule about code does not trip over prose. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
}
