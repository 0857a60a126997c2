import { rmSync } from 'node:fs';
import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Assembly } from '../../lib/local/template/assembly.ts';
import { withOlderCode } from '../previous-release/older-code.ts';
import { previousFunctions } from '../previous-release/previous-release.ts';
import { startSandboxStack, synthesizeSandbox, webhookBody } from './sandbox-stack.ts';

// A deployment that went back: the release before works what this version has stored, with this version's roles and
// settings. Then this version comes again. The same happens call by call while an alias moves.

interface Vended {
  readonly accessToken: string;
  readonly generation: number;
}

/** Attributes that the two versions leave differently, each with the reason why no harm comes of it. */
const differing: Readonly<Record<string, string>> = {
  companyChosenAt:
    'A mark that a write compares with what it has read itself. The release before leaves that of the former account.',
};

const released = previousFunctions();
let current: Assembly;
let system: Awaited<ReturnType<typeof startSandboxStack>>;
const deploy = {
  before: () => system.stack.deploy(withOlderCode(current, released)),
  this: () => system.stack.deploy({ ...current, remove: async () => {} }),
};

beforeAll(async () => {
  current = await synthesizeSandbox();
  system = await startSandboxStack({ assembly: current, unknowns: { revokeSparesOtherSets: true } });
  for (const connectionId of [
    'rotated-before',
    'rotated-now',
    'ended-before',
    'ended-now',
    'again-before',
    'again-now',
  ])
    await system.connect(connectionId);
}, 90_000);

afterAll(async () => {
  await system.stop();
  rmSync(released.directory, { recursive: true });
});

async function stored(connectionId: string): Promise<Record<string, unknown>> {
  const { Item = {} } = await system.clients.dynamoDb.send(
    new GetItemCommand({ TableName: system.output('TableConnections'), Key: { connectionId: { S: connectionId } } }),
  );
  return unmarshall(Item);
}

/** The names of an item's attributes, and of the members of those that are maps. */
function namesIn(item: Readonly<Record<string, unknown>>, prefix = ''): string[] {
  return Object.entries(item)
    .flatMap(([name, value]) => [
      prefix + name,
      ...(typeof value === 'object' && value !== null && !Array.isArray(value)
        ? namesIn(value as Record<string, unknown>, `${prefix}${name}.`)
        : []),
    ])
    .filter((name) => !Object.hasOwn(differing, name))
    .sort();
}

/** Adds what only a later version would store. */
async function addLaterAttribute(connectionId: string): Promise<void> {
  await system.clients.dynamoDb.send(
    new UpdateItemCommand({
      TableName: system.output('TableConnections'),
      Key: { connectionId: { S: connectionId } },
      UpdateExpression: 'SET ofALaterVersion = :kept',
      ExpressionAttributeValues: { ':kept': { S: 'kept' } },
    }),
  );
}

const expire = (connectionId: string) =>
  system.change(connectionId, 'SET issuedAt = issuedAt - :age, expiresAt = expiresAt - :age', { ':age': 5400 });
const vend = (connectionId: string) => system.invoke<Vended>('AccessToken', { connectionId });

/** What either version is asked to do with a connection that this version has stored. */
const works = {
  rotated: async (connectionId: string) => {
    await expire(connectionId);
    expect(await vend(connectionId)).toMatchObject({ generation: 2 });
  },
  ended: async (connectionId: string) => {
    expect(await system.invoke('Disconnect', { connectionId })).toMatchObject({ status: 'disconnected' });
  },
  again: (connectionId: string) => system.connect(connectionId),
} as const;

describe('the release before, on what this version has stored', { timeout: 60_000 }, () => {
  const events = ['01BEF0RE00000000000000000A', '01BEF0RE00000000000000000B'];

  it('does its work, drops no attribute that it does not know, and leaves what this version would leave', async () => {
    for (const [name, work] of Object.entries(works)) {
      await addLaterAttribute(`${name}-now`);
      await work(`${name}-now`);
    }
    await deploy.before();
    for (const [name, work] of Object.entries(works)) {
      await addLaterAttribute(`${name}-before`);
      await work(`${name}-before`);
      const [before, now] = [await stored(`${name}-before`), await stored(`${name}-now`)];
      expect(before.ofALaterVersion, name).toBe('kept');
      // An attribute that one of them adds or removes and the other does not: see functions/README.md, "Two versions at
      // once", and name it above if no harm comes of it.
      expect(namesIn(before), name).toEqual(namesIn(now));
    }
  });

  it('takes webhooks in that this version knows again', async () => {
    // Older than what intake takes on trust, so that the ledger is asked.
    const timestamp = new Date(Date.now() - 600_000).toISOString();
    // The receive that the deployment broke off may take one message with it, until that comes again.
    expect(await system.post(webhookBody('01SACRIF1CED0000000000000A', { resource_id: '1' }))).toBe(200);
    for (const id of events) {
      expect(await system.post(webhookBody(id, { timestamp }))).toBe(200);
      await system.log.waitFor('event.received', { eventId: id });
    }
    await deploy.this();
    // Meanwhile the connections to the HTTP API that is gone are noticed to be closed.
    await system.invoke('RotationSweep');
    for (const id of events) {
      expect(await system.post(webhookBody(id, { timestamp }))).toBe(200);
      await system.log.waitFor('webhook.duplicate', { eventId: id });
    }
    await system.log.waitForQuiet();
    for (const id of events) expect(system.log.count('event.received', { eventId: id }), id).toBe(1);
  });

  it('leaves tokens that this version vends and rotates on', async () => {
    const { accessToken } = await stored('rotated-before');
    expect(await vend('rotated-before')).toMatchObject({ accessToken, generation: 2 });
    await expire('rotated-before');
    expect(await vend('rotated-before')).toMatchObject({ generation: 3 });
    expect(await stored('rotated-before')).toMatchObject({ ofALaterVersion: 'kept' });
  });
});
