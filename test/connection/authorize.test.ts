import { describe, expect, it } from 'vitest';
import { attendConnection } from '../../functions/connection/attention.ts';
import { authorizeConnection } from '../../functions/connection/authorize.ts';
import { recordCompanies } from '../../functions/connection/company-choice.ts';
import type { Connection } from '../../functions/connection/connection.ts';
import { checkEnvironment } from '../../functions/connection/environment-check.ts';
import { untilReturn } from '../memory/port.ts';
import { connectionWorld, StoreFault, startTime } from './world.ts';

function worldWithAuthorization() {
  const world = connectionWorld();
  const authorize = (sessionId: string, linkIssuedAt: number, n: number) =>
    world.time.run(
      untilReturn(() =>
        authorizeConnection(world.invocation(), {
          connectionId: 'acme',
          grant: 'authorization_code',
          tokens: world.tokenEndpoint.tokenSet(n),
          authorizedBy: { sessionId, linkIssuedAt },
        }),
      ),
    );
  return Object.assign(world, { authorize });
}

describe('a first authorization', () => {
  it('stores everything in one write, announces it and stays due until its environment is checked', async () => {
    const world = worldWithAuthorization();
    const { outcome } = await world.authorize('session-1', startTime - 10, 1);
    expect(outcome).toBe('authorized');
    expect(world.store.calls.map(({ operation }) => operation)).toEqual(['read', 'write']);
    expect(world.stored()).toMatchObject({
      environment: 'sandbox',
      status: 'connected',
      generation: 1,
      tokens: { accessToken: 'access-1', refreshToken: 'refresh-1' },
      environmentChecked: false,
      rotateAt: startTime + 120,
    });
    expect(world.announced).toMatchObject([{ change: 'connected', connectionId: 'acme', generation: 1 }]);
    expect(world.counts).toEqual({ connectionAuthorized: 1 });
    expect(world.notes).toEqual([
      ['connection.authorized', { connectionId: 'acme', generation: 1, grant: 'authorization_code' }],
    ]);
  });

  it('tries on while the store refuses', async () => {
    const world = worldWithAuthorization();
    let faults = 4;
    world.store.hooks = {
      before: () => {
        if (faults-- > 0) throw new StoreFault();
      },
    };
    expect((await world.authorize('session-1', startTime, 1)).outcome).toBe('authorized');
  });

  it.each([
    [3000, 2],
    [2999, 1],
  ])('tries again only with time left for an answer: with %i ms there are %i tries', async (left, tries) => {
    const world = worldWithAuthorization();
    world.store.hooks = {
      before: () => {
        throw new StoreFault();
      },
    };
    const authorization = {
      connectionId: 'acme',
      grant: 'authorization_code',
      tokens: world.tokenEndpoint.tokenSet(1),
      authorizedBy: { sessionId: 'session-1', linkIssuedAt: startTime },
    } as const;
    const authorizing = untilReturn(() => authorizeConnection(world.invocation(left), authorization));
    await expect(world.time.run(authorizing)).rejects.toThrow(StoreFault);
    expect(world.store.calls).toHaveLength(tries);
  });

  it('does not try again over an item of another environment', async () => {
    const world = worldWithAuthorization();
    world.put({ environment: 'production' });
    await expect(world.authorize('session-1', startTime, 1)).rejects.toMatchObject({ code: 'foreign_item' });
    expect(world.store.calls).toHaveLength(1);
  });

  it('gives up before its invocation ends', async () => {
    const world = worldWithAuthorization();
    world.store.hooks = {
      before: () => {
        throw new StoreFault();
      },
    };
    await expect(world.authorize('session-1', startTime, 1)).rejects.toThrow(StoreFault);
    expect(world.time.clock() - startTime).toBeLessThan(29);
  });

  it.each(['repeated', 'lost'])('recognises its own write when it is %s', async (fault) => {
    const world = worldWithAuthorization();
    let losses = 1;
    world.store.hooks = {
      repeats: () => fault === 'repeated',
      after: ({ operation }) => {
        if (fault === 'lost' && operation === 'write' && losses-- > 0) throw new StoreFault();
      },
    };
    expect(await world.authorize('session-1', startTime, 1)).toMatchObject({
      outcome: 'authorized',
      connection: { generation: 1, tokens: { accessToken: 'access-1' } },
    });
  });
});

describe('a new authorization over an older one', () => {
  it('replaces tokens and generation and leaves nothing of attempts, failures and verdict (hard case 16)', async () => {
    const world = worldWithAuthorization();
    world.put({
      status: 'reauthorization_required',
      cause: 'response_lost',
      failure: { code: 'invalid_grant', at: startTime, count: 7 },
      notBefore: startTime + 1800,
      attempt: { owner: 'x', number: 4, startedAt: startTime, leaseUntil: startTime + 65, outcome: 'unknown' },
      attemptNumber: 4,
      generation: 6,
      procoreUserId: '5',
      companyId: '12',
    });
    const { outcome } = await world.authorize('session-2', startTime, 1);
    expect(outcome).toBe('authorized');
    const stored = world.stored();
    expect(stored, 'of another person').not.toHaveProperty('procoreUserId');
    expect(stored).toMatchObject({
      status: 'connected',
      generation: 7,
      attemptNumber: 4,
      authorizedBy: { sessionId: 'session-2', linkIssuedAt: startTime },
      tokens: { accessToken: 'access-1' },
      revoking: ['access-0'],
      companyIds: [],
    });
    for (const field of ['cause', 'failure', 'notBefore', 'attempt']) expect(stored).not.toHaveProperty(field);
    for (const field of ['companyId', 'companiesCount', 'companiesReadAt', 'companiesFor'])
      expect(stored, 'of another account (hard case 59)').not.toHaveProperty(field);
    expect(world.asked()).toEqual([]);
  });

  it('uses the replaced set once and revokes it at once where that is set so', async () => {
    const world = worldWithAuthorization();
    world.keepReplaced = false;
    world.put();
    await world.authorize('session-2', startTime, 1);
    expect(world.tokenEndpoint.calls).toMatchObject([
      { method: 'tokenInfo', grant: 'access-0' },
      { method: 'revoke', grant: 'access-0' },
    ]);
    expect(world.stored()).not.toHaveProperty('revoking');
  });

  it('reads again when somebody was faster', async () => {
    const world = worldWithAuthorization();
    world.put();
    let races = 1;
    world.store.hooks = {
      before: ({ operation }) => {
        if (operation !== 'write' || races-- <= 0) return;
        world.store.connections.set('acme', { ...world.stored(), generation: 9 });
      },
    };
    expect(await world.authorize('session-2', startTime, 1)).toMatchObject({ connection: { generation: 10 } });
  });

  it('is superseded by a newer link, and by the same link of another session', async () => {
    for (const linkIssuedAt of [startTime - 1, startTime]) {
      const world = worldWithAuthorization();
      world.put({ authorizedBy: { sessionId: 'session-1', linkIssuedAt: startTime } });
      expect(await world.authorize('session-2', linkIssuedAt, 1)).toEqual({ outcome: 'superseded' });
      expect(world.stored()).toMatchObject({ generation: 1, tokens: { accessToken: 'access-0' } });
      // The tokens are noted for revocation, not forgotten.
      expect(world.stored().revoking).toEqual(['access-1']);
    }
  });

  it('is superseded when its link was used before and the connection disconnected since: tokens revoked', async () => {
    const world = worldWithAuthorization();
    world.put({ status: 'disconnected', authorizedBy: { sessionId: 'session-1', linkIssuedAt: startTime } });
    expect(await world.authorize('session-2', startTime, 1)).toEqual({ outcome: 'superseded' });
    expect(world.asked()).toEqual(['tokenInfo', 'revoke']);
  });

  it('is superseded when it is its own, and the connection was disconnected before its answer came', async () => {
    const world = worldWithAuthorization();
    const { tokens: _, ...ended } = world.put({
      status: 'disconnected',
      authorizedBy: { sessionId: 'session-1', linkIssuedAt: startTime },
    });
    world.store.connections.set('acme', ended);
    expect(await world.authorize('session-1', startTime, 1)).toEqual({ outcome: 'superseded' });
    // The disconnection has revoked its tokens, and nobody is told of a connection that has ended.
    expect(world.store.calls.map(({ operation }) => operation)).toEqual(['read']);
    expect([world.announced, world.asked()]).toEqual([[], []]);
  });

  it('keeps the item small however often somebody reconnects', async () => {
    const world = worldWithAuthorization();
    for (let n = 1; n <= 80; n += 1) await world.authorize(`session-${n}`, startTime + n, n);
    expect(world.stored().revoking).toHaveLength(50);
    expect(world.stored().revoking?.at(-1)).toBe('access-79');
  });
});

describe('the check of the environment', () => {
  async function authorized() {
    const world = worldWithAuthorization();
    await world.authorize('session-1', startTime, 1);
    const check = () => world.time.run(untilReturn(() => checkEnvironment(world.invocation(), world.stored())));
    return Object.assign(world, { check });
  }

  it('is made once: checked tokens, and a connection without any, are not asked about', async () => {
    const world = worldWithAuthorization();
    const checked = world.put();
    const check = (connection: Connection) => untilReturn(() => checkEnvironment(world.invocation(), connection));
    expect(await check(checked)).toEqual({ outcome: 'ours', connection: checked });
    const { tokens: _, ...bare } = world.put({ environmentChecked: false });
    expect(await check(bare)).toEqual({ outcome: 'ours', connection: bare });
    expect([world.asked(), world.store.calls, world.secretReads]).toEqual([[], [], 0]);
  });

  it('gives the connection as it was read when somebody has removed it meanwhile', async () => {
    const world = await authorized();
    const read = world.stored();
    world.store.connections.clear();
    expect(await untilReturn(() => checkEnvironment(world.invocation(), read))).toEqual({
      outcome: 'ours',
      connection: read,
    });
  });

  it('notes that the tokens are ours, and plans their rotation', async () => {
    const world = await authorized();
    await untilReturn(() => recordCompanies(world.invocation(), world.stored(), ['11', '12']));
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'client-1', procoreUserId: '5960067' };
    expect(await world.check()).toMatchObject({ outcome: 'ours', connection: { environmentChecked: true } });
    expect(world.secretReads).toBe(1);
    expect(world.stored()).toMatchObject({
      environmentChecked: true,
      procoreUserId: '5960067',
      rotateAt: startTime + 3915,
    });
    expect(world.notes.at(-1)).toEqual(['connection.checked', { connectionId: 'acme', generation: 1 }]);
  });

  it('removes and revokes the tokens of another client (hard case 33)', async () => {
    const world = await authorized();
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'production-client' };
    expect(await world.check()).toEqual({ outcome: 'foreign' });
    expect(world.stored()).toMatchObject({ status: 'disconnected', generation: 2 });
    for (const field of ['tokens', 'revoking', 'rotateAt']) expect(world.stored()).not.toHaveProperty(field);
    expect(world.asked()).toEqual(['tokenInfo', 'tokenInfo', 'revoke']);
    expect(world.counts.wrongEnvironment).toBe(1);
    expect(world.notes).toContainEqual(['connection.wrong_environment', { connectionId: 'acme', generation: 1 }]);
    expect(world.announced.map(({ change }) => change)).toEqual(['connected', 'disconnected']);
  });

  it('is made anew after a reconnect, whose tokens may be another client’s although the former ones were ours', async () => {
    const world = worldWithAuthorization();
    world.put({ environmentChecked: true });
    await world.authorize('session-2', startTime, 1);
    expect(world.stored()).toMatchObject({ generation: 2, environmentChecked: false });
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'production-client' };
    const checked = await untilReturn(() => checkEnvironment(world.invocation(), world.stored()));
    expect(checked).toEqual({ outcome: 'foreign' });
    expect(world.stored()).not.toHaveProperty('tokens');
    expect(world.counts.wrongEnvironment).toBe(1);
  });

  it('is content with the client that it remembers, when that is the one', async () => {
    const world = await authorized();
    world.freshClient = { clientId: 'client-2', clientSecret: 'x' };
    expect(await world.check()).toMatchObject({ outcome: 'ours' });
  });

  it('calls no tokens foreign while the secret cannot be read again', async () => {
    const world = await authorized();
    world.isSecretUnreadable = true;
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'client-2' };
    expect(await world.check()).toEqual({ outcome: 'unavailable' });
    expect(world.stored()).toMatchObject({ status: 'connected', environmentChecked: false });
  });

  it('reads the secret again before it calls tokens foreign (hard case 13)', async () => {
    const world = await authorized();
    world.freshClient = { clientId: 'client-2', clientSecret: 'x' };
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'client-2' };
    expect(await world.check()).toMatchObject({ outcome: 'ours' });
  });

  it('is made up for by the sweep when Procore does not say, and the connection announced again', async () => {
    const world = await authorized();
    world.tokenEndpoint.info = { outcome: 'unavailable' };
    expect(await world.check()).toEqual({ outcome: 'unavailable' });
    expect(world.notes.at(-1)).toEqual([
      'connection.unchecked',
      { connectionId: 'acme', generation: 1, outcome: 'unavailable' },
    ]);
    world.companies = { outcome: 'companies', companies: [{ id: '11', name: 'Eleven' }] };
    world.time.pass(121);
    await untilReturn(() => attendConnection(world.invocation(), 'acme'));
    expect(world.stored()).toMatchObject({ environmentChecked: false, companyId: '11', rotateAt: startTime + 421 });
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'client-1' };
    world.time.pass(300);
    const before = world.store.calls.length;
    await untilReturn(() => attendConnection(world.invocation(), 'acme'));
    expect(world.store.calls.slice(before).map(({ operation }) => operation)).toEqual(['read', 'write']);
    expect(world.stored()).toMatchObject({ environmentChecked: true, rotateAt: startTime + 3915 });
    expect(world.announced.map(({ change }) => change)).toEqual(['connected', 'connected']);
  });

  it('stays to be done while the integrator cannot be told of the connection', async () => {
    const world = await authorized();
    world.announceFault = new Error('no queue');
    expect(await world.check()).toMatchObject({ outcome: 'ours' });
    expect(world.notes.at(-1)).toEqual([
      'change.unannounced',
      { connectionId: 'acme', generation: 1, status: 'connected', errorName: 'Error' },
    ]);
    expect(world.stored()).toMatchObject({ environmentChecked: false, rotateAt: startTime + 120 });
  });

  it('does not disturb a rotation that began meanwhile', async () => {
    const world = await authorized();
    const before = world.stored();
    const attempt = { owner: 'x', number: 1, startedAt: startTime, leaseUntil: startTime + 65 };
    world.store.connections.set('acme', { ...before, attempt, attemptNumber: 1, rotateAt: startTime + 65 });
    const checked = await untilReturn(() => checkEnvironment(world.invocation(), before));
    expect(checked.outcome).toBe('ours');
    expect(world.stored()).toMatchObject({ rotateAt: startTime + 65, environmentChecked: false });
  });
});
