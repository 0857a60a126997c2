import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openState, StateInUseError, StateUnreadableError } from '../../../lib/local/state/state-file.ts';
import { openStateIn } from '../../../lib/local/state/state-place.ts';

const writer = fileURLToPath(new URL('writes-until-killed.ts', import.meta.url));
let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'state-test-'));
  folder = join(parent, 'state-4400');
});
afterEach(() => rmSync(parent, { recursive: true }));

/** Starts a process that works with the folder. */
async function startWriter() {
  const child = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  while (printed === '') await once(child.stdout, 'data');
  return {
    child,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
      return printed.split('\n').filter(Boolean).map(Number);
    },
  };
}

/** What was moved aside. */
const aside = () => readdirSync(parent).filter((name) => name !== basename(folder));

describe('the state of a local system', () => {
  it('is there again with the values and the order of the last run', async () => {
    const first = openState(folder);
    for (const key of ['b', 'a', 'c']) first.put('part', key, { key });
    first.put('part', 'b', { key: 'b again' });
    first.remove('part', 'a');
    first.remove('part', 'c');
    first.put('part', 'd', { key: 'd' });
    first.put('part', 'c', { key: 'c again' });
    first.put('other part', 'a', 1);
    await first.close();
    const second = openState(folder);
    expect(second.entries('part')).toEqual([
      ['b', { key: 'b again' }],
      ['d', { key: 'd' }],
      ['c', { key: 'c again' }],
    ]);
    await second.close();
  });

  it('keeps a value as it was when it was put', async () => {
    const state = openState(folder);
    const value = { spent: false };
    state.put('part', 'a', value);
    value.spent = true;
    expect(state.entries('part')).toEqual([['a', { spent: false }]]);
    await state.close();
  });

  it('can be read by its own user alone, journals included', async () => {
    const state = openState(folder);
    state.put('part', 'a', 1);
    await state.durable();
    const files = readdirSync(folder);
    expect(files).toContain('state.db-wal');
    expect(files.map((name) => (statSync(join(folder, name)).mode & 0o777).toString(8))).toEqual(
      files.map(() => '600'),
    );
    expect((statSync(folder).mode & 0o777).toString(8)).toBe('700');
    await state.close();
  });

  it('is refused to a second run, with the process that has it and what to do', async () => {
    const { child, kill } = await startWriter();
    expect(() => openState(folder)).toThrow(StateInUseError);
    expect(() => openState(folder)).toThrow(`(process ${child.pid})`);
    expect(() => openState(folder)).toThrow('--port N');
    await kill();
  });

  it('that was begun anew still tells a second run which process has it', async () => {
    await openState(folder).close();
    const { state } = openStateIn(folder, { fresh: true }, () => {});
    await new Promise(setImmediate);
    expect(() => openState(folder)).toThrow(`(process ${process.pid})`);
    await state.close();
  });

  it('is let go by a process that was killed, and has all that was said to be durable', {
    timeout: 60_000,
  }, async () => {
    let last = 0;
    for (let round = 0; round < 8; round += 1) {
      const { child, kill } = await startWriter();
      // At another moment each time: after so many writes.
      for (let seen = 0; seen < round * 3; seen += 1) await once(child.stdout, 'data');
      const durable = await kill();
      const state = openState(folder);
      const kept = state.entries('numbers').map(([, value]) => Number(value));
      await state.close();
      expect(kept.length).toBeGreaterThanOrEqual(Math.max(last, ...durable));
      expect(kept).toEqual(kept.map((_, index) => index + 1));
      last = kept.length;
    }
  });

  it.each(['state.db', 'fauxqs.db'])(
    'is moved aside as it is when %s is damaged, and the next one begins anew',
    async (name) => {
      const state = openState(folder);
      state.put('part', 'a', 1);
      await state.close();
      writeFileSync(join(folder, name), 'x'.repeat(5000));
      expect(() => openState(folder)).toThrow(StateUnreadableError);
      const [moved = ''] = aside();
      expect(moved).toMatch(/^state-4400\.damaged-/);
      expect(readFileSync(join(parent, moved, name), 'utf8')).toMatch(/^x/);
      const next = openState(folder);
      expect(next.entries('part')).toEqual([]);
      await next.close();
    },
  );

  it('of a newer version stays where it is, and the error says what to do', async () => {
    await openState(folder).close();
    const newer = new DatabaseSync(join(folder, 'state.db'));
    newer.exec('PRAGMA user_version = 2');
    newer.close();
    expect(() => openState(folder)).toThrow(/newer version .* \(format 2; this one reads 1\).*--fresh/);
    expect(existsSync(join(dirname(folder), 'state-4400', 'state.db'))).toBe(true);
    expect(aside()).toEqual([]);
  });
});
