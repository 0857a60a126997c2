import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

/** What `procore init` writes is an integrator's code: it knows the package, and no folder of ours. */
const starter = 'lib/starter/files/';

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
        .map((name) => `${folder}/${name}`)
        .filter((path) => !path.startsWith(starter)),
    )
    .sort()
    .map((path) => {
      const text = readFileSync(new URL(path, root), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    });
}

/**
 * Tells whose files are the integrator's: on-event.ts, and what nothing but it and its own imports. How they are built is
 * the integrator's matter; what holds for them as well is judged with all files.
 *
 * @param files all of bin, lib and functions
 */
export function integratorsFiles(files: readonly SourceFile[]): ReadonlySet<string> {
  const own = new Set([ownFile]);
  const byPath = new Map(files.map((file) => [file.path, file]));
  for (const path of own) {
    for (const imported of byPath.get(path)?.imports ?? []) if (byPath.has(imported)) own.add(imported);
  }
  const isOurs = (path: string) =>
    files.some(({ path: importing, imports }) => !own.has(importing) && imports.includes(path));
  // What is ours keeps what it imports, so each that is found may bring more.
  for (let found = true; found; ) {
    const ours = [...own].filter((path) => path !== ownFile && isOurs(path));
    for (const path of ours) own.delete(path);
    found = ours.length > 0;
  }
  return own;
}

/** The file that the integrator writes. */
const ownFile = 'functions/on-event.ts';

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
