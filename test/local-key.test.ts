import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { drawKey, keyFileOf, wayToOwnSystem } from '../lib/local-key.ts';

const endpoint = 'http://127.0.0.1:1';
const localKey = new URL('../lib/local-key.ts', import.meta.url).href;

/** Draws a key in a process that then ends. @returns whether the file was there before the end, and whether it is now */
function drawIn(end: string): { readonly before: boolean; readonly after: boolean } {
  const script = `
    const { existsSync } = await import('node:fs');
    const { drawKey, keyFileOf } = await import('${localKey}');
    drawKey('${endpoint}');
    process.stdout.write(String(existsSync(keyFileOf('${endpoint}'))), () => { ${end} });`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd, encoding: 'utf8' });
  return { before: stdout === 'true', after: existsSync(keyFileOf(endpoint)) };
}

describe('the file of the key', () => {
  it.each([
    ['ends by itself', ''],
    ['is ended in a hurry', 'process.exit(143);'],
    ['fails', "setTimeout(() => { throw new Error('x'); });"],
  ])('goes with its process, when that %s', (_, end) => {
    expect(drawIn(end)).toEqual({ before: true, after: false });
  });

  it('tells a command that has asked the system of another folder which one was started in this one', () => {
    const key = drawKey('http://127.0.0.1:2');
    // Other tests may have started systems here as well.
    const tellsOf = /^ What was started in this one takes --endpoint .*http:\/\/127\.0\.0\.1:2\b/;
    expect(wayToOwnSystem('http://127.0.0.1:1')).toMatch(tellsOf);
    expect(wayToOwnSystem('http://127.0.0.1:2')).not.toMatch(tellsOf);
    key.forget();
    expect(wayToOwnSystem('http://127.0.0.1:1')).not.toMatch(tellsOf);
  });
});
