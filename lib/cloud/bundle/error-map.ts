import { dirname, join, relative, sep } from 'node:path';

/** A source map, as far as we read it. @see [ECMA-426](https://tc39.es/ecma426/) */
interface SourceMapText {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[];
}

/** Reads a source map that esbuild has made. */
export function readSourceMap(map: Uint8Array): SourceMapText {
  return JSON.parse(Buffer.from(map).toString());
}

/** Whose sources a map leads to. */
interface Owners {
  /** The folder that the map's sources are relative to. */
  readonly root: string;
  /** The integrator's entry. */
  readonly entry: string;
  /** Sources that were bundled with it: the integrator's, and those of packages. */
  readonly theirs: ReadonlySet<string>;
}

/**
 * Makes of a bundle's map one by which an error names its line: without the texts of the sources, which are three quarters
 * of it, and with names that people know. The integrator's files are named by their path from the entry's folder, packages
 * from `node_modules/` on, and our own files below `procore-connector/`. So it is the same on every machine.
 *
 * @returns the map's JSON
 */
export function mapForErrors(map: Uint8Array, { root, entry, theirs }: Owners): Uint8Array {
  const { sourcesContent: _, ...rest } = readSourceMap(map);
  const folder = dirname(entry);
  const nameOf = (source: string) => {
    const inPackages = source.lastIndexOf('node_modules/');
    if (inPackages !== -1) return source.slice(inPackages);
    const path = join(root, source);
    return theirs.has(source) || path === entry
      ? relative(folder, path).split(sep).join('/')
      : `procore-connector/${source.replace(/^(\.\.\/)+/, '')}`;
  };
  return Buffer.from(JSON.stringify({ ...rest, sources: rest.sources.map(nameOf) }));
}
