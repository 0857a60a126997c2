import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type BuildFailure,
  type BuildOptions,
  type BuildResult,
  build,
  buildSync,
  formatMessagesSync,
  type Metafile,
  type OutputFile,
} from 'esbuild';
import { ConnectorError } from '../../../functions/connector-error.ts';
import type { FileProblem } from '../../file-problem.ts';
import { type HandlerName, handlerNames } from '../../handler-names.ts';
import { mapForErrors, readSourceMap } from './error-map.ts';
import { leanSdk } from './lean-sdk.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Where each function's bundle lies: a directory that holds `index.mjs` and, for the worker, `index.mjs.map`; nothing else. */
export type Bundles = Readonly<Record<HandlerName, string>>;

/** An entry file is missing, cannot be bundled, or does not export what it must; the message is one line. */
export class EntryError extends ConnectorError {
  override readonly name = 'EntryError';
  readonly code = 'wrong_entry';
  /** The same fault by fault, where the bundler gave places. */
  readonly problems: readonly FileProblem[];
  constructor(message: string, problems: readonly FileProblem[] = []) {
    super(message);
    this.problems = problems;
  }
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

/** The function whose last part is the integrator's file. */
const workerName = 'webhook-worker' satisfies HandlerName;

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
  charset: 'utf8',
} satisfies BuildOptions;

/** A CommonJS package that on-event.ts may import calls `require` for Node's modules, which ESM has not. */
const requireBanner = { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" };

/**
 * What functions get in place of parts of the SDK that none of them uses. The integrator's file, which may use them, is
 * bundled without it.
 */
function leftOut(): Readonly<Record<string, string>> {
  const adapter = (name: string) => join(root, 'lib/cloud/bundle', `${name}.ts`);
  return {
    // The default provider can also sign in by SSO, files and processes; a Lambda function never does.
    '@aws-sdk/credential-provider-node': adapter('environment-credentials'),
    // 20 kB that are loaded for streams alone: no operation in use has one.
    '@smithy/core/event-streams': adapter('absent-event-streams'),
    // 9 kB for a way to find DynamoDB that nobody turns on.
    '@aws-sdk/middleware-endpoint-discovery': adapter('absent-endpoint-discovery'),
  };
}

/**
 * Bundles all functions by one run of esbuild (one run for each would take ten times as long), and then the worker with
 * the integrator's file.
 *
 * Source maps are written beside the bundles (`source-maps/NAME.mjs.map`), so that they are not deployed. The worker has
 * one more in its bundle, without the sources' texts: by it an error names the line of the integrator's file.
 * Files are replaced in one step, since test files bundle side by side.
 *
 * @returns the asset directory of every function, the same for every environment
 * @throws EntryError
 */
export async function bundleFunctions(props: BundleProps = {}): Promise<Bundles> {
  const { entryDirectory, outputDirectory = join(root, '.bundles'), onEventEntry } = props;
  const alias = onEventEntry === undefined ? {} : { [onEventName]: existingFile(onEventEntry) };
  const bundled = await bundleEntries(entryDirectory ?? join(root, 'functions'), outputDirectory);
  for (const [name, part] of Object.entries(bundled)) {
    const { code, map } = name === workerName ? writeWorker(join(outputDirectory, name), part, alias) : part;
    if (name !== workerName) replaceFile(join(outputDirectory, name, 'index.mjs'), code);
    replaceFile(join(outputDirectory, 'source-maps', `${name}.mjs.map`), map);
  }
  return directoriesIn(outputDirectory);
}

/**
 * Bundles the worker alone, with another file in the place of the integrator's, into a folder of `.bundles/` of its own.
 *
 * @returns the worker's asset directory
 * @throws EntryError
 */
export async function bundleWorker(onEventEntry: string): Promise<string> {
  const path = existingFile(onEventEntry);
  const alias = { [onEventName]: path };
  const outputDirectory = join(
    root,
    '.bundles',
    'workers',
    createHash('sha256').update(path).digest('hex').slice(0, 16),
  );
  const { [workerName]: part } = await bundleEntries(join(root, 'functions'), outputDirectory, [workerName]);
  if (part === undefined) throw new TypeError('esbuild gave no bundle of the worker.');
  writeWorker(join(outputDirectory, workerName), part, alias);
  return join(outputDirectory, workerName);
}

/**
 * Bundles our part of the worker, once, for a file in the integrator's place that is going to change. That file is bundled
 * beside it and not into it as for a deployment, which takes a fortieth of the time.
 *
 * @returns a function that writes the asset of the worker with a file to a directory, and gives the files that it is made
 * of: the file and what it imports, but no packages. It throws EntryError, and writes nothing then.
 */
export async function workerBundler(): Promise<(entry: string, directory: string) => Promise<readonly string[]>> {
  const part = await workerPart();
  const text = Buffer.from(part.code).toString();
  const [before, after, ...more] = text.split(JSON.stringify(onEventName));
  if (before === undefined || after === undefined || more.length > 0) {
    throw new TypeError(`The worker's bundle does not import ${onEventName} at one place.`);
  }
  const code = Buffer.from(`${before}"./on-event.mjs"${after}`);
  return async (given, directory) => {
    const entry = existingFile(given);
    const { outputFiles, metafile } = await buildInTime({
      entryPoints: [{ in: entry, out: 'on-event' }],
      // Nothing is written there: the map's sources are to be relative to it.
      outdir: root,
      banner: requireBanner,
      sourcemap: 'external',
    });
    refuseMissingExports(entry, metafile);
    const own = bundleOf(outputFiles);
    const inputs = Object.keys(metafile.inputs);
    const mapOf = (map: Uint8Array, theirs: readonly string[]) =>
      mapForErrors(map, { root, entry, theirs: new Set(theirs) });
    replaceFile(join(directory, 'on-event.mjs.map'), mapOf(own.map, inputs));
    replaceFile(join(directory, 'on-event.mjs'), own.code);
    if (part.map !== undefined) replaceFile(join(directory, 'index.mjs.map'), mapOf(part.map, []));
    replaceFile(join(directory, 'index.mjs'), code);
    return inputs.filter((input) => !input.includes('node_modules/')).map((input) => resolve(root, input));
  };
}

/** Our part of the worker: bundled from its sources, or as the published package has brought it. */
async function workerPart(): Promise<WorkerPart> {
  const packaged = join(root, 'bundles', workerName, 'index.mjs');
  if (existsSync(packaged)) return { code: readFileSync(packaged) };
  const { [workerName]: part } = await bundleEntries(join(root, 'functions'), join(root, '.bundles'), [workerName]);
  if (part === undefined) throw new TypeError('esbuild gave no bundle of the worker.');
  return part;
}

/** The worker asks for both at the first event; here it is seen before. */
function refuseMissingExports(entry: string, { outputs }: Metafile): void {
  const exported = Object.values(outputs).flatMap(({ entryPoint, exports }) => (entryPoint ? exports : []));
  const missing = ['onConnectionChange', 'onEvent'].filter((name) => !exported.includes(name));
  if (missing.length > 0) throw new EntryError(lackingExports(entry, missing));
}

function lackingExports(file: string, names: readonly string[]): string {
  return (
    `${file} does not export ${names.join(' and ')}. The file that gets the events exports two ` +
    'async functions by name: onEvent and onConnectionChange.'
  );
}

/**
 * Bundles the functions for the published package, all but the integrator's file, which is not known yet.
 *
 * @param outputDirectory `bundles` beside the compiled `lib`
 * @returns paths of what went into them, from the root of the repository
 */
export async function bundleForPackage(outputDirectory: string): Promise<readonly string[]> {
  const bundled = await bundleEntries(join(root, 'functions'), outputDirectory);
  for (const [name, { code, map }] of Object.entries(bundled)) {
    replaceFile(join(outputDirectory, name, 'index.mjs'), code);
    replaceFile(join(outputDirectory, 'source-maps', `${name}.mjs.map`), map);
  }
  const entryPoints = [{ in: join(root, 'functions/on-event.ts'), out: 'on-event/index' }];
  const { outputFiles } = buildNow({ entryPoints, outdir: outputDirectory });
  for (const { path, contents } of outputFiles) replaceFile(path, contents);
  const sources = Object.values(bundled).flatMap(({ map }) => readSourceMap(map).sources);
  return sources.map((source) => source.replace(/^(\.\.\/)+/, ''));
}

/**
 * Adds to the published package's bundles what only the integrator has: the worker's last part. It does not wait, since
 * the constructor of a construct cannot.
 *
 * @param outputDirectory where the worker's asset goes: below what the app is synthesized to, which keeps it as long as a
 *   template that may name it
 * @param onEventEntry the file that exports `onEvent` and `onConnectionChange`; without one, events are logged
 * @throws EntryError, also where there are no packaged bundles
 */
export function packagedBundles(outputDirectory: string, onEventEntry?: string): Bundles {
  const packaged = join(root, 'bundles');
  if (!existsSync(packaged)) {
    throw new EntryError(`There are no bundles in ${packaged}. Give \`bundles: await bundleFunctions()\`.`);
  }
  const entry = existingFile(onEventEntry ?? join(packaged, 'on-event', 'index.mjs'));
  const part = { code: readFileSync(join(packaged, workerName, 'index.mjs')) };
  // Environments with the same file share it.
  const directory = join(
    outputDirectory,
    `${workerName}.${createHash('sha256').update(entry).digest('hex').slice(0, 16)}`,
  );
  writeWorker(directory, part, { [onEventName]: entry });
  return { ...directoriesIn(packaged), [workerName]: directory };
}

/** A function's bundle. */
interface Bundle {
  readonly code: Uint8Array;
  readonly map: Uint8Array;
}

/** A bundle as the published package has it: without a map. */
interface WorkerPart {
  readonly code: Uint8Array;
  readonly map?: Uint8Array;
}

/** Bundles the worker with the integrator's file, and writes its asset. @returns the bundle @throws EntryError */
function writeWorker(directory: string, part: WorkerPart, alias: Readonly<Record<string, string>>): Bundle {
  const { code, map, inputs } = completeWorker(part, alias);
  const entry = alias[onEventName] ?? join(root, 'functions', 'on-event.ts');
  const own = new Set(part.map === undefined ? [] : readSourceMap(part.map).sources);
  const theirs = inputs.filter((input) => !own.has(input) && input !== `${workerName}.mjs`);
  replaceFile(join(directory, 'index.mjs.map'), mapForErrors(map, { root, entry, theirs: new Set(theirs) }));
  replaceFile(join(directory, 'index.mjs'), code);
  return { code, map };
}

/** Bundles the worker with the integrator's file, in which nothing is left out. @throws EntryError */
function completeWorker(
  { code, map }: WorkerPart,
  alias: Readonly<Record<string, string>>,
): Bundle & { readonly inputs: readonly string[] } {
  const text = Buffer.from(code).toString();
  // esbuild follows a map that it finds in the text, so that the worker's map leads to the sources as well.
  const mapped =
    map && `${text}//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}`;
  const { outputFiles, metafile } = buildNow({
    stdin: { contents: mapped ?? text, resolveDir: root, sourcefile: `${workerName}.mjs` },
    outfile: join(root, `${workerName}.mjs`),
    alias,
    banner: requireBanner,
    sourcemap: 'external',
  });
  return { ...bundleOf(outputFiles), inputs: Object.keys(metafile.inputs) };
}

async function bundleEntries(
  entryDirectory: string,
  outdir: string,
  names: readonly HandlerName[] = handlerNames,
): Promise<Readonly<Record<string, Bundle>>> {
  const missing = names.map((name) => join(entryDirectory, `${name}.ts`)).filter((entry) => !existsSync(entry));
  if (missing.length > 0) {
    throw new EntryError(`Missing: ${missing.join(', ')}. The stack deploys each of them as a function.`);
  }
  const { outputFiles, metafile } = await buildInTime({
    entryPoints: names.map((name) => ({ in: join(entryDirectory, `${name}.ts`), out: `${name}/index` })),
    outdir,
    alias: leftOut(),
    external: [onEventName],
    sourcemap: 'external',
    plugins: [leanSdk],
  });
  for (const { entryPoint, exports } of Object.values(metafile.outputs)) {
    if (entryPoint && !exports.includes('handler')) throw new EntryError(`${entryPoint} does not export \`handler\`.`);
  }
  const filesOf = (name: string) => outputFiles.filter(({ path }) => functionOf(path) === name);
  return Object.fromEntries(names.map((name) => [name, bundleOf(filesOf(name))]));
}

function bundleOf(files: readonly OutputFile[]): Bundle {
  const code = files.find(({ path }) => !path.endsWith('.map'));
  const map = files.find(({ path }) => path.endsWith('.map'));
  if (code === undefined || map === undefined) throw new TypeError('esbuild gave no bundle with a source map.');
  return { code: code.contents, map: map.contents };
}

function existingFile(onEventEntry: string): string {
  const path = resolve(onEventEntry);
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
  throw new EntryError(
    `onEventEntry: got ${JSON.stringify(onEventEntry)}, but there is no file ${path}. Give the path of the file that ` +
      'exports onEvent and onConnectionChange, absolute or from the folder in which cdk is started.',
  );
}

/** Nothing is written by esbuild itself, and its messages are ours to print. */
const inMemory = { write: false, metafile: true, logLevel: 'silent' } as const;

/** Bundles, while this process goes on. @throws EntryError instead of esbuild's own error, which prints several lines */
async function buildInTime(options: BuildOptions) {
  try {
    return withWarnings(await build({ ...common, ...options, ...inMemory }));
  } catch (error) {
    throw isBuildFailure(error) ? entryError(error) : error;
  }
}

/** Bundles without waiting. @throws EntryError, as above */
function buildNow(options: BuildOptions) {
  try {
    return withWarnings(buildSync({ ...common, ...options, ...inMemory }));
  } catch (error) {
    throw isBuildFailure(error) ? entryError(error) : error;
  }
}

function withWarnings<Result extends BuildResult>(result: Result): Result {
  for (const warning of formatMessagesSync(result.warnings, { kind: 'warning' })) console.error(warning);
  return result;
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors) && error.errors.length > 0;
}

function entryError({ errors }: BuildFailure): EntryError {
  const problems = errors.map(({ text, location }): FileProblem => {
    const { file, line = 0, column = 0, lineText } = location ?? {};
    if (file === undefined) return { text };
    return { text, place: { file: resolve(root, file), line, column: column + 1 }, ...(lineText && { lineText }) };
  });
  const lacking = errors.flatMap(({ text }) => {
    const [, file, name] = /^No matching export in "(.*)" for import "(onEvent|onConnectionChange)"$/.exec(text) ?? [];
    return file !== undefined && name !== undefined ? [{ file, name }] : [];
  });
  const [first] = lacking;
  if (first !== undefined) {
    const names = lacking.map(({ name }) => name).sort();
    return new EntryError(lackingExports(resolve(root, first.file), names), problems);
  }
  const [{ text, location } = { text: '', location: null }, ...others] = errors;
  const where = location ? `${resolve(root, location.file)}:${location.line}:${location.column + 1}: ` : '';
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  return new EntryError(
    `${where}${text.replaceAll(/\s+/g, ' ')}${more}. The functions cannot be bundled until that is repaired.`,
    problems,
  );
}

function directoriesIn(parent: string): Bundles {
  return Object.fromEntries(handlerNames.map((name) => [name, join(parent, name)])) as Record<HandlerName, string>;
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
