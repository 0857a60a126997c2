import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Gives the sources of a bundle by the map beside each of its files (`index.mjs.map`). It is read when somebody asks first: most
 * processes never see an error, and to let Node read it at the start (`--enable-source-maps`) would cost each of them.
 *
 * @param bundleUrl the `import.meta.url` of the bundle
 * @returns a function that gives the line of the sources behind a place of the bundle; undefined where none is known, so
 * also without a map
 * @see [module.SourceMap](https://nodejs.org/api/module.html#class-modulesourcemap)
 */
export function bundleSources(bundleUrl: string) {
  // `npm start` bundles the integrator's file beside ours.
  const files = new Set([bundleUrl, new URL('on-event.mjs', bundleUrl).href]);
  const maps = new Map<string, SourceMap | undefined>();
  return ({ file, line, column }: { readonly file: string; readonly line: number; readonly column: number }) => {
    if (!files.has(file)) return undefined;
    if (!maps.has(file)) maps.set(file, readMap(file));
    const map = maps.get(file);
    const origin = map?.findOrigin(line, column);
    return origin !== undefined && 'fileName' in origin
      ? { source: origin.fileName, line: origin.lineNumber, column: origin.columnNumber }
      : undefined;
  };
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(file)}.map`, 'utf8')));
  } catch {
    // To tell where an error was thrown is a help; that it was thrown has to be told in any case.
    return undefined;
  }
}
