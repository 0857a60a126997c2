import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { close, listen } from '../../lib/listening.ts';
import { openState } from '../../lib/local/state/state-file.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { reservePorts } from '../../lib/ports.ts';

it('names all ports of a start of which one is taken, and others, since nobody has chosen that one', async () => {
  const { first, release } = await reservePorts();
  const other = createServer();
  await listen(other, first + 11);
  const started = startLocalSystem({ port: first }, { step: () => {}, log: () => {} });
  await expect(started).rejects.toMatchObject({
    code: 'port_taken',
    message:
      `Port ${first + 11} is in use by another program. This start takes ports from ${first} to ${first + 22}, and perhaps ` +
      `something runs there from another folder. End that, or take other ports here with --port ${first + 100} ` +
      `(npm start -- --port ${first + 100}).`,
  });
  await close(other);
  await release();
});

it.each([
  ['leaves no state behind where there was none', false],
  ['keeps the state that was there', true],
])('%s, when the start is refused', async (_, wasThere) => {
  const parent = mkdtempSync(join(tmpdir(), 'taken-port-'));
  const folder = join(parent, 'state-4400');
  if (wasThere) {
    const earlier = openState(folder);
    earlier.put('part', 'key', 'value');
    await earlier.close();
  }
  const { first, release } = await reservePorts();
  const other = createServer();
  await listen(other, first + 1);
  const state = openState(folder);
  await expect(startLocalSystem({ port: first, state }, { step: () => {}, log: () => {} })).rejects.toMatchObject({
    code: 'port_taken',
  });
  expect(existsSync(folder)).toBe(wasThere);
  if (wasThere) {
    const later = openState(folder);
    expect(later.entries('part')).toEqual([['key', 'value']]);
    await later.close();
  }
  await close(other);
  await release();
  rmSync(parent, { recursive: true });
});
