import { DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { useOperator } from './operator.ts';

const forgottenToken = 'canary-of-an-access-token-91c2';
const { procore, sandbox, system } = useOperator(forgottenToken);

let dynamo: DynamoDBClient;
beforeAll(async () => {
  dynamo = new DynamoDBClient(clientOptions(system().aws));
  for (const connectionId of ['alpha', 'beta']) {
    await procore([...['connect', connectionId], ...['--service-account', '--company', '5358233'], ...inSandbox]);
  }
});
afterAll(() => dynamo.destroy());

const inSandbox = ['--environment', 'sandbox'];
const listed = z.object({ connections: z.array(z.looseObject({ connectionId: z.string() })) });

/** Moves a connection's tokens into the past, so that they are old enough to be replaced. */
async function age(connectionId: string, seconds: number): Promise<void> {
  await dynamo.send(
    new UpdateItemCommand({
      TableName: sandbox().tables.Connections,
      Key: { connectionId: { S: connectionId } },
      UpdateExpression: 'SET issuedAt = issuedAt - :age',
      ExpressionAttributeValues: { ':age': { N: String(seconds) } },
    }),
  );
}

describe('connections list', () => {
  it('shows every connection of the environment and no other, in the order of their ids', async () => {
    const { exitCode, json } = await procore(['connections', 'list', ...inSandbox, '--json']);
    expect(exitCode).toBe(0);
    expect(listed.parse(json()).connections.map(({ connectionId }) => connectionId)).toEqual(['alpha', 'beta']);
    const production = await procore(['connections', 'list', '--environment', 'production', '--json']);
    expect(production.json()).toEqual({ environment: 'production', connections: [] });
  });

  it('reads more than one page', async () => {
    const filler = 'x'.repeat(3000);
    await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        dynamo.send(
          new PutItemCommand({
            TableName: sandbox().tables.Connections,
            Item: {
              connectionId: { S: `many-${index}` },
              environment: { S: 'sandbox' },
              grant: { S: 'authorization_code' },
              status: { S: 'reauthorization_required' },
              cause: { S: 'revoked' },
              generation: { N: '1' },
              accessToken: { S: forgottenToken + filler },
              environmentChecked: { BOOL: true },
              authorizedBy: { M: { sessionId: { S: 'session' }, linkIssuedAt: { N: '1' } } },
              createdAt: { N: '1' },
              updatedAt: { N: '1' },
            },
          }),
        ),
      ),
    );
    const { out, json } = await procore(['connections', 'list', ...inSandbox, '--json']);
    expect(listed.parse(json()).connections.length).toBe(502);
    expect(out).not.toMatch(/session|accessToken|refreshToken|revoking/);
  });

  it('shows people a table', async () => {
    const { out } = await procore(['connections', 'list', ...inSandbox]);
    // With the reasons, the columns do not fit beside each other.
    expect(out).toMatch(/^STATUS +TOKEN EXPIRES +CONNECTION +COMPANY\n +GRANT +REASON\n/);
    expect(out).toMatch(/^connected +\d{4}-\S+Z +alpha +5358233\n +client_credentials$/m);
    expect(out).toMatch(/^reauthorization_required +- +many-0 +-\n +authorization_code +revoked$/m);
  });
});

describe('connections show', () => {
  it('shows everything but the tokens', async () => {
    const { exitCode, out, json } = await procore(['connections', 'show', 'alpha', ...inSandbox, '--json']);
    expect(exitCode).toBe(0);
    expect(json()).toMatchObject({ connectionId: 'alpha', status: 'connected', generation: 1 });
    expect(out).not.toMatch(/session|accessToken|refreshToken|revoking/);
  });

  it('ends with 3 when there is none', async () => {
    const { exitCode, json } = await procore(['connections', 'show', 'nobody', ...inSandbox, '--json']);
    expect(exitCode).toBe(3);
    expect(json()).toMatchObject({ error: { code: 'connection_not_found' } });
  });
});

describe('connections rotate', () => {
  it('leaves tokens alone that are younger than a minute', async () => {
    const { exitCode, json } = await procore(['connections', 'rotate', 'alpha', ...inSandbox, '--json']);
    expect(exitCode).toBe(0);
    expect(json()).toMatchObject({ connectionId: 'alpha', rotated: false, generation: 1 });
  });

  it('replaces older ones', async () => {
    await age('alpha', 120);
    const { exitCode, json } = await procore(['connections', 'rotate', 'alpha', ...inSandbox, '--json']);
    expect(exitCode).toBe(0);
    expect(json()).toEqual({
      connectionId: 'alpha',
      rotated: true,
      generation: 2,
      expiresAt: expect.any(Number),
    });
  });

  it('ends with 4 for a connection that only a person can connect again', async () => {
    const { exitCode, json } = await procore(['connections', 'rotate', 'many-1', ...inSandbox, '--json']);
    expect(exitCode).toBe(4);
    expect(json()).toMatchObject({ error: { code: 'reauthorization_required' } });
  });
});

describe('connections disconnect', () => {
  it('asks first, and refuses where nobody can be asked', async () => {
    const { exitCode, err } = await procore(['connections', 'disconnect', 'beta', ...inSandbox]);
    expect(exitCode).toBe(2);
    expect(err).toContain('--yes');
    const shown = await procore(['connections', 'show', 'beta', ...inSandbox, '--json']);
    expect(shown.json()).toMatchObject({ status: 'connected' });
  });

  it('does nothing when a person says no', async () => {
    const person = { confirm: async () => false };
    const { exitCode, out } = await procore(['connections', 'disconnect', 'beta', ...inSandbox], { person });
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: 'Nothing was done.\n' });
  });

  it('ends the connection and says whether Procore has confirmed the revocation', async () => {
    const { exitCode, json } = await procore(['connections', 'disconnect', 'beta', ...inSandbox, '--yes', '--json']);
    expect(exitCode).toBe(0);
    expect(json()).toEqual({ connectionId: 'beta', disconnected: true, revoked: true });
    const shown = await procore(['connections', 'show', 'beta', ...inSandbox, '--json']);
    expect(shown.json()).toMatchObject({ status: 'disconnected' });
  });
});
