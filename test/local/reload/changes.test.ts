import { mkdtemp, readFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentsOf, nextChange } from '../../../lib/local/reload/changes.ts';

let folder: string;
let file: string;
let other: string;
const never = new AbortController().signal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'changes-'));
  file = join(folder, 'on-event.ts');
  other = join(folder, 'other.ts');
  await writeFile(file, 'old');
  await writeFile(other, 'other');
});

afterEach(() => rm(folder, { recursive: true }));

/** Saves in a way, and gives what the file held when the change was told. */
async function heldAfter(save: () => Promise<void>): Promise<string> {
  const since = contentsOf([file, other]);
  const held = nextChange({ since, signal: never }).then(() => readFile(file, 'utf8').catch(() => 'nothing'));
  await save();
  return held;
}

describe('a change of a file', () => {
  it.each<[string, () => Promise<void>]>([
    ['in place', () => writeFile(file, 'new')],
    [
      'by a rename',
      async () => {
        await writeFile(join(folder, 'temporary'), 'new');
        await rename(join(folder, 'temporary'), file);
      },
    ],
    [
      'by a rename of the old one first, as vim does',
      async () => {
        await rename(file, `${file}~`);
        await writeFile(file, 'new');
      },
    ],
    [
      'in two writes',
      async () => {
        await truncate(file);
        await writeFile(file, 'ne');
        await writeFile(file, 'new');
      },
    ],
    [
      'while it is away or empty for several looks',
      async () => {
        await rm(file);
        await nextChange({ since: contentsOf([other]), atMostMs: 250, signal: never });
        await writeFile(file, '');
        await nextChange({ since: contentsOf([other]), atMostMs: 150, signal: never });
        await writeFile(file, 'new');
      },
    ],
  ])('is told once it is whole when it was saved %s', async (_, save) => {
    expect(await heldAfter(save)).toBe('new');
  });

  it('is told of a file that is taken away for good', async () => {
    const change = nextChange({ since: contentsOf([file]), signal: never });
    await rm(file);
    await change;
  });

  it('is told at once when it happened before somebody waited', async () => {
    const since = contentsOf([file]);
    await writeFile(file, 'new');
    const began = performance.now();
    await nextChange({ since, signal: never });
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('is none when the file was only touched, or holds again what it held', async () => {
    const since = contentsOf([file]);
    const began = performance.now();
    const waiting = nextChange({ since, atMostMs: 600, signal: never });
    await utimes(file, new Date(), new Date());
    await writeFile(file, 'short-lived');
    await writeFile(file, 'old');
    await waiting;
    expect(performance.now() - began).toBeGreaterThanOrEqual(600);
  });

  it('is not waited for any more after the signal', async () => {
    const ending = new AbortController();
    const waiting = nextChange({ since: contentsOf([file]), signal: ending.signal });
    ending.abort();
    await expect(waiting).rejects.toThrow('abort');
  });
});
