// Runs before every npm script, on the machine's own Node (18 or newer), so it is plain JavaScript without imports from
// node_modules. It installs what package-lock.json lists when that is not what is installed.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const lockFolder = new URL('.installing/', root);
const read = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
const say = (text) => process.stderr.write(`${text}\n`);
const fail = (text) => {
  say(text);
  process.exit(1);
};

function isInstalled() {
  const wanted = Object.entries(read('package-lock.json').packages).filter(([path, { optional }]) => path && !optional);
  try {
    const { packages } = read('node_modules/.package-lock.json');
    return wanted.every(([path, { version }]) => packages[path]?.version === version);
  } catch {
    return false; // npm writes that file last, so without it an installation never ended.
  }
}

/** Takes the folder that only one process can create; one whose holder has died is taken over. */
function takeLock() {
  try {
    mkdirSync(lockFolder);
    writeFileSync(new URL('pid', lockFolder), String(process.pid));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    process.kill(Number(readFileSync(new URL('pid', lockFolder), 'utf8')), 0);
  } catch (error) {
    if (error.code === 'ESRCH' || isAbandoned(error)) rmSync(lockFolder, { recursive: true, force: true });
  }
  return false;
}

/** A holder that died between its two writes leaves no process id behind. */
function isAbandoned(error) {
  if (error.code !== 'ENOENT') return false;
  const { mtimeMs } = statSync(lockFolder, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
  return Date.now() - mtimeMs > 10_000;
}

function runNpm() {
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const child = spawn(npm[0], [...npm.slice(1), 'ci', '--ignore-scripts', '--no-fund', '--no-audit'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: npm[0] === 'npm' && process.platform === 'win32',
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, errors })));
}

async function install() {
  const started = Date.now();
  say('Installing dependencies (about 230 MB to download the first time, half a minute on a good line) …');
  const progress = setInterval(
    () => say(`  … still installing, ${Math.round((Date.now() - started) / 1000)} s`),
    10_000,
  );
  const { code, errors } = await runNpm();
  clearInterval(progress);
  if (code === 0) return say(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`);
  rmSync(lockFolder, { recursive: true, force: true });
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|network/.test(errors)) {
    fail('Could not reach the npm registry to install dependencies. Check the network or proxy, then run this again.');
  }
  fail(`npm ci failed (exit code ${code}). Run "npm ci" to see why. It said:\n${errors.trim().slice(-1500)}`);
}

const [major, minor] = process.versions.node.split('.').map(Number);
const npmBringsNode = process.platform === 'win32' ? process.arch === 'x64' : process.platform === 'linux';
if (!npmBringsNode && (major < 22 || (major === 22 && minor < 18))) {
  fail(`Node ${process.versions.node} is too old: install Node 24 (https://nodejs.org), then run this again.`);
}
let waited = false;
while (!isInstalled()) {
  if (takeLock()) {
    try {
      if (!isInstalled()) await install();
    } finally {
      rmSync(lockFolder, { recursive: true, force: true });
    }
  } else {
    if (!waited) say('Another command is installing dependencies; waiting for it …');
    waited = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
