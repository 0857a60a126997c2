import { describe, expect, it } from 'vitest';
import { attendConnection } from '../../functions/connection/attention.ts';
import { authorizeConnection } from '../../functions/connection/authorize.ts';
import { confirmConnection, parseConfirmationRequest } from '../../functions/connection/confirm.ts';
import type { Connection } from '../../functions/connection/connection.ts';
import { disconnectConnection } from '../../functions/connection/disconnect.ts';
import { rotateConnection } from '../../functions/connection/rotation.ts';
import {
  checkUnconfirmed,
  chooseUnconfirmedCompany,
  noteUnconfirmedCompanies,
  proposeAuthorization,
} from '../../functions/connection/unconfirmed.ts';
import { vendAccessToken } from '../../functions/connection/vending.ts';
import { sha256 } from '../../functions/sha256.ts';
import { connectionWorld, StoreFault, startTime } from './world.ts';

type World = ReturnType<typeof connectionWorld>;

const referenceOf = (session: string) => sha256(`reference of ${session}`);

/** A person's new token set, after the exchange of a code. */
function proposalOf(session: string, linkIssuedAt: number) {
  const tokens = {
    accessToken: `access-${session}`,
    refreshToken: `refresh-${session}`,
    issuedAt: startTime,
    expiresAt: startTime + 5400,
  };
  const authorizedBy = { sessionId: session, linkIssuedAt, referenceHash: sha256(referenceOf(session)) };
  return { connectionId: 'acme', tokens, authorizedBy };
}

const propose = (world: World, session = 's', linkIssuedAt = startTime) =>
  proposeAuthorization(world.invocation(), proposalOf(session, linkIssuedAt));
const confirm = (world: World, session = 's', connectionId = 'acme') =>
  confirmConnection(world.invocation(), { connectionId, reference: referenceOf(session) });
const vend = (world: World) =>
  vendAccessToken({ ...world.invocation(), apiOrigin: 'https://api.test' }, { connectionId: 'acme' });
const later = (world: World, seconds: number) => world.time.run(world.time.sleep(seconds * 1000));
const refused = { code: 'reference_refused' };

function connected(fields: Partial<Connection> = {}, age = 10): World {
  const world = connectionWorld();
  world.put(fields, age);
  return world;
}

describe('a token set that waits for its confirmation', () => {
  it('changes nothing of the live one but when the sweep looks next, and nobody is told', async () => {
    const world = connected({ rotateAt: startTime + 9000 });
    const before = world.stored();
    expect(await propose(world)).toEqual({ outcome: 'waiting', connection: world.stored() });
    const { tokens, authorizedBy } = proposalOf('s', startTime);
    const { referenceHash } = authorizedBy;
    const unconfirmed = { tokens, authorizedBy, referenceHash, expiresAt: startTime + 1800 };
    expect(world.stored()).toEqual({ ...before, unconfirmed, rotateAt: startTime + 1800, updatedAt: startTime });
    expect((await vend(world)).accessToken).toBe('access-0');
    expect([world.announced, world.asked()]).toEqual([[], []]);
    expect(world.notes).toEqual([['connection.unconfirmed', { connectionId: 'acme', generation: 1 }]]);
    expect(world.said()).not.toMatch(/access-|refresh-|reference of/);
  });

  it('lets a rotation go on that began before it, and one that begins after it', async () => {
    const world = connected();
    const before = world.stored();
    await propose(world);
    expect(await rotateConnection(world.invocation(), before)).toMatchObject({ outcome: 'rotated' });
    expect(await rotateConnection(world.invocation(), world.stored())).toMatchObject({ outcome: 'rotated' });
    expect(world.stored()).toMatchObject({ generation: 3, unconfirmed: { tokens: { accessToken: 'access-s' } } });
    await confirm(world);
    expect(world.stored()).toMatchObject({ generation: 4, tokens: { accessToken: 'access-s' } });
  });

  it('makes no connection where none was: nothing is vended before it is confirmed', async () => {
    const world = connectionWorld();
    await propose(world);
    await expect(vend(world)).rejects.toMatchObject({ code: 'connection_not_found' });
    expect(world.stored()).toMatchObject({ status: 'disconnected', generation: 0 });
    expect(world.stored()).not.toHaveProperty('tokens');
    await confirm(world);
    expect(world.stored()).toMatchObject({ status: 'connected', generation: 1, tokens: { accessToken: 'access-s' } });
    expect((await vend(world)).accessToken).toBe('access-s');
    expect(world.announced).toMatchObject([{ change: 'connected', generation: 1 }]);
  });

  it('waits once, when the answer of its write was lost', async () => {
    const world = connected();
    let isLost = false;
    world.store.hooks = {
      after(call) {
        if (call.operation !== 'write' || isLost) return;
        isLost = true;
        throw new StoreFault('lost');
      },
    };
    expect(await world.time.run(propose(world))).toMatchObject({ outcome: 'waiting' });
    expect(world.store.calls.filter(({ operation }) => operation === 'write')).toHaveLength(1);
  });

  it('gives way to the next of the same link: a stranger to whom it was forwarded does not use it up', async () => {
    const world = connected();
    await propose(world, 'stranger');
    expect(await propose(world, 'customer')).toMatchObject({ outcome: 'waiting' });
    expect(world.stored()).toMatchObject({ revoking: ['access-stranger'] });
    await expect(confirm(world, 'stranger')).rejects.toMatchObject(refused);
    expect(await confirm(world, 'customer')).toMatchObject({ tokens: { accessToken: 'access-customer' } });
  });

  it.each([
    ['a newer link has connected', { authorizedBy: { sessionId: 'other', linkIssuedAt: startTime } }],
    ['the connection was disconnected since', { authorizedBy: { sessionId: 'other', linkIssuedAt: startTime + 9 } }],
  ])('is given up when %s', async (_, fields) => {
    const world = connected(fields);
    expect(await propose(world)).toEqual({ outcome: 'superseded' });
    expect(world.stored()).toMatchObject({ tokens: { accessToken: 'access-0' }, revoking: ['access-s'] });
    expect(world.stored()).not.toHaveProperty('unconfirmed');
  });

  it('is given up when one of a newer link waits', async () => {
    const world = connected();
    await propose(world, 'newer', startTime + 1);
    expect(await propose(world, 'older')).toEqual({ outcome: 'superseded' });
    expect(world.stored()).toMatchObject({
      unconfirmed: { authorizedBy: { sessionId: 'newer' } },
      revoking: ['access-older'],
    });
  });
});

describe('confirming', () => {
  it('does in one write what a reconnect does, and says so once', async () => {
    const world = connected({ failure: { code: 'unknown', at: 1, count: 1 }, procoreUserId: '7', companyId: '11' });
    await propose(world);
    await noteUnconfirmedCompanies(world.invocation(), { connectionId: 'acme', sessionId: 's' }, ['21', '22']);
    await chooseUnconfirmedCompany(world.invocation(), { connectionId: 'acme', sessionId: 's' }, '22');
    world.store.calls.length = 0;
    expect(await confirm(world)).toEqual(world.stored());
    expect(world.store.calls.map(({ operation }) => operation)).toEqual(['read', 'write']);
    expect(world.stored()).toMatchObject({
      status: 'connected',
      generation: 2,
      tokens: { accessToken: 'access-s' },
      authorizedBy: { sessionId: 's', linkIssuedAt: startTime },
      revoking: ['access-0'],
      companyIds: ['21', '22'],
      companyId: '22',
      companiesFor: 's',
      environmentChecked: false,
    });
    for (const field of ['unconfirmed', 'failure', 'procoreUserId']) expect(world.stored()).not.toHaveProperty(field);
    expect(world.announced).toMatchObject([{ change: 'connected', generation: 2 }]);
    expect(world.counts.connectionAuthorized).toBe(1);
    expect(world.notes).toContainEqual(['connection.confirmed', { connectionId: 'acme', generation: 2 }]);
  });

  it('answers the same when it is asked again, and changes and announces nothing more', async () => {
    const world = connected();
    await propose(world);
    await confirm(world);
    const after = world.stored();
    later(world, 400);
    expect(await confirm(world)).toEqual(after);
    expect([world.stored(), world.announced.length]).toEqual([after, 1]);
  });

  it('takes the choice from before where nothing is known of the new account but that', async () => {
    const world = connected();
    await propose(world);
    const waiting = { connectionId: 'acme', sessionId: 's' };
    await noteUnconfirmedCompanies(world.invocation(), waiting, 'too_many');
    await chooseUnconfirmedCompany(world.invocation(), waiting, '77');
    await confirm(world);
    expect(world.stored()).toMatchObject({ companyIds: [], formerCompanyId: '77' });
    expect(world.stored()).not.toHaveProperty('companyId');
  });

  it('keeps the company chosen before if the account that connects now sees it', async () => {
    const world = connected({ companyId: '12' });
    await propose(world);
    await noteUnconfirmedCompanies(world.invocation(), { connectionId: 'acme', sessionId: 's' }, ['12', '13']);
    expect(await confirm(world)).toMatchObject({ companyIds: ['12', '13'], companyId: '12' });
  });

  it('counts the only company as chosen', async () => {
    const world = connected({ companyId: '12' });
    await propose(world);
    await noteUnconfirmedCompanies(world.invocation(), { connectionId: 'acme', sessionId: 's' }, ['31']);
    expect(await confirm(world)).toMatchObject({ companyIds: ['31'], companyId: '31' });
  });

  it('refuses the reference of another connection: the person who allowed access is not the one signed in here', async () => {
    const world = connected();
    world.put({ connectionId: 'victim' }, 10);
    await propose(world);
    await expect(confirm(world, 's', 'victim')).rejects.toMatchObject(refused);
    await expect(confirm(world, 's', 'nobody')).rejects.toMatchObject(refused);
    expect(world.stored('victim')).toMatchObject({ generation: 1, tokens: { accessToken: 'access-0' } });
    expect(world.stored()).toHaveProperty('unconfirmed');
  });

  it('refuses after 30 minutes, and with them the hash as a reference', async () => {
    const world = connected();
    await propose(world);
    const reference = sha256(referenceOf('s'));
    await expect(confirmConnection(world.invocation(), { connectionId: 'acme', reference })).rejects.toMatchObject(
      refused,
    );
    await later(world, 1800);
    await expect(confirm(world)).rejects.toMatchObject(refused);
    expect(world.stored().generation).toBe(1);
  });

  it('refuses when a newer link has connected meanwhile, and leaves that', async () => {
    const world = connected();
    await propose(world);
    const { tokens } = proposalOf('newer', 0);
    await authorizeConnection(world.invocation(), {
      ...{ connectionId: 'acme', grant: 'authorization_code', tokens },
      authorizedBy: { sessionId: 'newer', linkIssuedAt: startTime + 1 },
    });
    await expect(confirm(world)).rejects.toMatchObject(refused);
    expect(world.stored()).toMatchObject({
      tokens: { accessToken: 'access-newer' },
      revoking: ['access-0', 'access-s'],
    });
    expect(world.stored()).not.toHaveProperty('unconfirmed');
  });

  it('still confirms what a newer link has brought when an older one connects without a confirmation', async () => {
    const world = connected();
    await propose(world, 'newer', startTime + 1);
    await authorizeConnection(world.invocation(), {
      ...{ connectionId: 'acme', grant: 'authorization_code', tokens: proposalOf('older', 0).tokens },
      authorizedBy: { sessionId: 'older', linkIssuedAt: startTime },
    });
    expect(world.stored()).toMatchObject({ tokens: { accessToken: 'access-older' } });
    expect(await confirm(world, 'newer')).toMatchObject({ tokens: { accessToken: 'access-newer' } });
  });

  it('refuses what was disconnected meanwhile, and what was confirmed and then disconnected', async () => {
    const world = connected();
    await propose(world);
    await disconnectConnection(world.invocation(), 'acme');
    await expect(confirm(world)).rejects.toMatchObject(refused);
    expect(world.stored()).toMatchObject({ status: 'disconnected' });
    expect(world.tokenEndpoint.calls.filter(({ method }) => method === 'revoke').map(({ grant }) => grant)).toEqual([
      'access-0',
      'access-s',
    ]);
  });

  it.each([undefined, null, 7, 'A'.repeat(64), `${'a'.repeat(63)}`, `${'a'.repeat(64)}\n`, ['a'.repeat(64)]])(
    'refuses a reference that cannot be ours: %j',
    (reference) => {
      expect(() => parseConfirmationRequest({ connectionId: 'acme', reference })).toThrow(
        expect.objectContaining(refused),
      );
      expect(() => parseConfirmationRequest({ reference })).toThrow(
        expect.objectContaining({ code: 'invalid_connection_id' }),
      );
    },
  );
});

describe('what nobody confirms', () => {
  const attend = (world: World) => attendConnection(world.invocation(), 'acme');

  it('is given up by the sweep when its time is over, and waits for its revocation as a replaced one does', async () => {
    const world = connected();
    await propose(world);
    await later(world, 1801);
    expect(await attend(world)).toBe('attended');
    expect(world.stored()).toMatchObject({ status: 'connected', generation: 1, revoking: ['access-s'] });
    expect(world.stored()).not.toHaveProperty('unconfirmed');
    expect(world.events()).toContain('connection.unconfirmed_ended');
  });

  it('is revoked at once where there is no connection, and nothing is left over or announced', async () => {
    const world = connectionWorld();
    await propose(world);
    await later(world, 1801);
    await attend(world);
    expect(world.asked()).toEqual(['tokenInfo', 'revoke']);
    for (const field of ['unconfirmed', 'revoking', 'rotateAt']) expect(world.stored()).not.toHaveProperty(field);
    expect(world.announced).toEqual([]);
    await expect(vend(world)).rejects.toMatchObject({ code: 'connection_not_found' });
  });

  it.each(['reauthorization_required', 'disconnected'] as const)(
    'is not forgotten by a connection that is %s: it stays in the index until then',
    async (status) => {
      const world = connected({ status, toldGeneration: 1 });
      world.store.connections.set('acme', { ...world.stored(), rotateAt: startTime - 1 });
      await propose(world);
      world.store.connections.set('acme', { ...world.stored(), rotateAt: startTime - 1 });
      await attend(world);
      expect(world.stored()).toMatchObject({
        rotateAt: startTime + 1801,
        unconfirmed: { expiresAt: startTime + 1800 },
      });
      await later(world, 1801);
      await attend(world);
      expect(world.stored()).not.toHaveProperty('unconfirmed');
    },
  );

  it('is looked for by the sweep at its end, whatever else the connection needs', async () => {
    const world = connected({}, 10);
    await propose(world);
    world.store.connections.set('acme', { ...world.stored(), rotateAt: startTime - 1 });
    await attend(world);
    expect(world.stored().rotateAt).toBe(startTime + 1801);
  });

  it('and belongs to another client is given up at once', async () => {
    const world = connected();
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'client-of-production' };
    await propose(world);
    const connection = world.stored();
    const { unconfirmed } = connection;
    if (!unconfirmed) throw new Error('it does not wait');
    expect(await checkUnconfirmed(world.invocation(), connection, unconfirmed)).toBe('foreign');
    expect(world.stored()).toMatchObject({ status: 'connected', revoking: ['access-s'] });
    await expect(confirm(world)).rejects.toMatchObject(refused);
    expect(world.counts.wrongEnvironment).toBe(1);
  });
});

describe('a token set of another client that waits', () => {
  it('is given up although somebody else writes in between, and does not come to be confirmed', async () => {
    const world = connected();
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'client-of-production' };
    await propose(world);
    const connection = world.stored();
    const { unconfirmed } = connection;
    if (!unconfirmed) throw new Error('it does not wait');
    // What a rotation does between the look and the write: it counts a generation, and leaves what waits.
    world.store.connections.set('acme', { ...connection, generation: 2 });
    expect(await checkUnconfirmed(world.invocation(), connection, unconfirmed)).toBe('foreign');
    expect(world.stored()).toMatchObject({
      generation: 2,
      tokens: { accessToken: 'access-0' },
      revoking: ['access-s'],
    });
    await expect(confirm(world)).rejects.toMatchObject(refused);
  });

  it('leaves alone what has taken its place meanwhile', async () => {
    const world = connected();
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'client-of-production' };
    await propose(world, 'stranger');
    const connection = world.stored();
    const { unconfirmed } = connection;
    if (!unconfirmed) throw new Error('it does not wait');
    await propose(world, 'customer');
    const before = world.stored();
    expect(await checkUnconfirmed(world.invocation(), connection, unconfirmed)).toBe('foreign');
    expect(world.stored()).toEqual(before);
  });
});

describe('the sweep', () => {
  it('comes by when what waits has waited too long, also after a rotation that began meanwhile', async () => {
    const world = connected({}, 4600);
    await propose(world);
    expect(await rotateConnection(world.invocation(), world.stored())).toMatchObject({ outcome: 'rotated' });
    expect(world.stored()).toMatchObject({ generation: 2, rotateAt: startTime + 1801, unconfirmed: {} });
  });

  it('comes by in time after it was found out whose the live tokens are, and what companies they see', async () => {
    const world = connected({ environmentChecked: false, rotateAt: startTime - 1 });
    world.companies = { outcome: 'companies', companies: [{ id: '11', name: 'Acme' }] };
    await propose(world);
    world.store.connections.set('acme', { ...world.stored(), rotateAt: startTime - 1, companiesReadAt: 0 });
    await attendConnection(world.invocation(), 'acme');
    expect(world.stored()).toMatchObject({ environmentChecked: true, companyIds: ['11'], rotateAt: startTime + 1801 });
  });
});

describe('a disconnection', () => {
  it('by a clock that goes behind ends what waits for good: a repetition of its write brings it back no more', async () => {
    const world = connected();
    const ahead = startTime + 30;
    await propose(world, 's', ahead);
    await disconnectConnection(world.invocation(), 'acme');
    expect(world.stored().authorizedBy.linkIssuedAt).toBeGreaterThan(ahead);
    expect(await propose(world, 's', ahead)).toEqual({ outcome: 'superseded' });
    expect(world.stored()).not.toHaveProperty('unconfirmed');
  });

  it('ends every link that was issued before, also of a connection that is disconnected already', async () => {
    const world = connected();
    await disconnectConnection(world.invocation(), 'acme');
    const { authorizedBy, generation } = world.stored();
    expect(authorizedBy).toEqual({ sessionId: 'session-1', linkIssuedAt: startTime });
    await later(world, 60);
    await propose(world, 's', startTime + 30);
    await disconnectConnection(world.invocation(), 'acme');
    expect(world.stored()).toMatchObject({
      status: 'disconnected',
      generation,
      authorizedBy: { linkIssuedAt: startTime + 60 },
    });
    expect(world.stored()).not.toHaveProperty('unconfirmed');
    expect(world.asked().filter((method) => method === 'revoke')).toHaveLength(2);
    const outcome = await authorizeConnection(world.invocation(), {
      ...{ connectionId: 'acme', grant: 'authorization_code', tokens: proposalOf('t', 0).tokens },
      authorizedBy: { sessionId: 't', linkIssuedAt: startTime + 50 },
    });
    expect(outcome).toEqual({ outcome: 'superseded' });
    expect(world.announced.map(({ change }) => change)).toEqual(['disconnected']);
  });
});
