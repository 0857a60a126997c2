import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The functions that the stack deploys; each is the entry file `functions/NAME.ts`, which exports `handler`. */
export const functionNames = [
  'connect-link',
  'oauth-start',
  'oauth-callback',
  'oauth-company',
  'disconnect',
  'access-token',
  'rotation-sweep',
  'token-rotation',
  'token-recovery',
  'webhook-intake',
  'webhook-worker',
] as const;

export type FunctionName = (typeof functionNames)[number];

/** Where each function's bundle lies: a directory that holds `index.mjs` and nothing else. */
export type Bundles = Readonly<Record<FunctionName, string>>;

/** A function's entry file is missing, or exports no handler. */
export class EntryError extends Error {
  override readonly name = 'EntryError';
  readonly code = 'wrong_entry';
}

/**
 * Bundles all functions by one run of esbuild: one run for each would take ten times as long.
 *
 * Source maps are written beside the bundles (`source-maps/NAME.mjs.map`), so that they are not deployed.
 *
 * @param entryDirectory where `NAME.ts` are
 * @param outputDirectory where `NAME/index.mjs` go; files are replaced in one step, since test files bundle side by side
 * @returns the asset directory of every function, the same for every environment
 * @throws EntryError
 */
export function bundleFunctions(
  entryDirectory: string = join(root, 'functions'),
  outputDirectory: string = join(root, '.bundles'),
): Bundles {
  const missing = functionNames.map((name) => join(entryDirectory, `${name}.ts`)).filter((entry) => !existsSync(entry));
  if (missing.length > 0) {
    throw new EntryError(`Missing: ${missing.join(', ')}. The stack deploys each of them as a function.`);
  }
  const { outputFiles, metafile } = buildSync({
    entryPoints: functionNames.map((name) => ({ in: join(entryDirectory, `${name}.ts`), out: `${name}/index` })),
    outdir: outputDirectory,
    absWorkingDir: root,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // The SDK's CommonJS build, which esbuild prefers on Node, is twice as large.
    mainFields: ['module', 'main'],
    alias: {
      // The default provider can also sign in by SSO, files and processes; a Lambda function never does.
      '@aws-sdk/credential-provider-node': join(root, 'functions/aws/environment-credentials.ts'),
    },
    // A CommonJS package that on-event.ts may import calls `require` for Node's modules, which ESM has not.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    legalComments: 'none',
    sourcemap: 'external',
    metafile: true,
    write: false,
  });
  for (const { entryPoint, exports } of Object.values(metafile.outputs)) {
    if (entryPoint && !exports.includes('handler')) throw new EntryError(`${entryPoint} does not export \`handler\`.`);
  }
  for (const { path, contents } of outputFiles) {
    const map = path.endsWith('.map');
    replaceFile(map ? join(outputDirectory, 'source-maps', `${functionOf(path)}.mjs.map`) : path, contents);
  }
  const directories = functionNames.map((name) => [name, join(outputDirectory, name)]);
  return Object.fromEntries(directories) as Record<FunctionName, string>;
}

function functionOf(bundledFile: string): string {
  return dirname(bundledFile).split(/[\\/]/).at(-1) ?? '';
}

function replaceFile(path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  // Beside the asset's directory, not in it: CDK must never find a half-written file while it copies the asset.
  const written = `${dirname(path)}.${randomUUID()}.tmp`;
  writeFileSync(written, contents);
  renameSync(written, path);
}
