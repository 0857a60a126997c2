import { describe, expect, it } from 'vitest';
import { attendConnection } from '../../functions/connection/attention.ts';
import { chooseCompany, recordCompanies } from '../../functions/connection/company-choice.ts';
import { disconnectConnection } from '../../functions/connection/disconnect.ts';
import { recoverTokens } from '../../functions/connection/recovery.ts';
import { howToReconnect } from '../../functions/connection/refusals.ts';
import { finishRevoking } from '../../functions/connection/revocation.ts';
import { untilReturn } from '../memory/port.ts';
import { connectionWorld, StoreFault, startTime } from './world.ts';

function worldWithConnection(...put: Parameters<ReturnType<typeof connectionWorld>['put']>) {
  const world = connectionWorld();
  world.put(...put);
  const disconnect = () => world.time.run(untilReturn(() => disconnectConnection(world.invocation(), 'acme')));
  return Object.assign(world, { disconnect });
}

describe('disconnecting', () => {
  it('takes the tokens out of use in one write, uses the current one once, revokes it, and rests', async () => {
    const world = worldWithConnection();
    let storedAtRevocation: unknown;
    const dependencies = world.invocation();
    const tokenEndpoint = {
      ...world.tokenEndpoint,
      revoke: async () => {
        storedAtRevocation = world.stored();
        return 'revoked' as const;
      },
    };
    const disconnection = await disconnectConnection({ ...dependencies, tokenEndpoint }, 'acme');
    expect(disconnection).toEqual({ outcome: 'disconnected', revoked: true, connection: world.stored() });
    expect(storedAtRevocation).toMatchObject({ status: 'disconnected', generation: 2, revoking: ['access-0'] });
    expect(storedAtRevocation).not.toHaveProperty('tokens');
    expect(world.tokenEndpoint.calls).toEqual([{ method: 'tokenInfo', grant: 'access-0' }]);
    for (const field of ['tokens', 'revoking', 'rotateAt']) expect(world.stored()).not.toHaveProperty(field);
    expect(world.announced).toMatchObject([{ change: 'disconnected', generation: 2 }]);
    expect(world.counts.connectionDisconnected).toBe(1);
    expect(world.store.calls.map(({ operation }) => operation)).toEqual(['read', 'write', 'write', 'write']);
    expect(world.notes).toEqual([
      ['connection.disconnected', { connectionId: 'acme', generation: 1 }],
      ['connection.revoked', { connectionId: 'acme', generation: 2, count: 1 }],
    ]);
  });

  it('revokes the sets, too, that reconnects have replaced', async () => {
    const world = worldWithConnection({ revoking: ['access-x', 'access-y'] });
    await world.disconnect();
    const revoked = world.tokenEndpoint.calls.filter(({ method }) => method === 'revoke');
    // Side by side, so in any order.
    expect(revoked.map(({ grant }) => grant).toSorted()).toEqual(['access-0', 'access-x', 'access-y']);
  });

  it('is done again without harm', async () => {
    const world = worldWithConnection();
    await world.disconnect();
    world.store.calls.length = 0;
    expect(await world.disconnect()).toEqual({ outcome: 'disconnected', revoked: true, connection: world.stored() });
    expect(world.store.calls.map(({ operation }) => operation)).toEqual(['read']);
    expect(world.asked()).toEqual(['tokenInfo', 'revoke']);
    expect(world.stored().generation).toBe(2);
  });

  it('is finished by the sweep when Procore did not confirm', async () => {
    const world = worldWithConnection();
    const dependencies = world.invocation();
    const tokenEndpoint = { ...world.tokenEndpoint, revoke: async () => 'not_revoked' as const };
    expect(await disconnectConnection({ ...dependencies, tokenEndpoint }, 'acme')).toMatchObject({ revoked: false });
    expect(world.stored()).toMatchObject({ revoking: ['access-0'], status: 'disconnected' });
    world.time.pass(301);
    expect(await untilReturn(() => attendConnection(world.invocation(), 'acme'))).toBe('attended');
    for (const field of ['revoking', 'rotateAt']) expect(world.stored()).not.toHaveProperty(field);
  });

  it.each([
    [{ revoking: ['access-x', 'access-y'] }, 'as it is stored'],
    [{ revoking: ['access-x', 'access-y'], status: 'reauthorization_required' }, 'as it was read'],
    [{ revoking: ['access-x', 'access-y'], generation: 2 }, 'as it was read'],
  ] as const)('when somebody has changed %j meanwhile, goes on with the connection %s', async (change, which) => {
    const world = worldWithConnection({ revoking: ['access-x'] });
    world.keepReplaced = false;
    const read = world.stored();
    const stored = { ...read, ...change };
    world.store.connections.set('acme', stored);
    const after = await untilReturn(() => finishRevoking(world.invocation(), read));
    expect(after).toEqual(which === 'as it is stored' ? stored : read);
    expect(world.stored()).toEqual(stored);
  });

  it('never revokes the token that lives, should it stand on the list', async () => {
    const world = worldWithConnection({ revoking: ['access-0'] });
    world.keepReplaced = false;
    await untilReturn(() => finishRevoking(world.invocation(), world.stored()));
    expect(world.asked()).toEqual([]);
    expect(world.stored()).not.toHaveProperty('revoking');
  });

  it('is announced once, however long Procore does not confirm', async () => {
    const world = worldWithConnection();
    const tokenEndpoint = { ...world.tokenEndpoint, revoke: async () => 'not_revoked' as const };
    await untilReturn(() => disconnectConnection({ ...world.invocation(), tokenEndpoint }, 'acme'));
    for (let tries = 0; tries < 5; tries += 1) {
      world.time.pass(301);
      expect(await untilReturn(() => attendConnection({ ...world.invocation(), tokenEndpoint }, 'acme'))).toBe(
        'attended',
      );
    }
    expect(world.announced.map(({ change }) => change)).toEqual(['disconnected']);
    expect(world.stored().revoking).toEqual(['access-0']);
  });

  it('is announced anew after a reconnect', async () => {
    const world = worldWithConnection();
    await world.disconnect();
    const { generation, toldGeneration } = world.stored();
    world.put({ generation: generation + 1, ...(toldGeneration !== undefined && { toldGeneration }) });
    await world.disconnect();
    expect(world.announced.map(({ change }) => change)).toEqual(['disconnected', 'disconnected']);
  });

  it('is confirmed, too, when the SDK repeats the write that strikes the token off', async () => {
    const world = worldWithConnection();
    world.store.hooks = { repeats: ({ remove }) => remove.includes('revoking') };
    expect(await world.disconnect()).toMatchObject({ revoked: true });
    expect(world.stored()).not.toHaveProperty('rotateAt');
  });

  it('is finished by the sweep when the process died after its write', async () => {
    const world = worldWithConnection();
    const tokenEndpoint = { ...world.tokenEndpoint, tokenInfo: () => Promise.reject(new Error('the process dies')) };
    await expect(
      untilReturn(() => disconnectConnection({ ...world.invocation(), tokenEndpoint }, 'acme')),
    ).rejects.toThrow('dies');
    world.time.pass(121);
    await untilReturn(() => attendConnection(world.invocation(), 'acme'));
    expect(world.asked()).toEqual(['tokenInfo', 'revoke']);
    expect(world.announced.map(({ change }) => change)).toContain('disconnected');
    expect(world.stored()).not.toHaveProperty('rotateAt');
  });

  it('stays due until the integrator could be told', async () => {
    const world = worldWithConnection();
    world.announceFault = new Error('no queue');
    const disconnection = await world.disconnect();
    expect(disconnection).toEqual({ outcome: 'disconnected', revoked: true, connection: world.stored() });
    expect(world.stored()).toHaveProperty('rotateAt');
    world.announceFault = undefined;
    world.time.pass(121);
    await untilReturn(() => attendConnection(world.invocation(), 'acme'));
    expect(world.announced).toEqual([
      {
        connectionId: 'acme',
        environment: 'sandbox',
        change: 'disconnected',
        generation: 2,
        reconnect: howToReconnect(world.stored()),
        at: startTime + 121,
      },
    ]);
    expect(world.stored()).not.toHaveProperty('rotateAt');
  });

  it('asks Procore nothing where there is nothing to revoke', async () => {
    const world = worldWithConnection();
    const { tokens: _, ...bare } = world.stored();
    world.store.connections.set('acme', bare);
    expect(await world.disconnect()).toMatchObject({ revoked: true });
    expect([world.asked(), world.secretReads]).toEqual([[], 0]);
  });

  it('keeps on the list what Procore did not confirm, and strikes off the rest', async () => {
    const world = worldWithConnection({ revoking: ['access-x'] });
    const tokenEndpoint = {
      ...world.tokenEndpoint,
      revoke: async (_: unknown, token: string) =>
        token === 'access-x' ? ('not_revoked' as const) : ('revoked' as const),
    };
    await untilReturn(() => disconnectConnection({ ...world.invocation(), tokenEndpoint }, 'acme'));
    expect(world.stored().revoking).toEqual(['access-x']);
    expect(world.notes).toContainEqual(['connection.revoked', { connectionId: 'acme', generation: 2, count: 1 }]);
  });

  it('recognises its own write when the SDK repeats it, and counts it once', async () => {
    const world = worldWithConnection();
    world.store.hooks = { repeats: () => true };
    expect(await world.disconnect()).toMatchObject({ outcome: 'disconnected' });
    expect(world.stored()).toMatchObject({ generation: 2, status: 'disconnected' });
  });

  it('disconnects what a rotation has replaced meanwhile', async () => {
    const world = worldWithConnection();
    let races = 1;
    world.store.hooks = {
      before: ({ operation }) => {
        if (operation !== 'write' || races-- <= 0) return;
        world.store.connections.set('acme', {
          ...world.stored(),
          generation: 2,
          tokens: world.tokenEndpoint.tokenSet(5),
        });
      },
    };
    await world.disconnect();
    expect(world.tokenEndpoint.calls.at(-1)).toMatchObject({ method: 'revoke', grant: 'access-5' });
    expect(world.stored().generation).toBe(3);
  });

  it('refuses what is not there', async () => {
    const world = connectionWorld();
    await expect(untilReturn(() => disconnectConnection(world.invocation(), 'acme'))).rejects.toMatchObject({
      code: 'connection_not_found',
    });
  });
});

describe('a token set out of escrow', () => {
  const escrowedOf = (world: ReturnType<typeof worldWithConnection>) => ({
    ...world.stored(),
    generation: 1,
    tokens: world.tokenEndpoint.tokenSet(9),
  });

  it('lands once, however often it is delivered', async () => {
    const world = worldWithConnection();
    const escrowed = escrowedOf(world);
    expect(await untilReturn(() => recoverTokens(world.invocation(), escrowed))).toBe('recovered');
    expect(await untilReturn(() => recoverTokens(world.invocation(), escrowed))).toBe('recovered');
    expect(world.stored()).toMatchObject({ generation: 2, tokens: { accessToken: 'access-9' } });
    expect(world.counts.rotationRecovered).toBe(1);
    expect(world.notes).toEqual([
      ['rotation.recovered', { connectionId: 'acme', generation: 2, rotateAt: startTime + 3915 }],
    ]);
  });

  it('recognises its own write when the SDK repeats it', async () => {
    const world = worldWithConnection();
    world.store.hooks = { repeats: () => true };
    expect(await untilReturn(() => recoverTokens(world.invocation(), escrowedOf(world)))).toBe('recovered');
  });

  it('comes too late when another one lands between its read and its write', async () => {
    const world = worldWithConnection();
    const escrowed = escrowedOf(world);
    let races = 1;
    world.store.hooks = {
      before: ({ operation }) => {
        if (operation === 'write' && races-- > 0) {
          world.put({ generation: 2, tokens: world.tokenEndpoint.tokenSet(5) });
        }
      },
    };
    expect(await untilReturn(() => recoverTokens(world.invocation(), escrowed))).toBe('too_late');
    expect(world.stored()).toMatchObject({ generation: 2, tokens: { accessToken: 'access-5' } });
    expect([world.counts.rotationRecovered, world.announced]).toEqual([undefined, []]);
  });

  it('comes too late when somebody removes the connection between its read and its write', async () => {
    const world = worldWithConnection();
    const escrowed = escrowedOf(world);
    world.store.hooks = { before: ({ operation }) => void (operation === 'write' && world.store.connections.clear()) };
    expect(await untilReturn(() => recoverTokens(world.invocation(), escrowed))).toBe('too_late');
    expect(world.store.connections.size).toBe(0);
  });

  it('comes too late when the connection is not there any more', async () => {
    const world = worldWithConnection();
    const escrowed = escrowedOf(world);
    world.store.connections.clear();
    expect(await untilReturn(() => recoverTokens(world.invocation(), escrowed))).toBe('too_late');
    expect(world.store.connections.size).toBe(0);
  });

  it('never overwrites a newer one (I3)', async () => {
    const world = worldWithConnection();
    const escrowed = escrowedOf(world);
    world.put({ generation: 2 });
    expect(await untilReturn(() => recoverTokens(world.invocation(), escrowed))).toBe('too_late');
    expect(world.stored().tokens?.accessToken).toBe('access-0');
    expect(world.asked()).toEqual([]);
  });

  it('never lands on another authorization of the same generation, as after the item was removed', async () => {
    const world = worldWithConnection();
    const escrowed = escrowedOf(world);
    world.put({ authorizedBy: { sessionId: 'session-2', linkIssuedAt: startTime } });
    expect(await untilReturn(() => recoverTokens(world.invocation(), escrowed))).toBe('too_late');
    expect(world.stored()).toMatchObject({ tokens: { accessToken: 'access-0' }, revoking: ['access-9'] });
  });

  it('is revoked when the connection was disconnected meanwhile', async () => {
    const world = worldWithConnection();
    const escrowed = escrowedOf(world);
    await world.disconnect();
    expect(await untilReturn(() => recoverTokens(world.invocation(), escrowed))).toBe('too_late');
    expect(world.tokenEndpoint.calls.at(-1)).toMatchObject({ method: 'revoke', grant: 'access-9' });
    expect(world.stored()).not.toHaveProperty('tokens');
  });

  it('stays in escrow while the store refuses', async () => {
    const world = worldWithConnection();
    const escrowed = escrowedOf(world);
    world.store.hooks = {
      before: () => {
        throw new StoreFault();
      },
    };
    await expect(untilReturn(() => recoverTokens(world.invocation(), escrowed))).rejects.toThrow(StoreFault);
  });

  it('of another environment is refused (I7)', async () => {
    const world = worldWithConnection();
    const escrowed = { ...escrowedOf(world), environment: 'production' as const };
    await expect(untilReturn(() => recoverTokens(world.invocation(), escrowed))).rejects.toMatchObject({
      code: 'foreign_item',
      message: expect.stringContaining('"production" lies in the escrow queue of environment "sandbox"'),
    });
    expect(world.store.calls).toEqual([]);
  });
});

describe('the company of a connection (hard case 32)', () => {
  it('is chosen only by the session that authorized it, and only among those it sees', async () => {
    const world = worldWithConnection();
    const choose = (companyId: string, sessionId: string) =>
      untilReturn(() => chooseCompany(world.invocation(), { connectionId: 'acme', companyId, sessionId }));
    expect(await choose('12', 'session-2')).toEqual({ outcome: 'superseded' });
    expect(await choose('13', 'session-1')).toEqual({ outcome: 'not_visible' });
    expect(await choose('12', 'session-1')).toMatchObject({ outcome: 'chosen', connection: { companyId: '12' } });
    expect(world.stored()).toMatchObject({ companyId: '12', updatedAt: startTime });
  });

  it('cannot be chosen for a connection that has ended, is not there, or is another’s a moment later', async () => {
    const world = worldWithConnection({ status: 'disconnected' });
    const choose = () =>
      untilReturn(() =>
        chooseCompany(world.invocation(), { connectionId: 'acme', companyId: '12', sessionId: 'session-1' }),
      );
    expect(await choose()).toEqual({ outcome: 'superseded' });
    world.store.connections.clear();
    expect(await choose()).toEqual({ outcome: 'superseded' });
    world.put();
    world.store.hooks = {
      before: ({ operation }) => {
        if (operation === 'write') world.put({ authorizedBy: { sessionId: 'session-2', linkIssuedAt: startTime } });
      },
    };
    expect(await choose()).toEqual({ outcome: 'superseded' });
    expect(world.stored()).not.toHaveProperty('companyId');
  });

  it('is taken as chosen when there is one, and dropped when the account sees it no more', async () => {
    const world = worldWithConnection({ companyId: '12' });
    await untilReturn(() => recordCompanies(world.invocation(), world.stored(), ['11', '13']));
    expect(world.stored()).not.toHaveProperty('companyId');
    await untilReturn(() => recordCompanies(world.invocation(), world.stored(), ['13']));
    expect(world.stored()).toMatchObject({ companyIds: ['13'], companyId: '13' });
  });

  it('stays as a person chose it when the companies are noted again and it is still among them', async () => {
    const world = worldWithConnection({ companyId: '12' });
    await untilReturn(() => recordCompanies(world.invocation(), world.stored(), ['11', '12', '13']));
    expect(world.stored()).toMatchObject({ companyIds: ['11', '12', '13'], companyId: '12' });
  });

  it('is not noted over a newer authorization', async () => {
    const world = worldWithConnection();
    const before = world.stored();
    world.put({ authorizedBy: { sessionId: 'session-2', linkIssuedAt: startTime } });
    const newer = world.stored();
    await untilReturn(() => recordCompanies(world.invocation(), before, ['7']));
    expect(world.stored()).toEqual(newer);
  });
});
