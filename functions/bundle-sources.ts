import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Gives the sources of a bundle by the map beside it (`index.mjs.map`). It is read when somebody asks first: most
 * processes never see an error, and to let Node read it at the start (`--enable-source-maps`) would cost each of them.
 *
 * @param bundleUrl the `import.meta.url` of the bundle
 * @returns a function that gives the line of the sources behind a place of the bundle; undefined where none is known, so
 * also without a map
 * @see [module.SourceMap](https://nodejs.org/api/module.html#class-modulesourcemap)
 */
export function bundleSources(bundleUrl: string) {
  let map: SourceMap | undefined;
  return ({ file, line, column }: { readonly file: string; readonly line: number; readonly column: number }) => {
    if (file !== bundleUrl) return undefined;
    map ??= readMap(bundleUrl);
    const origin = map?.findOrigin(line, column);
    return origin !== undefined && 'fileName' in origin
      ? { source: origin.fileName, line: origin.lineNumber }
      : undefined;
  };
}

function readMap(bundleUrl: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(bundleUrl)}.map`, 'utf8')));
  } catch {
    // To tell where an error was thrown is a help; that it was thrown has to be told in any case.
    return undefined;
  }
}
