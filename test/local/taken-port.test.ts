import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { close, listen } from '../../lib/listening.ts';
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
