import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, buildSync } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The functions that the stack deploys; each is the entry file `functions/NAME.ts`, which exports `handler`. */
export const functionNames = [
  'connect-link',
  'connect-service-account',
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
  'subscription-audit',
  'reconciliation',
] as const;

export type FunctionName = (typeof functionNames)[number];

/** Where each function's bundle lies: a directory that holds `index.mjs` and nothing else. */
export type Bundles = Readonly<Record<FunctionName, string>>;

/** A function's entry file is missing, or exports no handler. */
export class EntryError extends Error {
  override readonly name = 'EntryError';
  readonly code = 'wrong_entry';
}

/** What functions are bundled from and to. */
export interface BundleProps {
  /** Where `NAME.ts` are. @default functions/, or what the published package brings along, bundled already */
  readonly entryDirectory?: string;
  /** Where `NAME/index.mjs` go. @default .bundles/ */
  readonly outputDirectory?: string;
  /** The file that exports `onEvent` and `onConnectionChange`. @default functions/on-event.ts, which logs events */
  readonly onEventEntry?: string;
}

/** How the worker's entry names the integrator's file; package.json says which one it is by default. */
const onEventName = '#on-event';

/** What every run of esbuild has in common. */
const common = {
  absWorkingDir: root,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // The SDK's CommonJS build, which esbuild prefers on Node, is twice as large.
  mainFields: ['module', 'main'],
  legalComments: 'none',
} satisfies BuildOptions;

/** A CommonJS package that on-event.ts may import calls `require` for Node's modules, which ESM has not. */
const requireBanner = { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" };

/**
 * Bundles all functions by one run of esbuild: one run for each would take ten times as long.
 *
 * Source maps are written beside the bundles (`source-maps/NAME.mjs.map`), so that they are not deployed.
 * Files are replaced in one step, since test files bundle side by side.
 *
 * @returns the asset directory of every function, the same for every environment
 * @throws EntryError
 */
export function bundleFunctions(props: BundleProps = {}): Bundles {
  const { entryDirectory, outputDirectory = join(root, '.bundles'), onEventEntry } = props;
  const packaged = join(root, 'bundles');
  if (entryDirectory === undefined && existsSync(packaged)) return completePackaged(packaged, onEventEntry);
  const alias = onEventEntry === undefined ? {} : { [onEventName]: resolve(onEventEntry) };
  return bundleEntries(entryDirectory ?? join(root, 'functions'), outputDirectory, { alias, banner: requireBanner });
}

/**
 * Bundles the functions for the published package, all but the integrator's file, which is not known yet.
 *
 * @param outputDirectory `bundles` beside the compiled `lib`
 */
export function bundleForPackage(outputDirectory: string): void {
  bundleEntries(join(root, 'functions'), outputDirectory, { external: [onEventName] });
  const entryPoints = [{ in: join(root, 'functions/on-event.ts'), out: 'on-event/index' }];
  const { outputFiles } = buildSync({ ...common, write: false, entryPoints, outdir: outputDirectory });
  for (const { path, contents } of outputFiles) replaceFile(path, contents);
}

/** Adds to the published package's bundles what only the integrator has: the worker's last part. */
function completePackaged(packaged: string, onEventEntry = join(packaged, 'on-event', 'index.mjs')): Bundles {
  const outdir = mkdtempSync(join(tmpdir(), 'procore-connector-worker-'));
  const { outputFiles } = buildSync({
    ...common,
    write: false,
    entryPoints: [join(packaged, 'webhook-worker', 'index.mjs')],
    outdir,
    alias: { [onEventName]: resolve(onEventEntry) },
    banner: requireBanner,
  });
  for (const { contents } of outputFiles) replaceFile(join(outdir, 'webhook-worker', 'index.mjs'), contents);
  return { ...directoriesIn(packaged), 'webhook-worker': join(outdir, 'webhook-worker') };
}

function bundleEntries(entryDirectory: string, outputDirectory: string, { alias, ...options }: BuildOptions): Bundles {
  const missing = functionNames.map((name) => join(entryDirectory, `${name}.ts`)).filter((entry) => !existsSync(entry));
  if (missing.length > 0) {
    throw new EntryError(`Missing: ${missing.join(', ')}. The stack deploys each of them as a function.`);
  }
  const { outputFiles, metafile } = buildSync({
    ...common,
    ...options,
    write: false,
    entryPoints: functionNames.map((name) => ({ in: join(entryDirectory, `${name}.ts`), out: `${name}/index` })),
    outdir: outputDirectory,
    alias: {
      // The default provider can also sign in by SSO, files and processes; a Lambda function never does.
      '@aws-sdk/credential-provider-node': join(root, 'functions/aws/environment-credentials.ts'),
      ...alias,
    },
    sourcemap: 'external',
    metafile: true,
  });
  for (const { entryPoint, exports } of Object.values(metafile.outputs)) {
    if (entryPoint && !exports.includes('handler')) throw new EntryError(`${entryPoint} does not export \`handler\`.`);
  }
  for (const { path, contents } of outputFiles) {
    const map = path.endsWith('.map');
    replaceFile(map ? join(outputDirectory, 'source-maps', `${functionOf(path)}.mjs.map`) : path, contents);
  }
  return directoriesIn(outputDirectory);
}

function directoriesIn(parent: string): Bundles {
  return Object.fromEntries(functionNames.map((name) => [name, join(parent, name)])) as Record<FunctionName, string>;
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
