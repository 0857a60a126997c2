import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { absentPackage } from './absent-package.ts';
import { type AppCommands, nodePackage, writeApp } from './app.ts';
import type { Cell } from './cells.ts';

const run = promisify(execFile);

/** What became of a cell. */
export interface CellResult {
  readonly cell: Cell;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** What failed, or why it was not tried. */
  readonly why: string;
  /** How long its installation and everything after it took. */
  readonly seconds: readonly [install: number, rest: number];
}

/** Package managers that npm brings, by the package. */
const managers = { pnpm: 'pnpm@10', 'yarn 1': 'yarn@1', 'yarn 4': '@yarnpkg/cli-dist@4' } as const;
const programs = { pnpm: 'pnpm/bin/pnpm.cjs', 'yarn 1': 'yarn/bin/yarn.js', 'yarn 4': '@yarnpkg/cli-dist/bin/yarn.js' };

/**
 * Runs one cell in a folder of its own, which it removes.
 *
 * @param tarball the packed package
 * @param tools a folder that keeps package managers from one cell to the next
 */
export async function runCell(cell: Cell, tarball: string, tools: string): Promise<CellResult> {
  const ended = (outcome: CellResult['outcome'], why = '', seconds: CellResult['seconds'] = [0, 0]) =>
    ({ cell, outcome, why, seconds }) satisfies CellResult;
  if (cell.node !== undefined && process.platform !== 'linux') return ended('skipped', `npm brings no ${nodePackage}`);
  const folder = mkdtempSync(join(tmpdir(), `consumer-${cell.name}-`));
  try {
    const settings = await registrySettings();
    const commands = writeApp(folder, cell, tarball);
    const started = performance.now();
    const install = await installer(cell, tools, settings);
    if (typeof install === 'string') return ended('skipped', install);
    const [installed, installSeconds] = [await tell(() => install(folder)), secondsSince(started)];
    if (installed !== undefined) return ended(...untried(installed));
    const begun = performance.now();
    const fault = await checkApp(folder, cell, commands);
    return ended(fault === undefined ? 'passed' : 'failed', fault ?? '', [installSeconds, secondsSince(begun)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Types, tests, the command line, and what stays in the temporary folder. @returns what is wrong */
async function checkApp(folder: string, cell: Cell, { types, tests }: AppCommands): Promise<string | undefined> {
  const own = join(folder, 'tmp');
  mkdirSync(own);
  const bin = join(folder, 'node_modules/.bin');
  const node = join(folder, 'node_modules', nodePackage, 'bin');
  const path = [...(cell.node === undefined ? [dirname(process.execPath)] : [node]), bin, process.env.PATH ?? ''];
  // Only this: what npm, vitest or a session has set must not help.
  const env = { PATH: path.join(delimiter), HOME: process.env.HOME, TMPDIR: own, CI: 'true' };
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ...types.map((words) => ['types', words] as const),
    ...tests.map((words) => ['tests', words] as const),
    ['command line', ['procore', 'connections', '--help']],
    ['command line', ['procore-connector', '--help']],
  ];
  for (const [what, [program = '', ...words]] of commands) {
    const fault = await tell(() => run(program, words, { cwd: folder, env, maxBuffer: 2 ** 26 }));
    if (fault !== undefined) return `${what} (${[program, ...words].join(' ')}): ${fault}`;
  }
  const left = readdirSync(own).filter((name) => /procore/.test(name));
  return left.length === 0 ? undefined : `left in the temporary folder: ${left.join(', ')}`;
}

type Install = (folder: string) => Promise<unknown>;

/** @returns how a cell's packages are installed; a text when its package manager cannot be had here */
async function installer(cell: Cell, tools: string, settings: NodeJS.ProcessEnv): Promise<Install | string> {
  const env = { ...process.env, ...settings, NODE_ENV: '', npm_config_user_agent: '' };
  const npm = (words: readonly string[], cwd: string) => run('npm', words, { cwd, env, maxBuffer: 2 ** 26 });
  if (cell.manager === 'npm') {
    return (folder) => npm(['install', '--prefer-offline', '--no-audit', '--no-fund', '--package-lock=false'], folder);
  }
  const program = join(tools, 'node_modules', programs[cell.manager]);
  if (!existsSync(program)) {
    const words = ['install', '--prefix', tools, '--prefer-offline', '--no-audit', managers[cell.manager]];
    const fault = await tell(() => npm(words, tools));
    if (fault !== undefined) return `${managers[cell.manager]} cannot be installed here`;
  }
  const parameters = {
    pnpm: ['install', '--no-frozen-lockfile', '--prefer-offline'],
    'yarn 1': ['install', '--no-lockfile', '--non-interactive', '--prefer-offline'],
    'yarn 4': ['install', '--no-immutable'],
  }[cell.manager];
  return (folder) => run(process.execPath, [program, ...parameters], { cwd: folder, env, maxBuffer: 2 ** 26 });
}

/** Where npm is told to look, for managers that look elsewhere by themselves. */
async function registrySettings(): Promise<NodeJS.ProcessEnv> {
  const read = async (key: string) => (await run('npm', ['config', 'get', key])).stdout.trim();
  const [registry, cafile] = [await read('registry'), await read('cafile')];
  return {
    ...{ npm_config_registry: registry, YARN_NPM_REGISTRY_SERVER: registry, YARN_NODE_LINKER: 'node-modules' },
    YARN_ENABLE_TELEMETRY: 'false',
    ...(existsSync(cafile) && { NODE_EXTRA_CA_CERTS: cafile, YARN_HTTPS_CA_FILE_PATH: cafile }),
  };
}

/** @returns what a program said when it failed; undefined when it did not */
async function tell(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    return `${stdout}\n${stderr}`.trim().slice(-3000) || message;
  }
}

/** Judges an installation that failed: a cell for which the registry lacks something cannot be tried here. */
function untried(said: string): ['skipped' | 'failed', string] {
  const absent = absentPackage(said);
  if (absent !== undefined) return ['skipped', `the registry that npm uses here has no ${absent}`];
  return isUnreachable(said) ? ['skipped', 'the registry cannot be reached from here'] : ['failed', `install: ${said}`];
}

function isUnreachable(said: string): boolean {
  return /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(said);
}

const secondsSince = (started: number) => Math.round((performance.now() - started) / 100) / 10;
