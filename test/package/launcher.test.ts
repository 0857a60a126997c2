import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { install, nodeName } from './fixture-packages.ts';
import { freshClone } from './launcher-fixture.ts';

/** What npm is called with, once. */
const npmCi = ['ci --include=dev --include=optional --ignore-scripts --engine-strict=false --no-fund --no-audit'];
const firstLine = async (stream: Readable | null) => String((await once(stream as Readable, 'data'))[0]).trim();

describe.runIf(process.platform === 'linux')('on a fresh machine, a command', () => {
  it('installs, and runs on the Node that was installed, with its arguments, input and exit code', async () => {
    const clone = freshClone();
    const { exitCode, out, err } = await clone.run(['bin/program.js', 'fail', '--', 'two words']);
    expect(JSON.parse(out)).toEqual({
      argv: [join(clone.folder, 'bin/program.js'), 'fail', '--', 'two words'],
      pinned: 'yes',
      stdin: 'from the terminal',
    });
    expect(exitCode).toBe(42);
    expect(err).toMatch(/^Installing dependencies [^\n]+\nInstalled in \d+ s\.\n$/);
    expect((await clone.run(['bin/program.js'])).err).toBe('');
    expect(clone.npmCalls()).toEqual(npmCi);
  });

  it.each([
    ['NODE_ENV=production', { NODE_ENV: 'production' }],
    ['omit=dev,optional', { npm_config_omit: 'dev optional' }],
    ['ignore-scripts', { npm_config_ignore_scripts: 'true' }],
    ['pnpm as its runner', { npm_execpath: '/opt/pnpm/bin/pnpm.cjs', npm_config_user_agent: 'pnpm/10.0.0' }],
    ['yarn as its runner', { npm_execpath: '/opt/yarn/bin/yarn.js', npm_config_user_agent: 'yarn/1.22.22' }],
    ['no runner at all', { npm_execpath: '' }],
  ])('installs everything by npm with %s', async (_, variables) => {
    const clone = freshClone();
    expect(await clone.run(['vitest', 'run'], variables)).toMatchObject({ exitCode: 0, out: 'the tool run\n' });
    expect(clone.npmCalls()).toEqual(npmCi);
  });

  it('waits for another command that installs, and both work', async () => {
    const clone = freshClone();
    const ran = await Promise.all([clone.run(['bin/program.js']), clone.run(['vitest'])]);
    const ended = { exitCode: 0, err: expect.any(String) };
    expect(ran.map(({ exitCode, err }) => ({ exitCode, err }))).toEqual([ended, ended]);
    expect(ran.map(({ err }) => err).join('')).toContain('waiting for it');
    expect(clone.npmCalls()).toEqual(npmCi);
  });

  it('waits for an installation that is under way, though all that is asked for can be found already', async () => {
    const clone = freshClone();
    const modules = join(clone.folder, 'node_modules');
    const lock = join(clone.folder, '.installing');
    mkdirSync(lock);
    writeFileSync(join(lock, 'pid'), String(process.pid));
    install(modules, '', false);
    rmSync(join(modules, nodeName, 'bin'), { recursive: true });
    const running = clone.start(['bin/program.js']);
    running.stdin?.end();
    expect(await firstLine(running.stderr)).toContain('waiting for it');
    install(modules);
    rmSync(lock, { recursive: true });
    expect(await once(running, 'exit')).toEqual([0, null]);
    expect(clone.npmCalls()).toEqual([]);
  });

  it('takes over from an installation that was killed', async () => {
    const clone = freshClone();
    mkdirSync(join(clone.folder, '.installing'));
    writeFileSync(join(clone.folder, '.installing/pid'), '999999999');
    expect(await clone.run(['vitest'])).toMatchObject({ exitCode: 0 });
  });

  it('takes over from an installation that was killed, though another process has its number by now', async () => {
    const clone = freshClone();
    const holder = join(clone.folder, '.installing/pid');
    mkdirSync(join(clone.folder, '.installing'));
    writeFileSync(holder, String(process.pid));
    const longAgo = Date.now() / 1000 - 60;
    utimesSync(holder, longAgo, longAgo);
    expect(await clone.run(['vitest'])).toMatchObject({ exitCode: 0 });
  });

  it.each([
    ['npm error code ENOTFOUND', /^Could not reach the npm registry[^\n]*\n$/],
    ['npm error code EROFS', /^npm ci may not write to node_modules here[^\n]*\n$/],
    ['npm error code ENOSPC', /^There is no space left[^\n]*\n$/],
  ])('says in one line what is wrong when npm says "%s", and does not try again', async (said, line) => {
    const clone = freshClone();
    const { exitCode, err } = await clone.run(['vitest'], { NPM_SAYS: said });
    expect(exitCode).toBe(1);
    expect(err.replace(/^Installing[^\n]*\n/, '')).toMatch(line);
    expect(clone.npmCalls()).toHaveLength(1);
  });

  it('says which package npm has left out, and does not install for ever', async () => {
    const clone = freshClone();
    const { exitCode, err } = await clone.run(['vitest'], { NPM_OMITS: nodeName });
    expect(exitCode).toBe(1);
    expect(err).toContain(`npm ci has left out ${nodeName}, which this machine needs.`);
    expect(clone.npmCalls()).toHaveLength(1);
  });

  it('says that there is no npm', async () => {
    const clone = freshClone();
    rmSync(join(clone.folder, 'machine/npm'), { recursive: true });
    // The Node of the tests lies in no folder with an npm.
    const { exitCode, err } = await clone.run(['vitest']);
    expect({ exitCode, calls: clone.npmCalls() }).toEqual({ exitCode: 1, calls: [] });
    expect(err).toMatch(/^Dependencies are not installed, and npm is not found\.[^\n]*\n$/);
  });
});

describe.runIf(process.platform === 'linux')('where something else has installed, a command', () => {
  it('takes the packages of a workspace’s folder above', async () => {
    const clone = freshClone('packages/connector');
    install(join(clone.folder, '../../node_modules'), '', false);
    expect(await clone.run(['vitest', 'run'])).toEqual({ exitCode: 0, out: 'the tool run\n', err: '' });
    expect(JSON.parse((await clone.run(['bin/program.js'])).out).pinned).toBe('yes');
    expect(clone.npmCalls()).toEqual([]);
  });

  it('leaves the installation of a workspace to its root', async () => {
    const clone = freshClone('packages/connector');
    writeFileSync(join(clone.folder, '../../package.json'), '{"workspaces":["packages/*"]}');
    const { exitCode, err } = await clone.run(['vitest']);
    expect({ exitCode, calls: clone.npmCalls() }).toEqual({ exitCode: 1, calls: [] });
    expect(err).toMatch(
      /^Not installed: vitest, node-linux-\w+\. This folder is part of the workspace \.\.\/\.\.: [^\n]*\n$/,
    );
  });

  it.each([
    ['pnpm', '.modules.yaml'],
    ['yarn', '.yarn-state.yml'],
  ])('runs what %s has installed, and says what is missing of it', async (manager, mark) => {
    const clone = freshClone();
    const modules = join(clone.folder, 'node_modules');
    install(modules, '', false);
    writeFileSync(join(modules, mark), '');
    expect(await clone.run(['vitest'])).toMatchObject({ exitCode: 0, err: '' });
    rmSync(join(modules, nodeName), { recursive: true });
    const { exitCode, err } = await clone.run(['vitest']);
    expect({ exitCode, calls: clone.npmCalls() }).toEqual({ exitCode: 1, calls: [] });
    expect(err).toMatch(new RegExp(`^Not installed: ${nodeName}\\. Run ${manager} install, [^\\n]*\\n$`));
  });

  it.each(['4.9.0', '6.0.0', '5.0.9'])(
    'does not take another version for the one that is asked for: %s',
    async (version) => {
      const clone = freshClone('packages/connector');
      install(join(clone.folder, '../../node_modules'), '', false);
      writeFileSync(join(clone.folder, '../../node_modules/vitest/package.json'), JSON.stringify({ version }));
      writeFileSync(join(clone.folder, '../../pnpm-workspace.yaml'), '');
      expect((await clone.run(['vitest'])).err).toMatch(/^Not installed: vitest\. /);
    },
  );
});

describe.runIf(process.platform === 'linux')('the launcher', () => {
  it('passes a signal on, and ends as the program ends', async () => {
    const clone = freshClone();
    install(join(clone.folder, 'node_modules'));
    const ending = clone.start(['bin/program.js', 'end']);
    expect(await firstLine(ending.stdout)).toBe('waiting');
    ending.kill('SIGTERM');
    expect(await once(ending, 'exit')).toEqual([7, null]);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const waiting = clone.start(['bin/program.js', 'wait']);
      expect(await firstLine(waiting.stdout)).toBe('waiting');
      waiting.kill(signal);
      expect(await once(waiting, 'exit')).toEqual([null, signal]);
    }
  });

  /** Has Node say that it is another one. */
  const pretend = (version: string, platform: string) => [
    `--import=data:text/javascript,Object.defineProperty(process,'platform',{value:'${platform}'});` +
      `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`,
  ];

  it.each(['20.19.0', '22.20.0', '23.11.0', '24.4.1'])(
    'says that Node %s is too old where npm brings none',
    async (version) => {
      const clone = freshClone();
      const { exitCode, err } = await clone.run(['vitest'], {}, pretend(version, 'darwin'));
      expect({ exitCode, calls: clone.npmCalls() }).toEqual({ exitCode: 1, calls: [] });
      expect(err).toMatch(new RegExp(`^Node ${version} is too old: install Node 24 [^\\n]*\\n$`));
    },
  );

  it.each(['22.21.0', '24.5.0', '26.0.0'])('runs on Node %s where npm brings none', async (version) => {
    const clone = freshClone();
    const { exitCode, out } = await clone.run(['bin/program.js'], {}, pretend(version, 'darwin'));
    expect({ exitCode, pinned: JSON.parse(out).pinned }).toEqual({ exitCode: 0, pinned: undefined });
  });

  it('says that the Node of npm does not run here', async () => {
    const clone = freshClone();
    const node = join(clone.folder, 'node_modules', nodeName, 'bin/node');
    install(dirname(dirname(dirname(node))));
    writeFileSync(node, '#!/lib/ld-of-another-libc\n');
    chmodSync(node, 0o755);
    const { exitCode, err } = await clone.run(['vitest']);
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^The Node that npm has installed does not run here \(ENOENT\)\.[^\n]*\n$/);
  });
});
