// Installs what package-lock.json lists when it is not installed. Plain JavaScript without imports from node_modules, since
// it runs before there are any, on the machine's own Node (18 or newer).
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { findPackage, foldersUpwards, isMusl, nodePackage, root, tryReadJson } from './packages.js';

const lockFolder = join(root, '.installing');
const holderPath = join(lockFolder, 'pid');
/** Who installs gives a sign of life so often, in milliseconds. */
const signMs = 10_000;
const say = (text) => process.stderr.write(`${text}\n`);

/** Ends with one line for people. */
export function fail(text) {
  say(text);
  process.exit(1);
}

/** Looks what is missing. @returns names of packages */
function missingPackages(manifest) {
  const { packages: listed } = tryReadJson(join(root, 'package-lock.json')) ?? {};
  // npm writes this file last, so without it an installation never ended.
  const { packages: installed } = tryReadJson(join(root, 'node_modules/.package-lock.json')) ?? {};
  // What npm has noted may be damaged or gone since.
  const unresolved = unresolvedPackages(manifest);
  if (!listed || !installed) return unresolved;
  const outdated = Object.entries(listed)
    .filter(([path, { optional, os, cpu, libc }]) => path && (!optional || (os && fits({ os, cpu, libc }))))
    .filter(([path, { version }]) => installed[path]?.version !== version)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
  return [...new Set([...outdated, ...unresolved])];
}

/** Whether an optional package is for this machine. */
function fits({ os, cpu, libc }) {
  const has = (wanted, value) => wanted === undefined || [wanted].flat().includes(value);
  const itsLibc = process.platform === 'linux' ? (isMusl ? 'musl' : 'glibc') : undefined;
  return has(os, process.platform) && has(cpu, process.arch) && (itsLibc === undefined || has(libc, itsLibc));
}

/** Other package managers and workspaces have their own folders and versions: what package.json asks for must be found. */
function unresolvedPackages(manifest) {
  const { dependencies = {}, devDependencies = {} } = manifest;
  const node = nodePackage(manifest);
  const wanted = [...Object.entries({ ...dependencies, ...devDependencies }), ...(node ? [node] : [])];
  return wanted
    .filter(([name, range]) => {
      const folder = findPackage(name);
      const { version } = (folder && tryReadJson(join(folder, 'package.json'))) ?? {};
      return typeof version !== 'string' || !satisfies(version, range);
    })
    .map(([name]) => name);
}

/** Whether a version is within a range of package.json: `^1.2.3`, or numbers that must be the same. */
function satisfies(version, range) {
  const [, caret, numbers] = /^(\^?)([\d.]+)$/.exec(range) ?? [];
  if (numbers === undefined) return true;
  const wanted = numbers.split('.').map(Number);
  const actual = version.split(/[.-]/).map(Number);
  const differing = wanted.findIndex((number, index) => actual[index] !== number);
  if (differing === -1) return true;
  const firstFixed = wanted.findIndex((number) => number > 0);
  return caret === '^' && differing > firstFixed && actual[differing] > wanted[differing];
}

/** Takes the folder that only one process can create; one whose holder has died is taken over. */
function takeLock() {
  try {
    mkdirSync(lockFolder);
    writeFileSync(holderPath, String(process.pid));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') {
      fail(
        `Dependencies are not installed, and this folder cannot be written to (${error.code}). Make it writable, or copy it.`,
      );
    }
  }
  if (isLeftBehind()) rmSync(lockFolder, { recursive: true, force: true });
  return false;
}

/** Whether whoever took the folder is dead. That a process has its number proves nothing: in a container it is soon another's. */
function isLeftBehind() {
  const found = statSync(holderPath, { throwIfNoEntry: false }) ?? statSync(lockFolder, { throwIfNoEntry: false });
  const quietMs = found === undefined ? 0 : Date.now() - found.mtimeMs;
  if (quietMs > 3 * signMs) return true;
  try {
    process.kill(Number(readFileSync(holderPath, 'utf8')), 0);
    return false;
  } catch (error) {
    // A holder that died between its two writes leaves no process id behind.
    return error.code === 'ESRCH' || (error.code === 'ENOENT' && quietMs > signMs);
  }
}

/** npm's program itself: npm.cmd cannot be started without a shell, and pnpm and yarn name themselves in npm_execpath. */
export function findNpm() {
  const folders = [
    dirname(process.execPath),
    ...(process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':'),
  ];
  const places = folders.flatMap((folder) => [
    join(folder, 'npm'),
    join(folder, 'node_modules/npm/bin/npm-cli.js'),
    join(folder, '../lib/node_modules/npm/bin/npm-cli.js'),
  ]);
  const programs = [process.env.npm_execpath ?? '', ...places].filter((place) => place !== '' && existsSync(place));
  return programs.map((place) => realpathSync(place)).find((place) => /npm-cli\.[cm]?js$/.test(place));
}

function runNpm(npm) {
  // Whatever NODE_ENV, `omit` and `engine-strict` say: without these packages nothing here runs.
  const own = ['--include=dev', '--include=optional', '--ignore-scripts', '--engine-strict=false'];
  const child = spawn(process.execPath, [npm, 'ci', ...own, '--no-fund', '--no-audit'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, errors })));
}

async function install() {
  const npm = findNpm();
  if (npm === undefined) {
    throw new Error(
      'Dependencies are not installed, and npm is not found. Install Node 24 with npm (https://nodejs.org), then run this again.',
    );
  }
  const started = Date.now();
  say('Installing dependencies (about 230 MB to download the first time, half a minute on a good line) …');
  const progress = setInterval(() => {
    if (existsSync(holderPath)) writeFileSync(holderPath, String(process.pid));
    say(`  … still installing, ${Math.round((Date.now() - started) / 1000)} s`);
  }, signMs);
  const { code, errors } = await runNpm(npm);
  clearInterval(progress);
  if (code !== 0) throw new Error(reasonOf(code, errors));
  say(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

function reasonOf(code, errors) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|network/.test(errors)) {
    return 'Could not reach the npm registry to install dependencies. Check the network or proxy, then run this again.';
  }
  if (/EROFS|EACCES|EPERM/.test(errors)) {
    return 'npm ci may not write to node_modules here, or to its cache. Make both writable, or copy the repository, then run this again.';
  }
  if (/ENOSPC/.test(errors)) return 'There is no space left to install dependencies: they take about 800 MB.';
  return `npm ci failed (exit code ${code}). Run "npm ci" to see why. It said:\n${errors.trim().slice(-1500)}`;
}

/** Who installs here, when it is not this program. @returns what to do; undefined when npm ci may be run */
function otherInstaller() {
  const all = 'with development and optional dependencies (without --prod, --no-optional or omit)';
  if (process.versions.pnp !== undefined) {
    return "Yarn's Plug'n'Play has no node_modules. Write nodeLinker: node-modules into .yarnrc.yml and run yarn install, or use npm.";
  }
  const [, ...above] = foldersUpwards();
  const workspace = above.find(
    (folder) =>
      tryReadJson(join(folder, 'package.json'))?.workspaces !== undefined ||
      existsSync(join(folder, 'pnpm-workspace.yaml')),
  );
  if (workspace !== undefined) {
    return `This folder is part of the workspace ${relative(root, workspace)}: install there, ${all}.`;
  }
  const marks = { pnpm: '.modules.yaml', yarn: '.yarn-integrity', 'yarn ': '.yarn-state.yml' };
  const [manager] = Object.entries(marks).find(([, mark]) => existsSync(join(root, 'node_modules', mark))) ?? [];
  return manager && `Run ${manager.trim()} install, ${all}; or remove node_modules, and this installs with npm.`;
}

const named = (names) => names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');

/** Makes sure that everything is installed; runs npm ci once at most. Ends the process with one line where it cannot. */
export async function ensureInstalled(manifest) {
  let waited = false;
  for (;;) {
    const missing = missingPackages(manifest);
    // What is asked for can be found long before the rest of it is there.
    const isUnderWay = existsSync(lockFolder) && !isLeftBehind();
    if (missing.length === 0 && !isUnderWay) return;
    const other = missing.length === 0 ? undefined : otherInstaller();
    if (other !== undefined) fail(`Not installed: ${named(missing)}. ${other}`);
    if (isUnderWay || !takeLock()) {
      if (!waited) say('Another command is installing dependencies; waiting for it …');
      waited = true;
      await new Promise((resolve) => setTimeout(resolve, 500));
      continue;
    }
    try {
      if (missingPackages(manifest).length > 0) await install();
    } catch (error) {
      rmSync(lockFolder, { recursive: true, force: true });
      fail(error.message);
    }
    rmSync(lockFolder, { recursive: true, force: true });
    const left = missingPackages(manifest);
    if (left.length === 0) return;
    fail(
      `npm ci has left out ${named(left)}, which this machine needs. Look for omit, os, cpu and libc in "npm config ls -l", then run npm ci.`,
    );
  }
}
