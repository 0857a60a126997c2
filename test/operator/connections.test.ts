import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { newUnconfirmed } from '../../functions/connection/unconfirmed-transitions.ts';
import { systemClock } from '../../functions/system.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { ageTokens } from './aged-tokens.ts';
import { useOperator } from './operator.ts';

const forgottenToken = 'canary-of-an-access-token-91c2';
const { procore, sandbox, system } = useOperator(forgottenToken);

let dynamo: DynamoDBClient;
beforeAll(() => {
  dynamo = new DynamoDBClient(clientOptions(system().aws));
});
afterAll(() => dynamo.destroy());

const inSandbox = ['--environment', 'sandbox'];
const listed = z.object({ connections: z.array(z.looseObject({ connectionId: z.string() })) });

async function connect(connectionId: string): Promise<void> {
  await procore(['connect', connectionId, '--service-account', '--company', '5358233', ...inSandbox]);
}

/** Puts a connection into the table that only a person can bring back. @param bytes how much larger it is than others */
async function putRevoked(connectionId: string, bytes = 0): Promise<void> {
  await dynamo.send(
    new PutItemCommand({
      TableName: sandbox().tables.Connections,
      Item: {
        connectionId: { S: connectionId },
        environment: { S: 'sandbox' },
        grant: { S: 'authorization_code' },
        status: { S: 'reauthorization_required' },
        cause: { S: 'revoked' },
        generation: { N: '1' },
        accessToken: { S: forgottenToken + 'x'.repeat(bytes) },
        environmentChecked: { BOOL: true },
        authorizedBy: { M: { sessionId: { S: 'session' }, linkIssuedAt: { N: '1' } } },
        createdAt: { N: '1' },
        updatedAt: { N: '1' },
      },
    }),
  );
}

async function listedIds(environment = 'sandbox'): Promise<string[]> {
  const { exitCode, json } = await procore(['connections', 'list', '--environment', environment, '--json']);
  expect(exitCode).toBe(0);
  return listed.parse(json()).connections.map(({ connectionId }) => connectionId);
}

/** Moves a connection's tokens into the past, so that they are old enough to be replaced. */
const age = (connectionId: string, seconds: number) =>
  ageTokens(dynamo, sandbox().tables.Connections, connectionId, seconds);

describe('connections list', () => {
  it('shows every connection of the environment and no other, in the order of their ids', async () => {
    const before = await listedIds();
    for (const connectionId of ['listed-b', 'listed-a']) await connect(connectionId);
    expect(await listedIds()).toEqual([...before, 'listed-a', 'listed-b'].sort());
    expect(await listedIds('production')).toEqual([]);
  });

  it('reads more than one page', async () => {
    const before = await listedIds();
    await Promise.all(Array.from({ length: 500 }, (_, index) => putRevoked(`many-${index}`, 3000)));
    const { out, json } = await procore(['connections', 'list', ...inSandbox, '--json']);
    expect(listed.parse(json()).connections.length).toBe(before.length + 500);
    expect(out).not.toMatch(/session|accessToken|refreshToken|revoking/);
  });

  it('shows people a table', async () => {
    await connect('alpha');
    await putRevoked('revoked-0');
    const { out } = await procore(['connections', 'list', ...inSandbox]);
    // With the reasons, the columns do not fit beside each other.
    expect(out).toMatch(/^STATUS +TOKEN EXPIRES +CONNECTION +COMPANY +GRANT\n +REASON\n/);
    expect(out).toMatch(/^connected +in \d+ min +alpha +5358233 +client_credentials$/m);
    expect(out).toMatch(/^reauthorization_required +- +revoked-0 +- +authorization_code\n +revoked$/m);
  });
});

describe('connections show', () => {
  it('shows everything but the tokens', async () => {
    await connect('shown');
    const { exitCode, out, json } = await procore(['connections', 'show', 'shown', ...inSandbox, '--json']);
    expect(exitCode).toBe(0);
    expect(json()).toMatchObject({ connectionId: 'shown', status: 'connected', generation: 1 });
    expect(out).not.toMatch(/session|accessToken|refreshToken|revoking/);
  });

  it.each([
    ['waits for confirmation until', 1500],
    ['was not confirmed in time', -1],
  ])('says of one that was never connected: %s', async (reason, seconds) => {
    const expiresAt = Math.floor(systemClock()) + seconds;
    const authorizedBy = { sessionId: 'waiting', linkIssuedAt: expiresAt, referenceHash: 'hash' };
    const tokens = { accessToken: forgottenToken, refreshToken: forgottenToken, issuedAt: 1, expiresAt };
    const item = newUnconfirmed('sandbox', { connectionId: 'proposed', tokens, authorizedBy }, { now: 1, expiresAt });
    const Item = marshall(item, { removeUndefinedValues: true });
    await dynamo.send(new PutItemCommand({ TableName: sandbox().tables.Connections, Item }));
    const { out } = await procore(['connections', 'show', 'proposed', ...inSandbox]);
    expect(out).toMatch(new RegExp(`^status +unconfirmed \\(${reason}`));
    expect(out).toMatch(/connect link issued +-\n/);
    expect(out).not.toContain('1970-01-01T00:00:00');
    const list = await procore(['connections', 'list', ...inSandbox]);
    expect(list.out.replace(/\s+/g, ' ')).toContain(`unconfirmed - proposed - authorization_code ${reason}`);
    const { json } = await procore(['connections', 'show', 'proposed', ...inSandbox, '--json']);
    expect(json()).toMatchObject({ unconfirmed: { expiresAt } });
    expect(json()).not.toHaveProperty('authorizedAt');
    const { tables } = sandbox();
    await dynamo.send(
      new DeleteItemCommand({ TableName: tables.Connections, Key: { connectionId: { S: 'proposed' } } }),
    );
  });

  it('ends with 3 when there is none', async () => {
    const { exitCode, json } = await procore(['connections', 'show', 'nobody', ...inSandbox, '--json']);
    expect(exitCode).toBe(3);
    expect(json()).toMatchObject({ error: { code: 'connection_not_found' } });
  });
});

describe('connections rotate', () => {
  it('leaves tokens alone that are younger than a minute', async () => {
    await connect('young');
    const { exitCode, json } = await procore(['connections', 'rotate', 'young', ...inSandbox, '--json']);
    expect(exitCode).toBe(0);
    expect(json()).toMatchObject({ connectionId: 'young', rotated: false, generation: 1 });
  });

  it('replaces older ones', async () => {
    await connect('older');
    await age('older', 120);
    const { exitCode, json } = await procore(['connections', 'rotate', 'older', ...inSandbox, '--json']);
    expect(exitCode).toBe(0);
    expect(json()).toEqual({
      connectionId: 'older',
      rotated: true,
      generation: 2,
      expiresAt: expect.any(Number),
    });
  });

  it('ends with 4 for a connection that only a person can connect again', async () => {
    await putRevoked('ended');
    const { exitCode, json } = await procore(['connections', 'rotate', 'ended', ...inSandbox, '--json']);
    expect(exitCode).toBe(4);
    expect(json()).toMatchObject({ error: { code: 'reauthorization_required' } });
  });
});

describe('connections disconnect', () => {
  it('asks first, and refuses where nobody can be asked', async () => {
    await connect('kept');
    const { exitCode, err } = await procore(['connections', 'disconnect', 'kept', ...inSandbox]);
    expect(exitCode).toBe(2);
    expect(err).toContain('--yes');
    const shown = await procore(['connections', 'show', 'kept', ...inSandbox, '--json']);
    expect(shown.json()).toMatchObject({ status: 'connected' });
  });

  it('does nothing when a person says no', async () => {
    await connect('kept');
    const person = { confirm: async () => false };
    const { exitCode, out } = await procore(['connections', 'disconnect', 'kept', ...inSandbox], { person });
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: 'Nothing was done.\n' });
  });

  it('ends the connection and says whether Procore has confirmed the revocation', async () => {
    await connect('beta');
    const { exitCode, json } = await procore(['connections', 'disconnect', 'beta', ...inSandbox, '--yes', '--json']);
    expect(exitCode).toBe(0);
    expect(json()).toEqual({ connectionId: 'beta', disconnected: true, revoked: true });
    const shown = await procore(['connections', 'show', 'beta', ...inSandbox, '--json']);
    expect(shown.json()).toMatchObject({ status: 'disconnected' });
  });
});
