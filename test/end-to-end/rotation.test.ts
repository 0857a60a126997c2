import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReservedPorts, reservePorts } from '../../lib/ports.ts';
import { type AwsFaults, startAwsFaults } from '../faults/aws-faults.ts';
import { startSandboxStack, synthesizeSandbox } from './sandbox-stack.ts';

interface Answer {
  readonly accessToken: string;
  readonly generation: number;
  readonly error?: { readonly code: string; readonly reason?: string; readonly reconnect?: string };
}

const newClientSecret = 'the-secret-after-its-reset-at-procore';
let system: Awaited<ReturnType<typeof startSandboxStack>>;
let reserved: ReservedPorts;
let dynamoDb: AwsFaults;
const startedAt = Math.floor(Date.now() / 1000);
let dueTimes = 0;
/** When token-rotation had reason to read the secret again: for 30 s it judges no refusal by another reading. */
let secretReadAt = 0;
/** Vends for the connection `escrowed` while DynamoDB takes none of its new tokens: it takes access-token 21 s. */
let vendedFromEscrow: Promise<Answer>;

beforeAll(async () => {
  reserved = await reservePorts();
  const awsPort = reserved.first;
  dynamoDb = await startAwsFaults(`http://127.0.0.1:${awsPort}`);
  system = await startSandboxStack({
    assembly: await synthesizeSandbox(),
    awsPort,
    variables: { AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint },
    unknowns: { refusedClientBurnsRefreshToken: false },
  });
  await system.connect('acme');
  await system.connect('escrowed');
  dynamoDb.judge = ({ operation, body, accessKeyId }) =>
    operation === 'UpdateItem' && body.includes('#accessToken') && accessKeyId.includes('AccessToken')
      ? 'throttled'
      : 'none';
  await age('escrowed', 5400);
  vendedFromEscrow = vend('escrowed');
}, 120_000);

afterAll(async () => {
  await system.stop();
  await dynamoDb.close();
  await reserved.release();
});

const vend = (connectionId = 'acme') => system.invoke<Answer>('AccessToken', { connectionId });

/** Time passes for a connection alone: what is stored moves into the past, and it is due. */
async function age(connectionId: string, seconds: number): Promise<void> {
  // A due time of its own each time: the queue drops what it has had for the same one.
  dueTimes += 1;
  const due = startedAt - dueTimes;
  const set = 'SET issuedAt = issuedAt - :age, expiresAt = expiresAt - :age, rotateAt = :due, notBefore = :due';
  await system.change(connectionId, set, { ':age': seconds, ':due': due });
}

const sweep = () => system.invoke<{ due: number; queued: number }>('RotationSweep');

/** One connection's history, found by its id as an operator finds it. */
function history(connectionId: string): string[] {
  return system.written
    .filter((line) => line.startsWith('{') && line.includes(`"connectionId":"${connectionId}"`))
    .map((line) => JSON.parse(line).event as string)
    .filter((event) => event.startsWith('rotation.'));
}

// One story, whose chapters build on each other.
describe('rotation, from the sweep to the integrator’s file', { shuffle: false }, () => {
  it('rotates a connection that is due: sweep, rotation queue, token-rotation', async () => {
    const before = await vend();
    await age('acme', 4500);
    expect(await sweep()).toMatchObject({ due: 1, queued: 1 });
    await system.log.waitFor('rotation.replaced', { connectionId: 'acme', generation: before.generation + 1 });
    const after = await vend();
    expect(after.generation).toBe(before.generation + 1);
    expect(after.accessToken).not.toBe(before.accessToken);
    expect(history('acme')).toEqual(['rotation.claimed', 'rotation.replaced']);
  });

  it('replays after a lost response, once the cool-down is over', async () => {
    const { generation } = await vend();
    system.standIn.control.failNext('token', { kind: 'lost-response', effect: false });
    await age('acme', 4500);
    await sweep();
    await system.log.waitFor('rotation.cooling', { connectionId: 'acme', generation });
    expect(await vend()).toMatchObject({ generation });
    await age('acme', 0);
    await sweep();
    await system.log.waitFor('rotation.replaced', { connectionId: 'acme', generation: generation + 1 });
    expect(history('acme').slice(2)).toEqual([
      'rotation.claimed',
      'rotation.unknown',
      'rotation.cooling',
      'rotation.claimed',
      'rotation.replayed',
      'rotation.replaced',
    ]);
  });

  it('marks no connection dead when the client secret is reset, and reads the new one once it is stored', async () => {
    const { generation } = await vend();
    system.standIn.control.setClientSecret(newClientSecret);
    await age('acme', 4500);
    // In access-token: each process reads the secret again after a refusal, but once in 30 s at most.
    await system.invoke('AccessToken', { connectionId: 'acme', minValidSeconds: 3600 });
    await system.log.waitFor('rotation.cooling', { connectionId: 'acme', generation, code: 'invalid_client' });
    expect(await vend()).toMatchObject({ generation });

    const client = { clientId: 'local-sandbox', clientSecret: newClientSecret };
    await system.writeSecret('OauthClient', { environment: 'sandbox', ...client });
    await age('acme', 0);
    await sweep();
    // token-rotation still remembers the old secret: it is refused once, and read again.
    secretReadAt = Date.now();
    await system.log.waitFor('rotation.replaced', { connectionId: 'acme', generation: generation + 1 });
    expect(await vend()).toMatchObject({ generation: generation + 1 });
    expect(system.log.count('rotation.refused', {})).toBe(0);
  });

  it('puts new tokens in escrow when DynamoDB takes none, vends them, and token-recovery stores them', async () => {
    const vended = await vendedFromEscrow;
    expect(vended).not.toHaveProperty('error');
    await system.log.waitFor('rotation.recovered', { connectionId: 'escrowed', generation: vended.generation });
    expect(await vend('escrowed')).toEqual(vended);
    // Two functions write the last two lines, and SQS may wake token-recovery before token-rotation writes its own.
    await system.log.waitFor('rotation.escrowed', { connectionId: 'escrowed', generation: vended.generation });
    expect(history('escrowed')[0]).toBe('rotation.claimed');
    expect(history('escrowed').slice(1).sort()).toEqual(['rotation.escrowed', 'rotation.recovered']);
    expect(dynamoDb.failed).toBeGreaterThan(10);
  }, 60_000);

  it('tells on-event.ts when a person has taken the access back, and is healed by a reconnect', async () => {
    const { generation } = await vend();
    await sleep(Math.max(0, secretReadAt + 31_000 - Date.now()));
    system.standIn.control.revokeGrant();
    await age('acme', 4500);
    await sweep();
    const change = { connectionId: 'acme', outcome: 'reauthorization_required', cause: 'revoked', generation };
    await system.log.waitFor('connection.changed', change);
    expect(history('acme').slice(-2)).toEqual(['rotation.claimed', 'rotation.refused']);
    const { error } = await vend();
    expect(error).toMatchObject({ code: 'reauthorization_required', reason: 'revoked' });
    expect(error?.reconnect).toContain('acme');

    const asked = system.standIn.control.counts.tokenRefreshes;
    await system.connect('acme');
    await system.log.waitFor('connection.changed', { connectionId: 'acme', outcome: 'connected' });
    const healed = await vend();
    expect(healed.generation).toBeGreaterThan(generation);
    const me = await fetch(`${system.standIn.apiOrigin}/rest/v1.0/me`, {
      headers: { authorization: `Bearer ${healed.accessToken}` },
    });
    expect(me.status).toBe(200);
    expect(system.standIn.control.counts.tokenRefreshes).toBe(asked);
  });

  it('has written no code, token or client secret anywhere', async () => {
    await system.log.waitForQuiet();
    const secrets = [...system.standIn.control.issuedSecrets(), newClientSecret, 'local-sandbox-client-secret'];
    expect(secrets.length).toBeGreaterThan(14);
    const all = system.written.join('\n');
    expect(all).toContain('rotation.escrowed');
    expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
  });
});
