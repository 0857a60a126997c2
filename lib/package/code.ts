import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';

/** Stands for `import.meta.url`, which CommonJS does not have. */
const ownUrl = 'moduleUrl';
const ownUrlLine = `const ${ownUrl} = require('node:url').pathToFileURL(__filename).href;\n`;

/** Leaves our own files apart, each with a name that `require` finds. */
const apart: Plugin = {
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true },
    );
  },
};

/**
 * Writes some files, and all that they import of ours, as CommonJS: each file once, so that whoever loads two entries gets
 * the same classes from both.
 *
 * @param files from the root of the repository
 * @param brought names of the packages that the package's package.json asks for
 * @throws Error when a file imports another package, which nobody who installs ours would have
 */
export async function writeCommonJs(
  root: string,
  files: readonly string[],
  { outputDirectory, brought }: { readonly outputDirectory: string; readonly brought: readonly string[] },
): Promise<void> {
  const common = {
    absWorkingDir: root,
    outdir: outputDirectory,
    outbase: root,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    charset: 'utf8',
    write: false,
    logLevel: 'error',
    define: { 'import.meta.url': ownUrl },
  } satisfies BuildOptions;
  const { metafile } = await build({ ...common, entryPoints: [...files], metafile: true });
  refuseOthers(metafile, brought);
  const { outputFiles } = await build({ ...common, entryPoints: Object.keys(metafile.inputs), plugins: [apart] });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, new RegExp(`\\b${ownUrl}\\b`).test(text) ? `${ownUrlLine}${text}` : text);
  }
}

/** @throws Error that names the file and what it imports */
function refuseOthers({ inputs }: Metafile, brought: readonly string[]): void {
  for (const [file, { imports }] of Object.entries(inputs)) {
    for (const { path, external } of imports) {
      const [name] = /^(@[^/]+\/)?[^/]+/.exec(path) ?? [path];
      if (!external || isBuiltin(path) || brought.includes(name)) continue;
      throw new Error(`${file} imports ${path}, which the package does not bring. It brings: ${brought.join(', ')}.`);
    }
  }
}

/**
 * Writes what an entry is loaded by: a CommonJS file, and a module that gives the same objects. The declarations of both
 * lie beside them, so that resolution that knows no `exports` finds the entry, too.
 *
 * @param name of the entry, e.g. `client`
 * @param file where its exports are, from the root of the repository
 */
export function writeEntry(name: string, file: string, outputDirectory: string): void {
  const compiled = `./${file.replace(/\.ts$/, '.js')}`;
  const write = (ending: string, text: string) => writeFileSync(join(outputDirectory, `${name}${ending}`), text);
  write('.js', `module.exports = require('${compiled}');\n`);
  write('.d.ts', `export * from '${compiled}';\n`);
  const exported = Object.keys(createRequire(join(outputDirectory, 'package.json'))(`./${name}.js`));
  write('.mjs', `export { ${exported.sort().join(', ')} } from './${name}.js';\n`);
  write('.d.mts', `export * from './${name}.js';\n`);
}
