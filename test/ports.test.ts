import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { close, listen } from '../lib/listening.ts';
import { layOutPorts, reservedPorts, reservePorts } from '../lib/ports.ts';

it('gives ports to one alone, as long as they are reserved', async () => {
  const blocks = await Promise.all(Array.from({ length: 40 }, () => reservePorts()));
  const all = blocks.flatMap(({ first }) => Array.from({ length: reservedPorts }, (_, offset) => first + offset));
  expect(new Set(all).size).toBe(40 * reservedPorts);
  // Below those that a system gives out as free to whoever asks.
  expect(Math.max(...all)).toBeLessThan(32_768);
  await Promise.all(blocks.map(({ release }) => release()));
});

it('gives ports on which one can listen, close, and listen again', async () => {
  const { first, release } = await reservePorts();
  for (const time of [1, 2]) {
    const server = createServer();
    expect(await listen(server, first + time)).toBe(first + time);
    await close(server);
  }
  await release();
});

it('gives no port on which a program listens that reserves nothing', async () => {
  const { first, release } = await reservePorts();
  await release();
  const stranger = createServer();
  await listen(stranger, first + 30);
  const blocks = await Promise.all(Array.from({ length: 150 }, () => reservePorts()));
  expect(blocks.map((block) => block.first)).not.toContain(first);
  await Promise.all(blocks.map((block) => block.release()));
  await close(stranger);
});

it('lays out the ports of a local system from the first one, and from reserved ones for 0', async () => {
  expect(await layOutPorts(4400, 2)).toMatchObject({
    aws: 4400,
    environments: [
      { api: 4401, login: 4411, procoreApi: 4412 },
      { api: 4402, login: 4421, procoreApi: 4422 },
    ],
  });
  const [one, other] = await Promise.all([layOutPorts(0, 3), layOutPorts(0, 3)]);
  const ports = [one, other].flatMap(({ aws, environments }) => [aws, ...environments.flatMap(Object.values<number>)]);
  expect(new Set(ports).size).toBe(20);
  await Promise.all([one.release(), other.release()]);
});
