import { describe, expect, it } from 'vitest';
import { attendConnection } from '../../functions/connection/attention.ts';
import type { Connection } from '../../functions/connection/connection.ts';
import { parseVendingRequest, type VendingRequest, vendAccessToken } from '../../functions/connection/vending.ts';
import { untilReturn } from '../memory/port.ts';
import { connectionWorld, StoreFault, startTime } from './world.ts';

function worldWithVending(fields: Partial<Connection> = {}, age = 100) {
  const world = connectionWorld();
  world.put(fields, age);
  const vendOnce = (request: Partial<VendingRequest> = {}, milliseconds?: number) =>
    untilReturn(() =>
      vendAccessToken(
        { ...world.invocation(milliseconds), apiOrigin: 'https://api.example' },
        { connectionId: 'acme', ...request },
      ),
    );
  const vend = (request?: Partial<VendingRequest>, milliseconds?: number) =>
    world.time.run(vendOnce(request, milliseconds));
  return Object.assign(world, { vend, vendOnce });
}

describe('vending a fresh token', () => {
  it('costs one read, and no secret and no call to Procore', async () => {
    const world = worldWithVending();
    expect(await world.vend()).toEqual({
      accessToken: 'access-0',
      expiresAt: startTime + 5300,
      generation: 1,
      environment: 'sandbox',
      apiHost: 'https://api.example',
      companyIds: ['11', '12'],
    });
    expect(world.store.calls).toEqual([{ operation: 'read', connectionId: 'acme' }]);
    expect([world.secretReads, world.asked()]).toEqual([0, []]);
  });

  it('names the company first that a person chose', async () => {
    const world = worldWithVending({ companyId: '12' });
    expect((await world.vend()).companyIds).toEqual(['12', '11']);
  });

  it('serves 20 stale callers after a rotation without another call', async () => {
    const world = worldWithVending({}, 5400);
    await world.vend();
    await world.time.run(Promise.all(Array.from({ length: 20 }, () => world.vendOnce())));
    expect(world.asked()).toHaveLength(1);
  });
});

describe('vending an expired token', () => {
  it('rotates once when 500 callers race, and all get the new token within a fifth of its wait (hard case 1)', async () => {
    const world = worldWithVending({}, 5400);
    world.tokenEndpoint.next.push(async () => {
      await world.time.sleep(500);
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(1) };
    });
    const vended = await world.time.run(Promise.all(Array.from({ length: 500 }, () => world.vendOnce())));
    expect(world.asked()).toEqual(['redeemRefreshToken']);
    expect(new Set(vended.map(({ accessToken }) => accessToken))).toEqual(new Set(['access-1']));
    expect(world.time.clock() - startTime).toBeLessThan(0.6);
  });

  it('rotates a token that lives, but not as long as asked (hard case 10)', async () => {
    const world = worldWithVending({}, 4000);
    expect((await world.vend({ minValidSeconds: 1400 })).generation).toBe(1);
    expect((await world.vend({ minValidSeconds: 1401 })).generation).toBe(2);
  });

  it('does not rotate on and on for a margin longer than half a lifetime (hard case 9)', async () => {
    const tokens = { accessToken: 'a', refreshToken: 'r', issuedAt: startTime - 100, expiresAt: startTime + 800 };
    const world = worldWithVending({ tokens });
    expect((await world.vend({ minValidSeconds: 3600 })).accessToken).toBe('a');
    expect(world.asked()).toEqual([]);
  });

  it('believes no token for longer than its lifetime when the clock was set back (hard case 8)', async () => {
    const tokens = {
      accessToken: 'a',
      refreshToken: 'r',
      issuedAt: startTime + 86_400,
      expiresAt: startTime + 86_400 + 5400,
    };
    const world = worldWithVending({ tokens });
    expect((await world.vend({ rejectedGeneration: 1 })).generation).toBe(2);
  });

  it('gives what a rotation brought, even when it does not live as long as wanted, and does not rotate on', async () => {
    const world = worldWithVending({}, 5400);
    const tokens = { accessToken: 'brief', refreshToken: 'r', issuedAt: startTime - 290, expiresAt: startTime + 10 };
    world.tokenEndpoint.next.push({ outcome: 'tokens', tokens });
    expect(await world.vend()).toMatchObject({ accessToken: 'brief', generation: 2 });
    expect(world.asked()).toHaveLength(1);
  });

  it('hands out a token set that is in escrow only, and never one that is nowhere (I2)', async () => {
    const world = worldWithVending({}, 5400);
    const refuseTokens = () => {
      world.store.hooks = {
        before: (call) => {
          if (call.operation === 'write' && call.write.set.tokens) throw new StoreFault();
        },
      };
    };
    refuseTokens();
    expect(await world.vend()).toMatchObject({ accessToken: 'access-1', generation: 2 });
    expect(world.escrowed).toHaveLength(1);
    const other = worldWithVending({}, 5400);
    other.escrowIsThrottled = true;
    other.store.hooks = world.store.hooks;
    await expect(other.vend()).rejects.toMatchObject({ code: 'token_set_lost' });
  });
});

describe('a rejected generation (hard case 17)', () => {
  it('is replaced when it is the stored one and older than 60 s', async () => {
    const world = worldWithVending();
    expect(await world.vend({ rejectedGeneration: 1 })).toMatchObject({ accessToken: 'access-1', generation: 2 });
  });

  it('is not replaced when the stored one is newer: that one is served', async () => {
    const world = worldWithVending({ generation: 5 });
    expect((await world.vend({ rejectedGeneration: 4 })).generation).toBe(5);
    expect(world.asked()).toEqual([]);
  });

  it('is not replaced within 60 s, so that a storm of 401s costs one rotation', async () => {
    const world = worldWithVending();
    for (let storm = 0; storm < 20; storm += 1) {
      const { generation } = await world.vend({ rejectedGeneration: world.stored().generation });
      expect(generation).toBe(2);
    }
    expect(world.asked()).toHaveLength(1);
  });

  it('is not served again while its rotation cools down', async () => {
    const world = worldWithVending();
    world.tokenEndpoint.next.push({ outcome: 'not_sent' });
    await expect(world.vend({ rejectedGeneration: 1 })).rejects.toMatchObject({
      code: 'rotation_pending',
      retryAfterSeconds: 33,
    });
    await expect(world.vend({ rejectedGeneration: 1 })).rejects.toMatchObject({ code: 'rotation_pending' });
    expect(world.asked()).toHaveLength(1);
    // Others, who have seen no 401, are served.
    expect((await world.vend()).generation).toBe(1);
  });
});

describe('a rejected generation that is young', () => {
  it('is not served while a cool-down runs', async () => {
    const world = worldWithVending({ notBefore: startTime + 20 }, 30);
    await expect(world.vend({ rejectedGeneration: 1 })).rejects.toMatchObject({ retryAfterSeconds: 20 });
  });
});

describe('while Procore does not answer', () => {
  it('serves the old token until its own end', async () => {
    const world = worldWithVending({}, 5390);
    world.tokenEndpoint.next.push({ outcome: 'unknown' });
    expect(await world.vend()).toMatchObject({ accessToken: 'access-0', generation: 1 });
    world.time.pass(10);
    await expect(world.vend()).rejects.toMatchObject({ code: 'rotation_pending', retryAfterSeconds: 23 });
  });

  it('does not serve it to a caller who needs it for longer', async () => {
    const world = worldWithVending({}, 5350);
    world.tokenEndpoint.next.push({ outcome: 'unknown' });
    await expect(world.vend({ minValidSeconds: 60 })).rejects.toMatchObject({ code: 'rotation_pending' });
  });

  it('serves losers the old token at once while the winner is at work', async () => {
    const world = worldWithVending({}, 5390);
    world.tokenEndpoint.next.push(async () => {
      await world.time.sleep(5000);
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(1) };
    });
    const [winner, loser] = await world.time.run(Promise.all([world.vendOnce(), world.vendOnce()]));
    expect([winner?.generation, loser?.generation]).toEqual([2, 1]);
  });

  it('lets a waiter go before its invocation ends', async () => {
    const attempt = { owner: 'other', number: 1, startedAt: startTime, leaseUntil: startTime + 65 };
    const world = worldWithVending({ attempt, attemptNumber: 1 }, 5400);
    await expect(world.vend({}, 20_000)).rejects.toMatchObject({ code: 'rotation_pending', retryAfterSeconds: 5 });
    expect(world.time.clock() - startTime).toBeLessThan(18.1);
    // It looks less and less often: every 30 ms at first, every 750 ms at last.
    expect(world.store.calls.length).toBeLessThan(60);
  });

  it.each([
    ['reauthorization_required', 'revoked'],
    ['disconnected', 'disconnected'],
  ] as const)('tells a waiter at once when the connection ends meanwhile: %s', async (status, reason) => {
    const attempt = { owner: 'other', number: 1, startedAt: startTime, leaseUntil: startTime + 65 };
    const world = worldWithVending({ attempt, attemptNumber: 1 }, 5400);
    const vending = world.vend();
    world.store.connections.set('acme', { ...world.stored(), status });
    await expect(vending).rejects.toMatchObject({ code: 'reauthorization_required', reason });
    expect(world.time.clock() - startTime).toBeLessThan(0.1);
  });

  it('lets a waiter take over when the holder ends without tokens', async () => {
    const attempt = { owner: 'dead', number: 1, startedAt: startTime - 60, leaseUntil: startTime + 5 };
    const world = worldWithVending({ attempt, attemptNumber: 1 }, 5400);
    expect(await world.vend()).toMatchObject({ generation: 2 });
    expect(world.events()).toContain('rotation.replayed');
  });

  it('tells a waiter to come when the lease ends, if that is soon', async () => {
    const attempt = { owner: 'other', number: 1, startedAt: startTime, leaseUntil: startTime + 3 };
    const world = worldWithVending({ attempt, attemptNumber: 1 }, 5400);
    await expect(world.vend({}, 2000)).rejects.toMatchObject({ code: 'rotation_pending', retryAfterSeconds: 3 });
  });

  it('rotates nothing with too little time: it serves the old token while that lives, and then says to come again', async () => {
    const world = worldWithVending({}, 5399);
    expect(await world.vend({}, 14_000)).toMatchObject({ accessToken: 'access-0' });
    world.time.pass(1);
    await expect(world.vend({}, 14_000)).rejects.toMatchObject({ code: 'rotation_pending', retryAfterSeconds: 1 });
    expect(world.asked()).toEqual([]);
  });

  it('takes a read that fails while waiting for no news', async () => {
    const world = worldWithVending({}, 5400);
    let faults = 3;
    world.tokenEndpoint.next.push(async () => {
      await world.time.sleep(500);
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(1) };
    });
    const vending = Promise.all([world.vendOnce(), world.vendOnce()]);
    world.store.hooks = {
      before: (call) => {
        if (call.operation === 'read' && world.time.clock() > startTime && faults-- > 0) throw new StoreFault();
      },
    };
    const vended = await world.time.run(vending);
    expect(vended.map(({ generation }) => generation)).toEqual([2, 2]);
  });
});

describe('a store that cannot be read', () => {
  const failReads = (world: ReturnType<typeof worldWithVending>, faults: number) => {
    let left = faults;
    world.store.hooks = {
      before: ({ operation }) => {
        if (operation === 'read' && left-- > 0) throw new StoreFault();
      },
    };
  };

  it('is asked three times, with growing pauses, before the caller hears of it', async () => {
    const world = worldWithVending();
    failReads(world, 2);
    expect(await world.vend()).toMatchObject({ generation: 1 });
    expect(world.time.clock() - startTime).toBeCloseTo(0.15 + 0.3, 6);
    failReads(world, 3);
    await expect(world.vend()).rejects.toThrow(StoreFault);
    expect(world.store.calls).toHaveLength(6);
  });

  it('is not asked again about an item of another environment', async () => {
    const world = worldWithVending({ environment: 'production' });
    await expect(world.vend()).rejects.toMatchObject({ code: 'foreign_item' });
    expect(world.store.calls).toHaveLength(1);
  });
});

describe('refusals', () => {
  it('says that there is no such connection, and how to make it', async () => {
    const world = worldWithVending();
    await expect(world.vend({ connectionId: 'nobody' })).rejects.toMatchObject({
      code: 'connection_not_found',
      message: expect.stringContaining('connect nobody'),
    });
  });

  it.each([
    [{ status: 'reauthorization_required', cause: 'revoked' } as const, 'revoked'],
    [{ status: 'disconnected' } as const, 'disconnected'],
  ])('says of %j why and how to reconnect, and asks Procore nothing (hard cases 7 and 11)', async (fields, reason) => {
    const world = worldWithVending(fields);
    await expect(world.vend()).rejects.toMatchObject({
      code: 'reauthorization_required',
      reason,
      reconnect: expect.stringContaining('connect acme'),
    });
    expect(world.asked()).toEqual([]);
  });

  it('says that the client is refused when there is no token left, and until then serves the old one', async () => {
    const world = worldWithVending({}, 5390);
    world.tokenEndpoint.next.push({ outcome: 'invalid_client', status: 401 });
    expect((await world.vend()).generation).toBe(1);
    world.time.pass(10);
    await expect(world.vend()).rejects.toMatchObject({ code: 'client_credentials_rejected' });
  });

  it('makes 10,000 calls for a dead connection cost Procore one (hard case 7)', async () => {
    const world = worldWithVending({}, 5400);
    world.tokenEndpoint.next.push({ outcome: 'invalid_grant', status: 400 });
    for (let call = 0; call < 10_000; call += 1) {
      await expect(world.vendOnce()).rejects.toMatchObject({ code: 'reauthorization_required' });
    }
    expect(await untilReturn(() => attendConnection(world.invocation(), 'acme'))).toBe('not_due');
    expect(world.asked()).toHaveLength(1);
  });
});

describe('a request', () => {
  it('is taken as it is', () => {
    const request = { connectionId: 'acme', minValidSeconds: 600, rejectedGeneration: 3 };
    expect(parseVendingRequest(request)).toEqual(request);
    expect(parseVendingRequest({ connectionId: 'acme' })).toStrictEqual({ connectionId: 'acme' });
  });

  it.each([
    [undefined, 'invalid_connection_id'],
    [null, 'invalid_connection_id'],
    ['acme', 'invalid_connection_id'],
    [{ connectionId: 'a b' }, 'invalid_connection_id'],
    [{ connectionId: 'acme', minValidSeconds: 3601 }, 'invalid_vending_request'],
    [{ connectionId: 'acme', minValidSeconds: '60' }, 'invalid_vending_request'],
    [{ connectionId: 'acme', rejectedGeneration: -1 }, 'invalid_vending_request'],
  ])('%j is refused as %s', (request, code) => {
    expect(() => parseVendingRequest(request)).toThrow(expect.objectContaining({ code }));
  });

  it('may name the bounds of its numbers, and null for none', () => {
    for (const minValidSeconds of [0, 3600]) {
      expect(parseVendingRequest({ connectionId: 'acme', minValidSeconds })).toEqual({
        connectionId: 'acme',
        minValidSeconds,
      });
    }
    expect(
      parseVendingRequest({ connectionId: 'acme', minValidSeconds: null, rejectedGeneration: null }),
    ).toStrictEqual({
      connectionId: 'acme',
    });
  });

  it('is told which number is wrong, and what it may be', () => {
    expect(() => parseVendingRequest({ connectionId: 'acme', minValidSeconds: 1.5 })).toThrow(
      'minValidSeconds must be a whole number from 0 to 3600, or be left out.',
    );
    expect(() => parseVendingRequest({ connectionId: 'acme', rejectedGeneration: -1 })).toThrow(
      'rejectedGeneration must be a whole number from 0 to 9007199254740991, or be left out.',
    );
  });
});
