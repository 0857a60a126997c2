import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../lib/local/ports.ts';

const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** Starts `npm start` as npm does, and collects what it prints. */
function npmStart(...args: string[]) {
  const child = spawn(process.execPath, ['bin/local.ts', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
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
  expect(printed.out.match(/✓/g)).toHaveLength(10);
  expect(printed.out).not.toContain('✗');
  expect(printed.err).toBe('');
});

it('prints one line for programs when ready, and ends cleanly when told to', { timeout: 60_000 }, async () => {
  const { child, printed } = npmStart('--json', '--port', '0');
  while (!printed.out.includes('\n')) await new Promise((resolve) => setTimeout(resolve, 50));
  const { ready, aws, environments } = JSON.parse(printed.out);
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
  child.kill('SIGINT');
  expect(await exitOf(child)).toBe(0);
});

it('says which port is taken and how to choose another', async () => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const { child, printed } = npmStart('--once', '--port', String(port));
  expect(await exitOf(child)).toBe(1);
  expect(printed.err).toMatch(new RegExp(`${port}.*--port`));
  expect(printed.err).not.toContain('    at ');
  other.close();
});
