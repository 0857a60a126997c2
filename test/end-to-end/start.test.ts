import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { reservePorts } from '../../lib/ports.ts';

const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** Starts `npm start` as npm does, and collects what it prints. */
function npmStart(...args: string[]) {
  return npmStartIn(process.cwd(), process.env, ...args);
}

function npmStartIn(cwd: string, env: NodeJS.ProcessEnv, ...args: string[]) {
  const child = spawn(process.execPath, ['bin/local.ts', ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'], env });
  running.push(child);
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    printed.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    printed.err += chunk;
  });
  return { child, printed };
}

async function exitOf(child: ChildProcess): Promise<unknown> {
  const [code] = await once(child, 'close');
  return code;
}

it('does the main job once, prints each step as a tick, and ends with 0', { timeout: 60_000 }, async () => {
  const { child, printed } = npmStart('--once', '--port', '0');
  expect(await exitOf(child)).toBe(0);
  expect(printed.out.match(/✓/g)).toHaveLength(11);
  expect(printed.out).toMatch(/\nEverything works\.\n$/);
  expect(printed.out).not.toContain('✗');
  expect(printed.err).toBe('');
});

it('prints one line for programs when ready, and ends cleanly when told to', { timeout: 60_000 }, async () => {
  const { child, printed } = npmStart('--json', '--port', '0');
  while (!printed.out.includes('\n')) await new Promise((resolve) => setTimeout(resolve, 50));
  const { ready, aws, awsKeyFile, environments } = JSON.parse(printed.out);
  expect(ready).toBe(true);
  expect((await fetch(environments.sandbox.connectLink)).status).toBe(200);
  const refused = await fetch(environments.production.webhookUrl, { method: 'POST', body: '{}' });
  expect(refused.status).toBe(401);
  expect(aws).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(Object.keys(environments.sandbox)).toEqual(
    expect.arrayContaining([
      'api',
      'webhookAuthorization',
      'procoreLogin',
      'procoreApi',
      'functions',
      'queues',
      'tables',
    ]),
  );
  // From another shell, which has neither the variables nor the pipes of the first.
  const local = ['connections', 'list', '--environment', 'sandbox', '--local', '--endpoint', aws];
  const shell = spawn(process.execPath, ['bin/procore.ts', ...local], {
    stdio: 'pipe',
    env: { PATH: process.env.PATH },
  });
  const [table, trouble] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
  // What takes long on a slow machine is said.
  expect({ trouble: trouble.replace('Looking for the stack …\n', ''), table }).toEqual({
    trouble: '',
    table: expect.stringContaining('connection'),
  });
  expect((await stat(awsKeyFile)).mode & 0o777).toBe(0o600);
  child.kill('SIGINT');
  expect(await exitOf(child)).toBe(0);
  await expect(stat(awsKeyFile)).rejects.toThrow('ENOENT');
});

it.each([
  ['AWS', 0],
  ["the stand-in Procore's login", 11],
])('says that the port of %s is taken and how to choose another', async (_, offset) => {
  const { first, release } = await reservePorts();
  const port = first + offset;
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const { child, printed } = npmStart('--once', '--port', String(first));
  expect(await exitOf(child)).toBe(1);
  expect(printed.err.trim()).toMatch(new RegExp(`^.*${port}.*--port.*$`));
  expect(printed.err).not.toContain('    at ');
  other.close();
  await release();
});

it('prints its usage when asked for help', async () => {
  const { child, printed } = npmStart('--help');
  expect(await exitOf(child)).toBe(0);
  expect(printed.out).toContain('--port N');
  expect(printed.err).toBe('');
});

it('serves the console for one browser, at an address that it prints, until it ends', { timeout: 60_000 }, async () => {
  const { child, printed } = npmStart('--port', '0');
  while (!printed.out.includes("The functions' log")) await sleep(20);
  const address = /(http:\/\/127\.0\.0\.1:\d+\/)\?token=\S+/.exec(printed.out)?.[0] ?? '';
  expect((await fetch(address, { redirect: 'manual' })).status).toBe(303);
  expect((await fetch(address, { redirect: 'manual' })).status).toBe(403);
  child.kill('SIGINT');
  expect(await exitOf(child)).toBe(0);
  await expect(fetch(address)).rejects.toThrow('fetch failed');
});

it.each([
  ['while it starts', 'Synthesizing', 0],
  ['and a second one while it ends', "The functions' log", 150],
])('leaves no folder behind after a Ctrl-C %s', { timeout: 60_000 }, async (_, seen, secondAfter) => {
  const temporary = await mkdtemp(join(tmpdir(), 'start-test-'));
  const { child, printed } = npmStartIn(process.cwd(), { ...process.env, TMPDIR: temporary }, '--port', '0');
  const exit = exitOf(child);
  while (!printed.out.includes(seen)) await sleep(20);
  await sleep(200);
  expect(await readdir(temporary)).toHaveLength(1);
  child.kill('SIGINT');
  if (secondAfter > 0) {
    await sleep(secondAfter);
    child.kill('SIGINT');
  }
  await exit;
  expect(await readdir(temporary)).toEqual([]);
  await rm(temporary, { recursive: true });
});
