import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { ageTokens } from './aged-tokens.ts';
import { useOperator } from './operator.ts';

const { procore, sandbox, system } = useOperator();
const inSandbox = ['--environment', 'sandbox'];

let dynamo: DynamoDBClient;
beforeAll(() => {
  dynamo = new DynamoDBClient(clientOptions(system().aws));
});
afterAll(() => dynamo.destroy());

const history = z.object({
  trouble: z.object({ cause: z.string(), remedy: z.string() }).nullable(),
  history: z
    .object({
      since: z.number(),
      readSince: z.number(),
      unread: z.array(z.unknown()),
      rows: z.array(z.looseObject({ at: z.number(), event: z.string(), what: z.string(), sure: z.string() })),
      generations: z.array(z.looseObject({ generation: z.number(), began: z.string() })),
    })
    .optional(),
});

/** Connects a service account, which no person need allow. */
async function connect(connectionId: string): Promise<void> {
  await procore(['connect', connectionId, '--service-account', '--company', '5358233', ...inSandbox]);
}

/** Rotates tokens as if they were two minutes old. */
async function rotate(connectionId: string): Promise<void> {
  await ageTokens(dynamo, sandbox().tables.Connections, connectionId);
  const { exitCode } = await procore(['connections', 'rotate', connectionId, ...inSandbox]);
  expect(exitCode).toBe(0);
}

async function read(connectionId: string, ...options: readonly string[]) {
  const { exitCode, json } = await procore(['connections', 'show', connectionId, ...inSandbox, '--json', ...options]);
  expect(exitCode).toBe(0);
  return history.parse(json());
}

describe('connections show', () => {
  it('tells what has become of a connection, and when each generation of its tokens began and ended', async () => {
    await connect('told');
    for (const _ of [2, 3]) await rotate('told');
    await procore(['connections', 'disconnect', 'told', '--yes', ...inSandbox]);
    const { history: shown, trouble } = await read('told');
    const events = shown?.rows.map(({ event }) => event) ?? [];
    expect(events.filter((event) => event.startsWith('rotation.'))).toEqual([
      ...['rotation.claimed', 'rotation.replaced', 'rotation.claimed', 'rotation.replaced'],
    ]);
    expect(events).toContain('connection.authorized');
    expect(events.indexOf('connection.disconnected')).toBeGreaterThan(events.lastIndexOf('rotation.replaced'));
    const replaced = shown?.rows.filter(({ event }) => event === 'rotation.replaced');
    expect(replaced).toMatchObject([
      { generation: 2, tookMs: expect.any(Number), sure: 'certain', log: 'AccessToken' },
      { generation: 3, tookMs: expect.any(Number), sure: 'certain' },
    ]);
    expect(shown?.generations).toMatchObject([
      { generation: 1, began: 'connected', ended: 'replaced by generation 2', beganAt: expect.any(Number) },
      { generation: 2, began: 'rotated', ended: 'replaced by generation 3', endedAt: expect.any(Number) },
      { generation: 3, began: 'rotated', ended: 'disconnected', isCurrent: false },
    ]);
    expect(shown?.unread).toEqual([]);
    expect(trouble).toMatchObject({ cause: 'It was disconnected.', remedy: expect.stringContaining('connect told') });
  });

  it('takes nothing of connections whose id begins with this one, or contains it', async () => {
    const ids = ['a', 'a-b', 'a.b', 'a:b', 'b-a', 'A', `a${'b'.repeat(127)}`];
    for (const id of ids) await connect(id);
    await rotate('a-b');
    for (const id of ids) {
      const { history: shown } = await read(id);
      const own = id === 'a-b' ? 2 : 1;
      expect(
        shown?.generations.map(({ generation }) => generation),
        id,
      ).toEqual([1, 2].slice(0, own));
      expect(shown?.rows.filter(({ event }) => event === 'connection.authorized').length, id).toBe(1);
    }
  });

  it('shows it to people: when, how long, how sure and what', async () => {
    await connect('people');
    await rotate('people');
    const { out } = await procore(['connections', 'show', 'people', ...inSandbox]);
    expect(out).toMatch(/^life of the token +\d+ \S+ left of \d+ \S+$/m);
    expect(out).toMatch(/^ *2 +\d{4}-\S+Z +lasts +\d+ s/m);
    expect(out).toMatch(/^\d{4}-\S+Z +(?:now|\d+ s ago) +2 +\d+ (ms|s) +certain\n +New tokens are stored\.$/m);
    expect(out).toMatch(/\d+ lines of the log since/);
  });

  it('looks back as far as is wanted, or not at all', async () => {
    await connect('past');
    const future = new Date(Date.now() + 60_000).toISOString();
    expect((await read('past', '--since', future)).history?.rows).toEqual([]);
    expect((await read('past', '--no-log')).history).toBeUndefined();
    const { history: shown } = await read('past', '--since', '30d');
    expect(shown?.readSince).toBe(shown?.since);
    const { exitCode } = await procore(['connections', 'show', 'past', '--since', 'some day', ...inSandbox]);
    expect(exitCode).toBe(2);
  });
});
