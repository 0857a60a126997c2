import { describe, expect, it } from 'vitest';
import { attendConnection } from '../../functions/connection/attention.ts';
import type { Connection } from '../../functions/connection/connection.ts';
import { disconnectConnection } from '../../functions/connection/disconnect.ts';
import { recoverTokens } from '../../functions/connection/recovery.ts';
import { type RestorationRequest, restoreConnections } from '../../functions/connection/restoration.ts';
import { sendRestoredRefreshToken } from '../../functions/connection/restored-word.ts';
import { proposeAuthorization } from '../../functions/connection/unconfirmed.ts';
import { vendAccessToken } from '../../functions/connection/vending.ts';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { memoryBackup } from '../memory/backup.ts';
import { untilReturn } from '../memory/port.ts';
import { connectionWorld, StoreFault, startTime } from './world.ts';

const leap = 2 ** 20;

/** A world whose backup has what was put, and whose table is empty. */
function worldWithBackup(...rows: readonly Partial<Connection>[]) {
  const world = connectionWorld();
  for (const row of rows.length === 0 ? [{}] : rows) world.put(row, 1000);
  const backup = memoryBackup('sandbox', [...world.store.connections.values()]);
  world.store.connections.clear();
  const restore = async (request: Partial<RestorationRequest> = {}, milliseconds = 60_000) => {
    const dependencies = { ...world.invocation(milliseconds), backup };
    return untilReturn(() => restoreConnections(dependencies, { dryRun: false, ...request }));
  };
  const became = async (request: Partial<RestorationRequest> = {}) =>
    (await restore(request)).connections.map(({ became }) => became);
  const send = () => untilReturn(() => sendRestoredRefreshToken(world.invocation(), 'acme'));
  const vend = (rejectedGeneration?: number) =>
    untilReturn(() =>
      vendAccessToken(
        { ...world.invocation(), apiOrigin: 'https://api.test' },
        { connectionId: 'acme', ...(rejectedGeneration !== undefined && { rejectedGeneration }) },
      ),
    );
  const attend = () => untilReturn(() => attendConnection(world.invocation(), 'acme'));
  return Object.assign(world, { backup, restore, became, send, vend, attend });
}

const spent = (world: ReturnType<typeof connectionWorld>) =>
  world.tokenEndpoint.calls.filter(({ method }) => method === 'redeemRefreshToken');

describe('restoring a connection whose access token Procore honours', () => {
  it('copies it without attempt, failure and cool-down, far ahead of what was, its refresh token apart', async () => {
    const attempt = { owner: 'me', number: 3, startedAt: 0, leaseUntil: startTime + 100 };
    const failure = { code: 'unknown', at: startTime - 5, count: 4 };
    const world = worldWithBackup({ attempt, failure, notBefore: startTime + 900, generation: 7, companyId: '11' });
    const until = startTime - 1000 + 5400;
    expect(await world.restore()).toEqual({ connections: [{ connectionId: 'acme', became: 'vended', until }] });
    const stored = world.stored();
    expect(stored).toMatchObject({
      status: 'connected',
      generation: 7 + leap,
      rotateAt: until,
      tokens: { accessToken: 'access-0', expiresAt: until },
      companyIds: ['11', '12'],
      companyId: '11',
      restoredAt: startTime,
      restoredRefreshToken: 'refresh-0',
    });
    expect(stored.tokens).not.toHaveProperty('refreshToken');
    for (const field of ['attempt', 'failure', 'notBefore']) expect(stored).not.toHaveProperty(field);
    expect(world.asked()).toEqual(['tokenInfo']);
    expect(world.notes).toEqual([
      ['connection.restored', { connectionId: 'acme', generation: 7 + leap, status: 'connected' }],
    ]);
    expect(world.said()).not.toMatch(/access-0|refresh-0/);
  });

  it('leaves tokens that waited for a confirmation in the backup: they may have been confirmed and spent since', async () => {
    const unconfirmed = {
      tokens: { accessToken: 'access-w', refreshToken: 'refresh-w', issuedAt: startTime, expiresAt: startTime + 5400 },
      authorizedBy: { sessionId: 'session-w', linkIssuedAt: startTime - 50 },
      referenceHash: 'hash',
      expiresAt: startTime + 600,
    };
    const world = worldWithBackup({ unconfirmed });
    expect(await world.became()).toEqual(['vended']);
    expect(JSON.stringify(world.stored())).not.toMatch(/access-w|refresh-w/);
    const waiting = worldWithBackup({ generation: 3 });
    waiting.put({ status: 'reauthorization_required', cause: 'revoked', generation: 5, unconfirmed });
    expect(await waiting.became()).toEqual(['vended']);
    expect(waiting.stored()).toMatchObject({ generation: 3 + leap, unconfirmed });
  });

  it('copies it beside tokens that wait since the table was lost: nobody has disconnected it', async () => {
    const world = worldWithBackup({ generation: 3, revoking: ['access-old'] });
    const tokens = { accessToken: 'access-w', issuedAt: startTime, expiresAt: startTime + 5400 };
    const propose = (referenceHash: string) =>
      untilReturn(() =>
        proposeAuthorization(world.invocation(), {
          ...{ connectionId: 'acme', tokens },
          authorizedBy: { sessionId: referenceHash, linkIssuedAt: startTime, referenceHash },
        }),
      );
    await propose('one');
    expect(await world.became()).toEqual(['vended']);
    expect(world.stored()).toMatchObject({
      ...{ status: 'connected', generation: 3 + leap, revoking: ['access-old'] },
      ...{ tokens: { accessToken: 'access-0' }, unconfirmed: { tokens } },
    });
    expect(world.announced).toEqual([]);

    world.store.connections.clear();
    await propose('two');
    await untilReturn(() => disconnectConnection(world.invocation(), 'acme'));
    expect(await world.became()).toEqual(['disconnected_since']);
  });

  it('vends it to its end and sends its refresh token at no time, whoever asks for whatever', async () => {
    const world = worldWithBackup();
    await world.restore();
    expect(await world.vend()).toMatchObject({ accessToken: 'access-0', generation: 1 + leap });
    world.time.pass(4100);
    await world.attend();
    expect(await world.vend()).toMatchObject({ accessToken: 'access-0' });
    await expect(world.vend(1 + leap)).rejects.toMatchObject({ code: 'reauthorization_required', reason: 'restored' });
    world.time.pass(400);
    await expect(world.vend()).rejects.toMatchObject({ code: 'reauthorization_required', reason: 'restored' });
    await world.attend();
    expect(world.stored()).toMatchObject({ status: 'reauthorization_required', cause: 'restored' });
    expect(world.stored()).not.toHaveProperty('rotateAt');
    expect(world.announced).toMatchObject([{ change: 'reauthorization_required', cause: 'restored' }]);
    expect(world.events()).toContain('connection.restored_over');
    expect(world.counts.reauthorizationRequired).toBe(1);
    expect(spent(world)).toEqual([]);
  });

  it('does not restore tokens of another client, nor what Procore says nothing about', async () => {
    const world = worldWithBackup();
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'client-2' };
    expect(await world.became()).toEqual(['foreign']);
    world.tokenEndpoint.info = { outcome: 'unavailable' };
    expect(await world.became()).toEqual(['unavailable']);
    expect(world.store.connections.size).toBe(0);
  });

  it('gives way to a newer token set that comes out of escrow', async () => {
    const world = worldWithBackup({ generation: 7 });
    await world.restore();
    const tokens = world.tokenEndpoint.tokenSet(9);
    const { authorizedBy } = world.stored();
    const escrowed = { environment: 'sandbox', connectionId: 'acme', tokens, authorizedBy } as const;
    expect(await untilReturn(() => recoverTokens(world.invocation(), { ...escrowed, generation: 6 }))).toBe('too_late');
    expect(await untilReturn(() => recoverTokens(world.invocation(), { ...escrowed, generation: 8 }))).toBe(
      'recovered',
    );
    expect(world.stored()).toMatchObject({ tokens, generation: 8 + leap });
    for (const field of ['restoredAt', 'restoredRefreshToken']) expect(world.stored()).not.toHaveProperty(field);
  });

  it('is one like any other as soon as another version, which knows nothing of restoring, has connected it', async () => {
    const world = worldWithBackup();
    await world.restore();
    const { generation } = world.stored();
    const tokens = world.tokenEndpoint.tokenSet(5);
    world.put({ ...world.stored(), tokens, generation: generation + 1 });
    world.time.pass(4500);
    expect(await world.vend(generation + 1)).toMatchObject({ accessToken: 'access-1' });
    await expect(world.send()).rejects.toMatchObject({ code: 'not_restored' });
  });

  it('is disconnected as any other, and keeps no token', async () => {
    const world = worldWithBackup();
    await world.restore();
    await untilReturn(() => disconnectConnection(world.invocation(), 'acme'));
    for (const field of ['tokens', 'restoredAt', 'restoredRefreshToken', 'revoking']) {
      expect(world.stored()).not.toHaveProperty(field);
    }
  });
});

describe('restoring the rest', () => {
  it.each([
    ['Procore refuses its access token', {}],
    ['its access token is over', { tokens: { accessToken: 'a', refreshToken: 'r', issuedAt: 0, expiresAt: 5400 } }],
  ])('ends it where %s, and the sweep tells of it', async (_why, row) => {
    const world = worldWithBackup(row);
    world.tokenEndpoint.info = { outcome: 'refused' };
    expect(await world.became()).toEqual(['reauthorization_required']);
    expect(world.stored()).toMatchObject({ status: 'reauthorization_required', cause: 'restored' });
    world.time.pass(121);
    await world.attend();
    expect(world.announced).toMatchObject([{ change: 'reauthorization_required', cause: 'restored' }]);
    expect(world.stored()).not.toHaveProperty('rotateAt');
    expect(spent(world)).toEqual([]);
  });

  it('keeps the cause of one that had ended before, and asks nobody about it', async () => {
    const world = worldWithBackup({ status: 'reauthorization_required', cause: 'revoked' });
    expect(await world.became()).toEqual(['reauthorization_required']);
    expect(world.stored()).toMatchObject({ cause: 'revoked' });
    expect(world.asked()).toEqual([]);
  });

  it('keeps one disconnected that was', async () => {
    const world = worldWithBackup({ status: 'disconnected' });
    expect(await world.became()).toEqual(['disconnected']);
    expect(world.stored()).toMatchObject({ status: 'disconnected', generation: 1 + leap });
  });

  it('fetches the next token of a service account at once, and later where Procore gives none', async () => {
    const tokens = { accessToken: 'access-0', issuedAt: startTime - 9000, expiresAt: startTime - 3600 };
    const world = worldWithBackup({ grant: 'client_credentials', tokens });
    world.tokenEndpoint.next.push({ outcome: 'unknown', status: 500 });
    expect(await world.became()).toEqual(['to_be_fetched']);
    world.store.connections.clear();
    expect(await world.became()).toEqual(['fetched']);
    expect(world.stored()).toMatchObject({
      status: 'connected',
      generation: 2 + leap,
      tokens: { accessToken: 'access-1' },
    });
    expect(world.stored()).not.toHaveProperty('restoredAt');
  });
});

describe('what is stored', () => {
  const ended = { status: 'reauthorization_required', cause: 'revoked' } as const;

  it.each([
    ['lives', {}],
    ['disconnected_since', { status: 'disconnected' }],
    ['authorized_since', { ...ended, authorizedBy: { sessionId: 'session-2', linkIssuedAt: startTime - 50 } }],
    ['restored_before', { ...ended, generation: 1 + leap }],
    ['foreign', { environment: 'production' as ProcoreEnvironmentName }],
  ] as const)('is left alone, and Procore is not asked: %s', async (became, live) => {
    const world = worldWithBackup();
    const before = structuredClone(world.put(live));
    expect(await world.became()).toEqual([became]);
    expect(world.store.connections.get('acme')).toEqual(before);
    expect(world.asked()).toEqual([]);
  });

  it('is replaced where it has ended and the token of the backup works, and the integrator is told', async () => {
    const world = worldWithBackup({ generation: 3 });
    const tokens = { accessToken: 'access-9', refreshToken: 'refresh-9', issuedAt: 0, expiresAt: 5400 };
    world.put({ ...ended, generation: 5, tokens, failure: { code: 'invalid_grant', at: 1, count: 1 } });
    expect(await world.became()).toEqual(['vended']);
    expect(world.stored()).toMatchObject({ status: 'connected', generation: 3 + leap, revoking: ['access-9'] });
    for (const field of ['cause', 'failure']) expect(world.stored()).not.toHaveProperty(field);
    expect(world.announced).toMatchObject([{ change: 'connected', generation: 3 + leap }]);
  });

  it('has nothing revoked before new tokens have come, also where replaced tokens are revoked at once', async () => {
    const world = worldWithBackup({ generation: 3 });
    world.keepReplaced = false;
    const tokens = { accessToken: 'access-9', refreshToken: 'refresh-9', issuedAt: 0, expiresAt: 5400 };
    world.put({ ...ended, generation: 5, tokens, failure: { code: 'invalid_grant', at: 1, count: 1 } });
    expect(await world.became()).toEqual(['vended']);
    world.store.connections.set('acme', { ...world.stored(), rotateAt: startTime - 1 });
    await world.attend();
    expect(world.asked()).not.toContain('revoke');
    expect(world.stored()).toMatchObject({ status: 'connected', revoking: ['access-9'] });
    await world.send();
    world.store.connections.set('acme', { ...world.stored(), rotateAt: startTime - 1 });
    await world.attend();
    expect(world.asked()).toContain('revoke');
    expect(world.stored()).not.toHaveProperty('revoking');
  });

  it('is left as it has ended where the backup has nothing better', async () => {
    const world = worldWithBackup();
    world.tokenEndpoint.info = { outcome: 'refused' };
    const before = structuredClone(world.put({ ...ended, generation: 5 }));
    expect(await world.became()).toEqual(['still_ended']);
    expect(world.stored()).toEqual(before);
  });

  it('keeps what somebody writes between the look and the copy', async () => {
    const world = worldWithBackup();
    world.store.hooks = {
      before(call) {
        if (call.operation !== 'write' || call.write.set.restoredAt === undefined) return;
        world.store.hooks = {};
        world.put({ generation: 1, authorizedBy: { sessionId: 'session-3', linkIssuedAt: startTime } });
      },
    };
    expect(await world.became()).toEqual(['changed_meanwhile']);
    expect(world.stored()).toMatchObject({ authorizedBy: { sessionId: 'session-3' } });
    expect(world.stored()).not.toHaveProperty('restoredAt');
  });

  it('believes a refusal only after another look: the SDK repeats writes', async () => {
    const world = worldWithBackup();
    world.store.hooks = { repeats: () => true };
    expect(await world.became()).toEqual(['vended']);
  });
});

describe('a restoration', () => {
  const many = Array.from({ length: 35 }, (_, index) => ({ connectionId: `acme-${index}` }));

  it('goes page by page while there is time, and on where it stopped', async () => {
    const world = worldWithBackup(...many);
    const first = await world.restore({}, 1000);
    expect(first.connections).toHaveLength(10);
    const rest = await world.restore({ cursor: first.cursor as string });
    expect(rest).toMatchObject({ connections: { length: 25 } });
    expect(rest).not.toHaveProperty('cursor');
    expect(world.store.connections.size).toBe(35);
  });

  it('changes nothing when it is run again', async () => {
    const world = worldWithBackup(...many);
    await world.restore();
    const before = structuredClone([...world.store.connections]);
    const again = await world.became();
    expect(new Set(again)).toEqual(new Set(['lives']));
    expect([...world.store.connections]).toEqual(before);
  });

  it('tells of one that fails and restores the others', async () => {
    const world = worldWithBackup({ connectionId: 'one' }, { connectionId: 'two' });
    world.store.hooks = {
      before(call) {
        if (call.operation === 'write' && call.write.connectionId === 'one') throw new StoreFault();
      },
    };
    expect((await world.restore()).connections).toMatchObject([
      { connectionId: 'one', became: 'failed' },
      { connectionId: 'two', became: 'vended' },
    ]);
    expect(world.notes).toContainEqual([
      'connection.not_restored',
      { connectionId: 'one', errorName: 'ProvisionedThroughputExceededException' },
    ]);
  });

  it('refuses items of another environment', async () => {
    const world = worldWithBackup({ connectionId: 'ours' }, { connectionId: 'theirs', environment: 'production' });
    expect((await world.restore()).connections).toMatchObject([
      { connectionId: 'theirs', became: 'foreign' },
      { connectionId: 'ours', became: 'vended' },
    ]);
    expect(world.store.connections.size).toBe(1);
  });

  it('takes one connection, or those of a company', async () => {
    const world = worldWithBackup({ connectionId: 'one', companyIds: ['7'] }, { connectionId: 'two', companyId: '8' });
    expect((await world.restore({ connectionId: 'one' })).connections).toMatchObject([{ connectionId: 'one' }]);
    expect((await world.restore({ companyId: '8' })).connections).toMatchObject([{ connectionId: 'two' }]);
    expect((await world.restore({ connectionId: 'three' })).connections).toEqual([]);
  });

  it('tells what would become of each when it is dry, and writes nothing', async () => {
    const world = worldWithBackup({}, { connectionId: 'robot', grant: 'client_credentials' });
    expect(await world.became({ dryRun: true })).toEqual(['vended', 'to_be_fetched']);
    expect(world.store.connections.size).toBe(0);
    expect(world.announced).toEqual([]);
  });
});

describe('a person’s word', () => {
  it('sends the restored refresh token once, and makes the connection one like any other', async () => {
    const world = worldWithBackup();
    await world.restore();
    expect(await world.send()).toBe('rotated');
    expect(world.events()).toContain('connection.refresh_token_released');
    expect(spent(world)).toMatchObject([{ grant: 'refresh-0' }]);
    expect(world.stored()).toMatchObject({ status: 'connected', tokens: { accessToken: 'access-1' } });
    expect(world.stored()).not.toHaveProperty('restoredAt');
    await expect(world.send()).rejects.toMatchObject({ code: 'not_restored' });
    expect(world.announced).toMatchObject([{ change: 'connected' }]);
  });

  it('counts for one that has ended, too; a refusal is a verdict, and it is not sent again', async () => {
    const world = worldWithBackup();
    world.tokenEndpoint.info = { outcome: 'refused' };
    await world.restore();
    world.tokenEndpoint.next.push({ outcome: 'invalid_grant', status: 400 });
    expect(await world.send()).toBe('ended');
    expect(world.stored()).toMatchObject({ status: 'reauthorization_required' });
    await expect(world.send()).rejects.toMatchObject({ code: 'not_restored' });
    expect(spent(world)).toHaveLength(1);
  });

  it('is given once, though two give it at the same moment', async () => {
    const world = worldWithBackup();
    await world.restore();
    await Promise.allSettled([world.send(), world.send()]);
    expect(spent(world)).toHaveLength(1);
  });

  it('is no word for a connection that was never restored, nor for none', async () => {
    const world = worldWithBackup();
    await expect(world.send()).rejects.toMatchObject({ code: 'connection_not_found' });
    world.put();
    await expect(world.send()).rejects.toMatchObject({ code: 'not_restored' });
    expect(spent(world)).toEqual([]);
  });
});
