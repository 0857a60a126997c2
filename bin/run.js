// Starts every npm script: node bin/run.js PROGRAM ARGUMENTS, where PROGRAM is a file of this repository, or a tool that it has
// installed. It installs what is missing, and runs the program on Lambda's Node, which npm brings along. Plain JavaScript,
// for whatever Node the machine has (18 or newer).
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, fail } from './install.js';
import { findPackage, isMusl, isNewEnough, nodePackage, readJson, root } from './packages.js';

const tools = { biome: '@biomejs/biome', knip: 'knip', tsc: 'typescript', vitest: 'vitest' };

const manifest = readJson(join(root, 'package.json'));
const pinned = nodePackage(manifest);
const own = process.versions.node;
if (pinned === undefined && !isNewEnough(own)) {
  const why = isMusl ? ', and npm brings none for a Linux with musl (Alpine)' : '';
  fail(`Node ${own} is too old${why}: install Node 24 (https://nodejs.org), then run this again.`);
}
await ensureInstalled(manifest);

const [name = '', ...parameters] = process.argv.slice(2);
const program = fileOf(name);
const node = otherNode();
if (node === undefined) {
  process.argv.splice(1, 2, program);
  await import(pathToFileURL(program).href);
} else {
  runOn(node);
}

/** Tools are started by their files: what lies in node_modules/.bin is for shells, and runs on any Node. */
function fileOf(nameOrPath) {
  const tool = tools[nameOrPath];
  if (tool === undefined) return join(root, nameOrPath);
  const folder = findPackage(tool);
  return join(folder, readJson(join(folder, 'package.json')).bin[nameOrPath]);
}

/** @returns the Node to run on; undefined when it is this one */
function otherNode() {
  if (pinned === undefined || own === pinned[1]) return undefined;
  const folder = findPackage(pinned[0]);
  if (folder !== undefined) return join(folder, process.platform === 'win32' ? 'bin/node.exe' : 'bin/node');
  return undefined;
}

/** Stands in for the program: the same terminal, signals and exit code. */
function runOn(path) {
  const child = spawn(path, [...process.execArgv, program, ...parameters], { stdio: 'inherit' });
  // At a terminal, Ctrl-C reaches the program as well; a second one would be a person's who has lost patience.
  const isAtTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !isAtTerminal) child.kill(signal);
    });
  }
  child.once('error', ({ code }) => {
    fail(
      `The Node that npm has installed does not run here (${code}). Install Node ${pinned[1]} (https://nodejs.org) and run this with it.`,
    );
  });
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
  });
}
