import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** A CommonJS package calls `require` for Node's modules, which a module has not. */
const requireBanner = { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" };

/** In the code itself: what stands in a banner for bundles means the bundle. */
const ownPlace = /(?<!createRequire\()import\.meta\.url/g;

/** Files that a source of ours names from its own place lie at that place of the package, wherever the source is bundled. */
const placesOf = (root: string): Plugin => ({
  name: 'places',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/](lib|functions)[\\/].*\.ts$/ }, ({ path }) => {
      if (path.includes('node_modules')) return undefined;
      const place = JSON.stringify(`../${relative(root, path).replaceAll('\\', '/')}`);
      const contents = readFileSync(path, 'utf8').replaceAll(ownPlace, `new URL(${place}, import.meta.url).href`);
      return { contents, loader: 'ts' };
    });
  },
});

/** dynalite finds its actions by names that esbuild follows only with the ending, and a store on the disk that we never ask for. */
const dynalite: Plugin = {
  name: 'dynalite',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /node_modules[\\/]dynalite[\\/]index\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(/(require\('\.\/\w+\/' \+ action)\)/g, "$1 + '.js')"),
      loader: 'js',
    }));
    onResolve({ filter: /^level$/ }, () => ({ path: 'level', namespace: 'absent' }));
    onLoad({ filter: /^level$/, namespace: 'absent' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/**
 * Writes the command line with everything that it needs but the CDK, so that who installs the package for its construct
 * installs no client of AWS for it.
 *
 * @returns paths of what went into it, from the root of the repository
 */
export async function writeCommandLine(root: string, outputDirectory: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [
      { in: join(root, 'bin/procore-package.ts'), out: 'procore-connector' },
      { in: join(root, 'lib/local/runtime/runtime-worker.ts'), out: 'runtime-worker' },
    ],
    plugins: [placesOf(root), dynalite],
    outdir: join(outputDirectory, 'bin'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // The app's own CDK, and what the construct needs anyway.
    external: ['aws-cdk-lib', 'constructs', 'esbuild'],
    // The SDK takes longer to load than everything else, and most commands load only a part of it.
    splitting: true,
    chunkNames: 'part-[hash]',
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'error',
    banner: requireBanner,
    metafile: true,
  });
  return Object.keys(metafile.inputs);
}
