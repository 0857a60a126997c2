import { describe, expect, it } from 'vitest';
import { attendConnection } from '../../functions/connection/attention.ts';
import { authorizeConnection } from '../../functions/connection/authorize.ts';
import { chooseCompany, recordCompanies } from '../../functions/connection/company-choice.ts';
import type { Connection } from '../../functions/connection/connection.ts';
import type { ConnectionWrite } from '../../functions/connection/connection-store.ts';
import { vendAccessToken } from '../../functions/connection/vending.ts';
import { untilReturn } from '../memory/port.ts';
import { connectionWorld, startTime } from './world.ts';

/** As a version wrote it that knew no marks. */
const unlisted = { companiesCount: undefined, companiesReadAt: undefined, companiesFor: undefined };
const day = 86_400;

function worldOf(fields: Partial<Record<keyof Connection, unknown>> = {}, age = 100) {
  const world = connectionWorld();
  // What is undefined is absent.
  world.store.connections.set('acme', JSON.parse(JSON.stringify({ ...world.put({}, age), ...fields })));
  const attend = () =>
    world.time.run(untilReturn(() => attendConnection(world.invocation(60_000), 'acme', world.stored().rotateAt)));
  const list = (...ids: string[]) => {
    world.companies = { outcome: 'companies', companies: ids.map((id) => ({ id, name: `Company ${id}` })) };
  };
  const record = (ids: readonly string[], of = world.stored()) =>
    untilReturn(() => recordCompanies(world.invocation(), of, ids));
  const choose = (companyId: string, sessionId = 'session-1') =>
    untilReturn(() => chooseCompany(world.invocation(), { connectionId: 'acme', companyId, sessionId }));
  const reconnect = (accessToken = 'access-9') =>
    untilReturn(() =>
      authorizeConnection(world.invocation(), {
        connectionId: 'acme',
        grant: 'authorization_code',
        tokens: { ...world.tokenEndpoint.tokenSet(9), accessToken },
        authorizedBy: { sessionId: 'session-2', linkIssuedAt: startTime },
      }),
    );
  const vended = async () =>
    (
      await untilReturn(() =>
        vendAccessToken({ ...world.invocation(), apiOrigin: 'https://api' }, { connectionId: 'acme' }),
      )
    ).companyIds;
  return Object.assign(world, { attend, list, record, choose, reconnect, vended });
}

describe('the companies of an account', () => {
  it('are never vended with the tokens of another account, also while Procore does not list (I11, hard case 59)', async () => {
    const world = worldOf({ companyIds: ['11', '12'], companyId: '12' });
    await world.reconnect();
    expect(await world.vended()).toEqual([]);
    world.time.pass(121);
    await world.attend();
    expect(await world.vended()).toEqual([]);
    world.list('31', '32');
    world.time.pass(3600);
    await world.attend();
    expect(await world.vended()).toEqual(['31', '32']);
  });

  it('are not believed where a version that knows nothing of this has connected another account', async () => {
    const world = worldOf({ companyId: '12', authorizedBy: { sessionId: 'session-2', linkIssuedAt: 5 } });
    world.store.connections.set('acme', { ...world.stored(), companiesFor: 'session-1' });
    expect(await world.vended()).toEqual([]);
    expect(await world.choose('12', 'session-2')).not.toMatchObject({ outcome: 'not_visible' });
    expect(await world.choose('11', 'session-2')).toEqual({ outcome: 'not_visible' });
  });

  it('of a connection from before they had a mark are vended, and listed at the next look', async () => {
    const world = worldOf({ ...unlisted, companyIds: ['11'], rotateAt: startTime - 1 });
    expect(await world.vended()).toEqual(['11']);
    world.list('11', '12');
    world.time.pass(5);
    await world.attend();
    expect(world.stored()).toMatchObject({ companyIds: ['11', '12'], companiesReadAt: startTime + 5 });
    expect(world.stored()).toMatchObject({ companiesCount: 2, companiesFor: 'session-1' });
  });

  it('are listed by the sweep until they are known, at intervals that grow', async () => {
    const world = worldOf({ companyIds: ['11'] });
    await world.reconnect();
    const looks: number[] = [];
    while (world.time.clock() < startTime + 3500) {
      world.time.pass((world.stored().rotateAt ?? 0) - world.time.clock());
      looks.push(world.time.clock() - startTime);
      await world.attend();
    }
    expect(looks).toEqual([120, 240, 540, 1080, 2160, 3915]);
    expect(world.listings).toHaveLength(looks.length);
    expect(world.notes).toContainEqual(['connection.companies_unavailable', { connectionId: 'acme' }]);
    world.list('7');
    world.time.pass((world.stored().rotateAt ?? 0) - world.time.clock());
    await world.attend();
    expect(world.stored()).toMatchObject({ companyIds: ['7'], companyId: '7' });
  });

  it('are listed after the rotation, with the new token, and once a day', async () => {
    const world = worldOf({ companiesReadAt: startTime - day + 1 }, 4000);
    await world.attend();
    expect(world.listings).toEqual([]);
    world.list('11', '13');
    world.time.pass(3915);
    await world.attend();
    expect(world.listings).toEqual([['access-2', undefined]]);
    expect(world.stored()).toMatchObject({ companyIds: ['11', '13'], companiesReadAt: startTime + 3915 });
    expect(world.stored().rotateAt).toBe(startTime + 2 * 3915);
  });

  it('are listed for a service account in the name of its company', async () => {
    const world = worldOf({ ...unlisted, grant: 'client_credentials', companyId: '8', rotateAt: startTime });
    await world.attend();
    expect(world.listings).toEqual([['access-0', '8']]);
  });

  it('are not asked for with too little time left, or with a token that has expired', async () => {
    const world = worldOf({ ...unlisted, rotateAt: startTime });
    await world.time.run(untilReturn(() => attendConnection(world.invocation(14_999), 'acme', startTime)));
    expect(world.listings).toEqual([]);
    expect(world.stored().rotateAt).toBe(startTime + 3815);
    const expired = worldOf({ ...unlisted, rotateAt: startTime }, 5400);
    expired.tokenEndpoint.next.push({ outcome: 'unknown' });
    await expired.attend();
    expect(expired.listings).toEqual([]);
  });

  it('that are none are asked for at every look: the app may be installed at any time (hard case 44)', async () => {
    const world = worldOf({ companyIds: [], companiesCount: 0 }, 4000);
    world.list('8');
    await world.attend();
    expect(world.stored()).toMatchObject({ companyId: '8', companiesCount: 1 });
  });

  it('beyond the 200 that the item keeps can be chosen as well (hard case 45)', async () => {
    const world = worldOf();
    const ids = Array.from({ length: 3000 }, (_, index) => String(1000 + index));
    await world.record(ids);
    expect(world.stored()).toMatchObject({ companyIds: ids.slice(0, 200), companiesCount: 3000 });
    expect(await world.choose('3999')).toMatchObject({ outcome: 'chosen' });
    expect(await world.choose('4000')).toEqual({ outcome: 'not_visible' });
    expect((await world.vended()).slice(0, 2)).toEqual(['3999', '1000']);
  });
});

describe('more companies than are read (hard case 45)', () => {
  it('are known as too many: they are not asked for at every look, and a choice stays', async () => {
    const world = worldOf({ ...unlisted, companyIds: ['11', '12'], companyId: '12', rotateAt: startTime });
    world.companies = { outcome: 'too_many' };
    await world.attend();
    expect(world.stored()).toMatchObject({ companyIds: [], companiesCount: 2001, companyId: '12' });
    world.time.pass((world.stored().rotateAt ?? 0) - world.time.clock());
    await world.attend();
    expect(world.listings).toHaveLength(1);
    expect(await world.vended()).toEqual(['12']);
  });
});

describe('a choice', () => {
  /** Lets a write be repeated later by the SDK. */
  function recording(world: ReturnType<typeof worldOf>): ConnectionWrite[] {
    const writes: ConnectionWrite[] = [];
    world.store.hooks = {
      after: (call) => {
        if (call.operation === 'write') writes.push(call.write);
      },
    };
    return writes;
  }

  it('is not erased by a late repetition of the list, nor undone by one of an earlier choice', async () => {
    const world = worldOf();
    const writes = recording(world);
    await world.record(['11', '12', '13']);
    await world.choose('12');
    world.time.pass(1);
    await world.choose('13');
    world.time.pass(1);
    // Back to what the second choice was built from.
    await world.choose('12');
    for (const write of [...writes]) await world.store.write(write);
    expect(world.stored()).toMatchObject({ companyId: '12', companyIds: ['11', '12', '13'] });
  });

  it('is not erased by a listing that began before it', async () => {
    const world = worldOf();
    const before = world.stored();
    await world.choose('12');
    await world.record(['11', '12'], before);
    expect(world.stored()).toMatchObject({ companyId: '12' });
  });

  it('outlives a reconnect of an account that sees the company, and not one that does not', async () => {
    const world = worldOf({ companyId: '12' });
    await world.reconnect();
    expect(world.stored()).not.toHaveProperty('companyId');
    await world.record(['12', '13']);
    expect(world.stored()).toMatchObject({ companyId: '12' });
    expect(world.stored()).not.toHaveProperty('formerCompanyId');

    const other = worldOf({ companyId: '12' });
    await other.reconnect();
    await other.record(['31', '32']);
    for (const field of ['companyId', 'formerCompanyId']) expect(other.stored()).not.toHaveProperty(field);
  });

  it('is recognised as made when the SDK has repeated its write', async () => {
    const world = worldOf();
    world.store.hooks = { repeats: () => true };
    expect(await world.choose('12')).toMatchObject({ outcome: 'chosen', connection: { companyId: '12' } });
    expect(await world.record(['12', '13'])).toMatchObject({ companyIds: ['12', '13'] });
  });

  it('is made although a rotation comes in between', async () => {
    const world = worldOf();
    const before = world.stored();
    world.store.connections.set('acme', { ...before, generation: 2, attemptNumber: 1 });
    expect(await world.record(['12', '13'], before)).toMatchObject({ generation: 2, companyIds: ['12', '13'] });
    expect(await world.choose('13')).toMatchObject({ outcome: 'chosen' });
  });

  it('and a list are refused once another session has connected, or somebody has disconnected', async () => {
    const world = worldOf();
    const before = world.stored();
    await world.reconnect();
    expect(await world.record(['99'], before)).toBeUndefined();
    expect(await world.choose('11')).toEqual({ outcome: 'superseded' });
    expect(world.stored().companyIds).toEqual([]);
    const ended = worldOf({ status: 'disconnected' });
    expect(await ended.record(['99'])).toBeUndefined();
    expect(ended.stored().companyIds).toEqual(['11', '12']);
  });
});
