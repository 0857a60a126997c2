import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import { nodeName, nodeVersion } from './fixture-packages.ts';

const bin = fileURLToPath(new URL('../../bin', import.meta.url));
/** What the program under the launcher prints about how it was started. */
const program = `
  import { text } from 'node:stream/consumers';
  if (process.argv[2] === 'wait') { console.log('waiting'); setInterval(() => {}, 1000); }
  else if (process.argv[2] === 'end') { process.on('SIGTERM', () => process.exit(7)); console.log('waiting'); setInterval(() => {}, 1000); }
  else {
    console.log(JSON.stringify({ argv: process.argv.slice(1), pinned: process.env.PINNED, stdin: await text(process.stdin) }));
    process.exit(process.argv[2] === 'fail' ? 42 : 0);
  }`;

/** An npm that installs what the lock lists, takes a moment for it, and notes how it was called. */
const npm = `
  import { appendFileSync } from 'node:fs';
  import { join } from 'node:path';
  import { setTimeout as sleep } from 'node:timers/promises';
  const { install } = await import(process.env.FIXTURE);
  appendFileSync(join(process.cwd(), 'npm-calls'), process.argv.slice(2).join(' ') + '\\n');
  await sleep(300);
  if (process.env.NPM_SAYS) { console.error(process.env.NPM_SAYS); process.exit(1); }
  install(join(process.cwd(), 'node_modules'), process.env.NPM_OMITS);`;

/** A fresh clone that holds the launcher and little else, and an npm to install with. */
export interface FreshClone {
  readonly folder: string;
  /** Starts a program as an npm script does. */
  start(parameters: readonly string[], variables?: Readonly<Record<string, string>>): ReturnType<typeof spawn>;
  /** Runs a program to its end. */
  run(
    parameters: readonly string[],
    variables?: Readonly<Record<string, string>>,
    nodeOptions?: readonly string[],
  ): Promise<{ exitCode: number | null; out: string; err: string }>;
  /** How npm was called. */
  npmCalls(): readonly string[];
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Makes a {@link FreshClone}, in a folder of its own. @param below where in that folder it lies */
export function freshClone(below = '.'): FreshClone {
  const outer = mkdtempSync(join(tmpdir(), 'launcher-'));
  folders.push(outer);
  const folder = join(outer, below);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  for (const file of ['run.js', 'install.js', 'packages.js']) cpSync(join(bin, file), join(folder, 'bin', file));
  writeFileSync(join(folder, 'bin/program.js'), program);
  const manifest = {
    type: 'module',
    devDependencies: { vitest: '^5.1.0' },
    optionalDependencies: { [nodeName]: nodeVersion },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const packages = {
    '': manifest,
    'node_modules/vitest': { version: '5.1.1', dev: true },
    [`node_modules/${nodeName}`]: { version: nodeVersion, optional: true, os: ['linux'], cpu: [process.arch] },
    'node_modules/for-another-machine': { version: '1.0.0', optional: true, os: ['win32'], cpu: ['x64'] },
  };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages }));
  const npmPath = join(outer, 'machine/npm/bin/npm-cli.js');
  mkdirSync(dirname(npmPath), { recursive: true });
  mkdirSync(join(outer, 'machine/bin'));
  writeFileSync(join(outer, 'machine/package.json'), '{"type":"module"}');
  writeFileSync(npmPath, npm);
  symlinkSync(npmPath, join(outer, 'machine/bin/npm'));

  const start: FreshClone['start'] = (parameters, variables = {}) => launch(parameters, variables, []);
  const launch = (
    parameters: readonly string[],
    variables: Readonly<Record<string, string>>,
    nodeOptions: readonly string[],
  ) => {
    const environment = {
      PATH: join(outer, 'machine/bin'),
      FIXTURE: new URL('./fixture-packages.ts', import.meta.url).href,
      npm_execpath: npmPath,
    };
    const all = [...nodeOptions, join(folder, 'bin/run.js'), ...parameters];
    return spawn(process.execPath, all, { env: { ...environment, ...variables }, stdio: ['pipe', 'pipe', 'pipe'] });
  };
  return {
    folder,
    start,
    async run(parameters, variables = {}, nodeOptions = []) {
      const child = launch(parameters, variables, nodeOptions);
      child.stdin.end('from the terminal');
      const [out, err, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
      return { exitCode: exitCode as number | null, out, err };
    },
    npmCalls: () => {
      const path = join(folder, 'npm-calls');
      return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
    },
  };
}
