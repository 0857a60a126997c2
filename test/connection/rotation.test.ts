import { describe, expect, it } from 'vitest';
import type { Connection } from '../../functions/connection/connection.ts';
import { recoverTokens } from '../../functions/connection/recovery.ts';
import { howToReconnect } from '../../functions/connection/refusals.ts';
import { rotateConnection } from '../../functions/connection/rotation.ts';
import * as transitions from '../../functions/connection/transitions.ts';
import type { TokenOutcome } from '../../functions/oauth/token-endpoint.ts';
import type { StoreCall } from '../memory/connection-store.ts';
import { untilReturn } from '../memory/port.ts';
import { connectionWorld, StoreFault, startTime } from './world.ts';

const invalidGrant: TokenOutcome = { outcome: 'invalid_grant', status: 400 };

/** One rotation of what is stored, in an invocation of its own. */
function worldWithRotation(fields: Partial<Connection> = {}, age = 5400) {
  const world = connectionWorld();
  world.put(fields, age);
  const rotate = (milliseconds?: number) =>
    world.time.run(untilReturn(() => rotateConnection(world.invocation(milliseconds), world.stored())));
  return Object.assign(world, { rotate });
}

/** Lets the cool-down pass and rotates again. */
async function rotateAfterCoolDown(world: ReturnType<typeof worldWithRotation>) {
  world.time.pass((world.stored().notBefore ?? 0) - world.time.clock() + 1);
  return world.rotate();
}

describe('the time that is left', () => {
  it.each([
    [15_000, 'rotated', ['redeemRefreshToken']],
    [14_999, 'out_of_time', []],
  ])('is judged before a claim: with %i ms the rotation is %s', async (milliseconds, outcome, asked) => {
    const world = worldWithRotation();
    expect(await world.rotate(milliseconds)).toMatchObject({ outcome });
    expect(world.asked()).toEqual(asked);
    if (outcome === 'out_of_time') expect(world.stored()).not.toHaveProperty('attempt');
  });

  it.each([
    [15_000, 2],
    [14_999, 1],
  ])(
    'is judged before a second token request: with %i ms left after the first one there are %i',
    async (left, requests) => {
      const world = worldWithRotation();
      world.freshClient = { clientId: 'client-1', clientSecret: 'secret-2' };
      world.tokenEndpoint.next.push(async () => {
        await world.time.sleep(30_000 - left);
        return { outcome: 'invalid_client', status: 401 };
      });
      await world.rotate(30_000);
      expect(world.asked()).toEqual(Array.from({ length: requests }, () => 'redeemRefreshToken'));
    },
  );
});

describe('the time that is left when the claim is answered (hard case 57)', () => {
  /** A claim whose answer takes so long that the given time is left after it. */
  function lateClaim(left: number, answer: 'late' | 'lost') {
    const world = worldWithRotation();
    let claims = 0;
    world.store.hooks = {
      after: async (call) => {
        if (call.operation !== 'write' || call.write.set.attempt === undefined || claims++ > 0) return;
        await world.time.sleep(30_000 - left);
        if (answer === 'lost') throw new StoreFault();
      },
    };
    return world;
  }

  it.each([
    ['late', 15_000, 1],
    ['late', 14_999, 0],
    ['late', 100, 0],
    ['lost', 15_000, 1],
    ['lost', 14_999, 0],
  ] as const)(
    'is judged again: with an answer %s and %i ms left, %i requests are sent (I10)',
    async (answer, left, sent) => {
      const world = lateClaim(left, answer);
      await world.rotate(30_000);
      expect(world.asked()).toHaveLength(sent);
    },
  );

  it('is too little: the attempt ends as not sent, and gives the claim back', async () => {
    const world = lateClaim(14_000, 'late');
    expect(await world.rotate(30_000)).toMatchObject({ outcome: 'cooling' });
    expect(world.stored()).toMatchObject({ status: 'connected', failure: { code: 'not_sent', count: 1 } });
    expect(world.stored()).not.toHaveProperty('attempt');
    expect(world.counts).toMatchObject({ rotationNotSent: 1 });
    expect(await rotateAfterCoolDown(world)).toMatchObject({ outcome: 'rotated' });
  });

  it('does not forget what an earlier attempt may have spent', async () => {
    const world = lateClaim(14_000, 'late');
    const attempt = { owner: 'dead', number: 1, startedAt: startTime - 200, leaseUntil: startTime - 100 };
    world.put({ attempt, attemptNumber: 1 });
    await world.rotate(30_000);
    expect(world.stored().attempt).toMatchObject({ number: 2 });
    expect(world.stored().attempt).not.toHaveProperty('outcome');
  });
});

describe('a refusal under a client that may be an old one (hard case 12)', () => {
  it.each([
    ['invalid_grant', 400],
    ['invalid_client', 401],
  ] as const)('is no verdict while the secret cannot be read again: %s', async (outcome, status) => {
    const world = worldWithRotation();
    world.isSecretUnreadable = true;
    world.tokenEndpoint.next.push({ outcome, status });
    expect(await world.rotate()).toMatchObject({ outcome: 'cooling' });
    expect(world.stored()).toMatchObject({ status: 'connected', failure: { code: 'unjudged', status, count: 1 } });
    expect(world.stored()).not.toHaveProperty('attempt');
    expect(world.counts).not.toHaveProperty('clientCredentialsRefused');
    expect(world.events()).toContain('rotation.unjudged');
    world.isSecretUnreadable = false;
    world.tokenEndpoint.next.push(invalidGrant);
    await rotateAfterCoolDown(world);
    expect(world.stored()).toMatchObject({ status: 'reauthorization_required' });
  });

  it('is judged by a secret that was read after the request was sent', async () => {
    const world = worldWithRotation();
    const readings: unknown[] = [];
    const oauthClient = {
      read: async (options?: unknown) => {
        readings.push(options);
        return world.client;
      },
    };
    world.tokenEndpoint.next.push(invalidGrant);
    await world.time.run(untilReturn(() => rotateConnection({ ...world.invocation(), oauthClient }, world.stored())));
    expect(readings).toEqual([undefined, { fresh: true, since: startTime }]);
  });
});

describe('tokens that come when little time is left', () => {
  const answerWith = (left: number) => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(async () => {
      await world.time.sleep(30_000 - left);
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(1) };
    });
    return world;
  };
  /** Lets each write of the table time out. */
  const timeOut = (world: ReturnType<typeof worldWithRotation>) => {
    world.store.hooks = {
      before: async (call) => {
        if (call.operation !== 'write' || call.write.set.generation === undefined) return;
        await world.time.sleep(4000);
        throw new StoreFault();
      },
    };
  };

  it('are put into escrow while the table is tried, because there is no time for one after the other', async () => {
    const world = answerWith(5000);
    timeOut(world);
    expect(await world.rotate(30_000)).toMatchObject({ outcome: 'escrowed' });
    expect(world.escrowed).toHaveLength(1);
    expect(world.time.clock()).toBe(startTime + 29);
  });

  it('are stored when the table takes them, whatever the escrow does', async () => {
    const world = answerWith(5000);
    world.escrowIsThrottled = true;
    expect(await world.rotate(30_000)).toMatchObject({ outcome: 'rotated' });
    expect(world.stored().generation).toBe(2);
  });
});

describe('a rotation that gets tokens', () => {
  it('replaces the tokens, counts the generation up and plans the next rotation', async () => {
    const world = worldWithRotation();
    expect(await world.rotate()).toMatchObject({ outcome: 'rotated', connection: { generation: 2 } });
    expect(world.stored()).toMatchObject({
      generation: 2,
      attemptNumber: 1,
      tokens: { accessToken: 'access-1', refreshToken: 'refresh-1' },
      rotateAt: startTime + 5400 * 0.725,
    });
    expect(world.stored()).not.toHaveProperty('attempt');
    expect(world.events()).toEqual(['rotation.claimed', 'rotation.replaced']);
    expect(world.counts).toEqual({ rotationClaimed: 1, rotationReplaced: 1 });
  });

  it('returns just what is stored', async () => {
    const world = worldWithRotation();
    const { connection } = await world.rotate();
    expect(connection).toEqual(world.stored());
  });

  it('journals the attempt before the refresh token is spent', async () => {
    const world = worldWithRotation();
    let attemptAtCall: unknown;
    world.tokenEndpoint.next.push(() => {
      attemptAtCall = world.stored().attempt;
      return { outcome: 'not_sent' };
    });
    await world.rotate(20_000);
    expect(attemptAtCall).toEqual({
      owner: 'owner-1',
      number: 1,
      startedAt: startTime,
      leaseUntil: startTime + 20 + 35,
    });
  });

  it('comes due again when its lease has ended, in case its holder dies', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(() => {
      throw new Error('the process dies');
    });
    await expect(world.rotate(20_000)).rejects.toThrow('dies');
    expect(world.stored()).toMatchObject({ rotateAt: startTime + 55, attempt: { owner: 'owner-1' } });
    expect(world.stored().attempt).not.toHaveProperty('outcome');
  });

  it('spends one refresh token when 200 callers race (hard case 1)', async () => {
    const world = worldWithRotation();
    const read = world.stored();
    world.tokenEndpoint.next.push(async () => {
      await world.time.sleep(400);
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(1) };
    });
    const rotations = await world.time.run(
      Promise.all(Array.from({ length: 200 }, () => untilReturn(() => rotateConnection(world.invocation(), read)))),
    );
    expect(world.asked()).toEqual(['redeemRefreshToken']);
    expect(rotations.filter(({ outcome }) => outcome === 'rotated')).toHaveLength(1);
    expect(rotations.filter(({ outcome }) => outcome === 'elsewhere')).toHaveLength(199);
  });

  it('keeps the refresh token when the response brings none', async () => {
    const world = worldWithRotation();
    const tokens = { accessToken: 'access-1', issuedAt: startTime, expiresAt: startTime + 900 };
    world.tokenEndpoint.next.push({ outcome: 'tokens', tokens });
    await world.rotate();
    expect(world.stored().tokens).toEqual({ ...tokens, refreshToken: 'refresh-0' });
  });

  it('clears a failure, its cool-down and its journal', async () => {
    const world = worldWithRotation({
      failure: { code: 'unknown', at: startTime - 100, count: 5 },
      notBefore: startTime - 1,
      attempt: { owner: 'x', number: 3, startedAt: 1, leaseUntil: 2, outcome: 'unknown' },
      attemptNumber: 3,
    });
    await world.rotate();
    for (const field of ['failure', 'notBefore', 'attempt']) expect(world.stored()).not.toHaveProperty(field);
    expect(world.stored().attemptNumber).toBe(4);
  });

  it('plans by the lifetime that the response gave, not by 5,400 s (hard case 9)', async () => {
    const world = worldWithRotation();
    const tokens = { accessToken: 'a', refreshToken: 'r', issuedAt: startTime, expiresAt: startTime + 900 };
    world.tokenEndpoint.next.push({ outcome: 'tokens', tokens });
    await world.rotate();
    expect(world.stored().rotateAt).toBe(Math.ceil(startTime + 900 * 0.725));
  });

  it('rotates a service account by client credentials through the same door', async () => {
    const tokens = { accessToken: 'access-0', issuedAt: startTime - 5400, expiresAt: startTime };
    const world = worldWithRotation({ grant: 'client_credentials', tokens });
    expect(await world.rotate()).toMatchObject({ outcome: 'rotated' });
    expect(world.asked()).toEqual(['requestClientCredentials']);
    expect(world.stored().tokens).not.toHaveProperty('refreshToken');
  });

  it('blames no lost answer when a service account is refused: it spends no refresh token', async () => {
    const tokens = { accessToken: 'access-0', issuedAt: startTime - 5400, expiresAt: startTime };
    const attempt = { owner: 'dead', number: 1, startedAt: startTime - 200, leaseUntil: startTime - 100 };
    const world = worldWithRotation({ grant: 'client_credentials', tokens, attempt, attemptNumber: 1 });
    world.tokenEndpoint.next.push(invalidGrant);
    await world.rotate();
    expect(world.stored()).toMatchObject({ status: 'reauthorization_required', cause: 'revoked' });
  });
});

describe('a rotation that must not begin', () => {
  it('calls nobody for a connection that has ended (I5, hard case 7)', async () => {
    for (const status of ['reauthorization_required', 'disconnected'] as const) {
      const world = worldWithRotation({ status });
      expect(await world.rotate()).toMatchObject({ outcome: 'ended' });
      expect([world.asked(), world.store.calls, world.secretReads]).toEqual([[], [], 0]);
    }
  });

  it('calls nobody during a cool-down', async () => {
    const world = worldWithRotation({ notBefore: startTime + 10 });
    expect(await world.rotate()).toMatchObject({ outcome: 'cooling' });
    expect(world.asked()).toEqual([]);
  });

  it('calls nobody while another holds the lease, and takes over when it has ended', async () => {
    const attempt = { owner: 'other', number: 1, startedAt: startTime, leaseUntil: startTime + 65 };
    const world = worldWithRotation({ attempt, attemptNumber: 1 });
    expect(await world.rotate()).toMatchObject({ outcome: 'elsewhere' });
    world.time.pass(66);
    expect(await world.rotate()).toMatchObject({ outcome: 'rotated' });
    expect(world.events()).toContain('rotation.replayed');
  });

  it('claims nothing with less than 15 s left', async () => {
    const world = worldWithRotation();
    expect(await world.rotate(14_900)).toMatchObject({ outcome: 'out_of_time' });
    expect(world.stored()).not.toHaveProperty('attempt');
  });

  it('leaves no attempt behind when the secret cannot be read', async () => {
    const world = worldWithRotation();
    const oauthClient = { read: () => Promise.reject(new Error('no secret')) };
    await expect(
      untilReturn(() => rotateConnection({ ...world.invocation(), oauthClient }, world.stored())),
    ).rejects.toThrow('no secret');
    expect(world.store.calls).toEqual([]);
  });

  it('claims nothing on a generation that has moved on since it was read', async () => {
    const world = worldWithRotation();
    const stale = world.stored();
    await world.rotate();
    const rotation = await untilReturn(() => rotateConnection(world.invocation(), stale));
    expect(rotation).toMatchObject({ outcome: 'current', connection: { generation: 2 } });
    expect(world.asked()).toHaveLength(1);
  });

  it('claims nothing on a journal that has been written since it was read', async () => {
    const world = worldWithRotation();
    const stale = world.stored();
    world.tokenEndpoint.next.push({ outcome: 'unknown' });
    await world.rotate();
    world.time.pass(3600);
    expect(await untilReturn(() => rotateConnection(world.invocation(), stale))).toMatchObject({
      outcome: 'elsewhere',
    });
    expect(world.asked()).toHaveLength(1);
  });
});

describe('a claim that is not answered, or refused', () => {
  const loseClaims = (world: ReturnType<typeof worldWithRotation>, when: 'before' | 'after', meanwhile = () => {}) => {
    let losses = 1;
    world.store.hooks = {
      [when]: (call: StoreCall) => {
        if (call.operation !== 'write' || call.write.set.attempt === undefined || losses-- <= 0) return;
        meanwhile();
        throw new StoreFault();
      },
    };
  };

  it('is recognised by its owner when it took effect, and goes on', async () => {
    const world = worldWithRotation();
    loseClaims(world, 'after');
    expect(await world.rotate()).toMatchObject({ outcome: 'rotated' });
    expect(world.counts).toEqual({ rotationClaimed: 1, rotationReplaced: 1 });
  });

  it('throws what the store threw when it took no effect: nothing is known, and nothing is spent', async () => {
    const world = worldWithRotation();
    loseClaims(world, 'before');
    await expect(world.rotate()).rejects.toThrow(StoreFault);
    expect([world.asked(), world.counts]).toEqual([[], {}]);
  });

  it('has lost, and need not throw, when somebody else’s claim is stored', async () => {
    const world = worldWithRotation();
    const attempt = { owner: 'other', number: 1, startedAt: startTime, leaseUntil: startTime + 65 };
    loseClaims(world, 'before', () => world.put({ attempt, attemptNumber: 1 }));
    expect(await world.rotate()).toMatchObject({ outcome: 'elsewhere', connection: { attempt } });
    expect(world.asked()).toEqual([]);
  });

  it('says that the connection is not there when somebody has removed it since it was read', async () => {
    const world = worldWithRotation();
    const read = world.stored();
    world.store.connections.clear();
    const rotation = untilReturn(() => rotateConnection(world.invocation(), read));
    await expect(world.time.run(rotation)).rejects.toMatchObject({ code: 'connection_not_found' });
    expect(world.asked()).toEqual([]);
  });
});

describe('a request that surely was not sent', () => {
  it('releases the attempt and cools down', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push({ outcome: 'not_sent' });
    expect(await world.rotate()).toMatchObject({ outcome: 'cooling' });
    expect(world.stored()).toMatchObject({
      generation: 1,
      status: 'connected',
      notBefore: startTime + 33,
      rotateAt: startTime + 33,
      failure: { code: 'not_sent', count: 1 },
    });
    expect(world.stored()).not.toHaveProperty('attempt');
    expect(await rotateAfterCoolDown(world)).toMatchObject({ outcome: 'rotated' });
    expect(world.counts.rotationReplayed).toBeUndefined();
    expect(world.counts.rotationNotSent).toBe(1);
    expect(world.notes).toContainEqual([
      'rotation.not_sent',
      { connectionId: 'acme', generation: 1, attemptNumber: 1 },
    ]);
  });

  it('does not make a refresh token unspent that an earlier attempt may have spent', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push({ outcome: 'unknown' }, { outcome: 'not_sent' }, invalidGrant);
    await world.rotate();
    await rotateAfterCoolDown(world);
    expect(world.stored().attempt).toMatchObject({ outcome: 'unknown' });
    await rotateAfterCoolDown(world);
    expect(world.stored()).toMatchObject({ status: 'reauthorization_required', cause: 'response_lost' });
  });
});

describe('an answer that was lost (hard case 2)', () => {
  it('keeps the journal, cools down and replays the same refresh token', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push({ outcome: 'unknown' });
    expect(await world.rotate()).toMatchObject({ outcome: 'cooling' });
    expect(world.stored()).toMatchObject({
      status: 'connected',
      attempt: { owner: 'owner-1', outcome: 'unknown' },
      notBefore: startTime + 33,
      tokens: { accessToken: 'access-0' },
    });
    expect(await rotateAfterCoolDown(world)).toMatchObject({ outcome: 'rotated' });
    expect(world.tokenEndpoint.calls.map(({ grant }) => grant)).toEqual(['refresh-0', 'refresh-0']);
    expect(world.counts).toMatchObject({ rotationUnknown: 1, rotationReplayed: 1, rotationReplaced: 1 });
  });

  it('ends by verdict, with its cause, when the replay is refused', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push({ outcome: 'unknown', status: 502 }, invalidGrant);
    await world.rotate();
    expect(await rotateAfterCoolDown(world)).toMatchObject({ outcome: 'ended' });
    expect(world.stored()).toMatchObject({ status: 'reauthorization_required', cause: 'response_lost' });
    expect(world.announced).toEqual([
      expect.objectContaining({ change: 'reauthorization_required', cause: 'response_lost', generation: 1 }),
    ]);
  });

  it('cools down 30 s, then twice as long each time, up to 30 min', async () => {
    const world = worldWithRotation();
    const waits = [];
    for (let failures = 0; failures < 8; failures += 1) {
      world.tokenEndpoint.next.push({ outcome: 'unknown' });
      await rotateAfterCoolDown(world);
      waits.push(Math.round(((world.stored().notBefore ?? 0) - world.time.clock()) / 1.1));
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1800, 1800]);
  });
});

describe('a refused refresh token (hard case 6)', () => {
  it('uses what somebody else has stored meanwhile, and asks Procore nothing more', async () => {
    const world = worldWithRotation({}, 4000);
    world.tokenEndpoint.next.push(() => {
      const other = { accessToken: 'other', refreshToken: 'other-r', issuedAt: startTime, expiresAt: startTime + 5400 };
      const { connectionId } = world.stored();
      world.store.connections.set(connectionId, {
        ...world.stored(),
        tokens: other,
        generation: 2,
      });
      return invalidGrant;
    });
    expect(await world.rotate()).toMatchObject({
      outcome: 'current',
      connection: { tokens: { accessToken: 'other' } },
    });
    expect(world.stored().status).toBe('connected');
    expect(world.asked()).toEqual(['redeemRefreshToken']);
  });

  it.each([
    [{ outcome: 'info', clientId: 'client-1' } as const, 'used_elsewhere'],
    [{ outcome: 'refused' } as const, 'revoked'],
    [{ outcome: 'unavailable' } as const, 'revoked'],
  ])('tells the cause while the access token lives: token/info %j means %s', async (info, cause) => {
    const world = worldWithRotation({}, 4000);
    world.tokenEndpoint.info = info;
    world.tokenEndpoint.next.push(invalidGrant);
    expect(await world.rotate()).toMatchObject({ outcome: 'ended' });
    expect(world.stored()).toMatchObject({ status: 'reauthorization_required', cause });
    expect(world.asked()).toEqual(['redeemRefreshToken', 'tokenInfo']);
    expect(world.counts.reauthorizationRequired).toBe(1);
  });

  it.each([
    [1, ['redeemRefreshToken', 'tokenInfo'], 'used_elsewhere'],
    [0, ['redeemRefreshToken'], 'revoked'],
  ])('asks whose the access token is only while it lives: with %i s left', async (left, asked, cause) => {
    const world = worldWithRotation({}, 5400 - left);
    world.tokenEndpoint.next.push(invalidGrant);
    await world.rotate();
    expect(world.asked()).toEqual(asked);
    expect(world.stored().cause).toBe(cause);
  });

  it('tells the integrator why, and how to connect again', async () => {
    const world = worldWithRotation();
    world.time.pass(0.75);
    world.tokenEndpoint.next.push(invalidGrant);
    await world.rotate();
    expect(world.announced).toEqual([
      {
        connectionId: 'acme',
        environment: 'sandbox',
        change: 'reauthorization_required',
        generation: 1,
        cause: 'revoked',
        reconnect: howToReconnect(world.stored()),
        at: startTime,
      },
    ]);
  });

  it('takes the connection out of the due index once the integrator has been told', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(invalidGrant);
    await world.rotate();
    expect(world.announced).toHaveLength(1);
    expect(world.stored()).not.toHaveProperty('rotateAt');
  });

  it('stays due while the integrator could not be told', async () => {
    const world = worldWithRotation();
    world.announceFault = new Error('no queue');
    world.tokenEndpoint.next.push(invalidGrant);
    expect(await world.rotate()).toMatchObject({ outcome: 'ended' });
    expect(world.stored()).toMatchObject({ status: 'reauthorization_required', rotateAt: startTime + 120 });
  });

  it('keeps the generation and the tokens, so that a late success still lands (hard case 3)', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(invalidGrant);
    await world.rotate();
    const stored = world.stored();
    expect(stored).toMatchObject({ generation: 1, tokens: { accessToken: 'access-0' } });
    const tokens = { accessToken: 'late', refreshToken: 'late-r', issuedAt: startTime, expiresAt: startTime + 5400 };
    await untilReturn(() => recoverTokens(world.invocation(), { ...stored, tokens }));
    expect(world.stored()).toMatchObject({ status: 'connected', generation: 2, tokens: { accessToken: 'late' } });
    expect(world.stored()).not.toHaveProperty('cause');
    expect(world.announced.map(({ change }) => change)).toEqual(['reauthorization_required', 'connected']);
  });

  it('is suspect after a holder that died, and asks once more before the verdict', async () => {
    const attempt = { owner: 'dead', number: 1, startedAt: startTime - 100, leaseUntil: startTime - 1 };
    const world = worldWithRotation({ attempt, attemptNumber: 1 });
    world.tokenEndpoint.next.push(invalidGrant, invalidGrant);
    expect(await world.rotate()).toMatchObject({ outcome: 'cooling' });
    expect(world.stored()).toMatchObject({ status: 'connected', attempt: { outcome: 'suspect' } });
    expect((world.stored().notBefore ?? 0) - startTime).toBeGreaterThanOrEqual(300);
    expect(world.notes).toContainEqual(['rotation.suspect', { connectionId: 'acme', generation: 1, attemptNumber: 2 }]);
    expect(world.counts.reauthorizationRequired).toBeUndefined();
    expect(await rotateAfterCoolDown(world)).toMatchObject({ outcome: 'ended' });
    expect(world.stored()).toMatchObject({ status: 'reauthorization_required', cause: 'response_lost' });
    expect(world.counts.reauthorizationRequired).toBe(1);
  });

  it('stays suspect for a holder that died, whatever came in between', async () => {
    const attempt = { owner: 'dead', number: 1, startedAt: startTime - 100, leaseUntil: startTime - 1 };
    const world = worldWithRotation({ attempt, attemptNumber: 1 });
    world.tokenEndpoint.next.push({ outcome: 'not_sent' }, { outcome: 'unknown' }, invalidGrant);
    await world.rotate();
    await rotateAfterCoolDown(world);
    expect(await rotateAfterCoolDown(world)).toMatchObject({ outcome: 'cooling' });
    expect(world.stored()).toMatchObject({ status: 'connected', attempt: { outcome: 'suspect' } });
  });

  it.each([
    [undefined, 1],
    [{ code: 'unknown', at: startTime - 60, count: 2 }, 3],
  ])('counts as a failure after %j', async (failure, count) => {
    const world = worldWithRotation(failure && { failure });
    world.tokenEndpoint.next.push(invalidGrant);
    await world.rotate();
    expect(world.stored().failure).toEqual({ code: 'invalid_grant', at: startTime, count });
  });

  it('is not doubted after a holder that died when there was no refresh token to spend', async () => {
    const attempt = { owner: 'dead', number: 1, startedAt: startTime - 100, leaseUntil: startTime - 1 };
    const tokens = { accessToken: 'access-0', issuedAt: startTime - 5400, expiresAt: startTime };
    const world = worldWithRotation({ attempt, attemptNumber: 1, tokens });
    expect(await world.rotate()).toMatchObject({ outcome: 'ended' });
    expect(world.stored()).toMatchObject({ cause: 'no_refresh_token', failure: { code: 'no_refresh_token' } });
  });

  it('says so when there is no refresh token to spend, and asks nobody', async () => {
    const tokens = { accessToken: 'access-0', issuedAt: startTime - 5400, expiresAt: startTime };
    const world = worldWithRotation({ tokens });
    expect(await world.rotate()).toMatchObject({ outcome: 'ended' });
    expect(world.stored()).toMatchObject({ status: 'reauthorization_required', cause: 'no_refresh_token' });
    expect(world.asked()).toEqual([]);
  });
});

describe('a refused client (hard cases 12 and 13)', () => {
  it('reads the secret again and goes on with the new one', async () => {
    const world = worldWithRotation();
    world.freshClient = { clientId: 'client-1', clientSecret: 'secret-2' };
    world.tokenEndpoint.next.push({ outcome: 'invalid_client', status: 401 });
    expect(await world.rotate()).toMatchObject({ outcome: 'rotated' });
    expect(world.tokenEndpoint.calls.map(({ clientSecret }) => clientSecret)).toEqual(['secret-1', 'secret-2']);
    expect(world.counts.clientCredentialsRefused).toBeUndefined();
  });

  it('takes a new id for a new client, too, though its secret is the old one', async () => {
    const world = worldWithRotation();
    world.freshClient = { clientId: 'client-2', clientSecret: 'secret-1' };
    world.tokenEndpoint.next.push({ outcome: 'invalid_client', status: 401 });
    expect(await world.rotate()).toMatchObject({ outcome: 'rotated' });
    expect(world.asked()).toHaveLength(2);
  });

  it('lets a refusal stand when the secret cannot be read again', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push({ outcome: 'invalid_client', status: 401 });
    const oauthClient = {
      read: async ({ fresh = false } = {}) => {
        if (fresh) throw new Error('no secret');
        return world.client;
      },
    };
    const rotation = untilReturn(() => rotateConnection({ ...world.invocation(), oauthClient }, world.stored()));
    expect(await world.time.run(rotation)).toMatchObject({ outcome: 'cooling' });
    expect(world.asked()).toHaveLength(1);
  });

  it('passes no verdict for another client that was remembered, and asks as the one that the secret holds', async () => {
    const world = worldWithRotation();
    world.freshClient = { clientId: 'client-2', clientSecret: 'secret-2' };
    world.tokenEndpoint.next.push({ outcome: 'invalid_grant', status: 400 });
    expect(await world.rotate()).toMatchObject({ outcome: 'rotated' });
    expect(world.tokenEndpoint.calls.map(({ clientSecret }) => clientSecret)).toEqual(['secret-1', 'secret-2']);
    expect(world.stored()).toMatchObject({ status: 'connected', generation: 2 });
  });

  it('blames no connection when the new secret is refused, too', async () => {
    const world = worldWithRotation();
    world.freshClient = { clientId: 'client-1', clientSecret: 'secret-2' };
    const refused = { outcome: 'invalid_client', status: 401 } as const;
    world.tokenEndpoint.next.push(refused, refused);
    expect(await world.rotate()).toMatchObject({ outcome: 'cooling' });
    expect(world.stored()).toMatchObject({ status: 'connected', failure: { code: 'invalid_client' } });
    expect(world.stored()).not.toHaveProperty('attempt');
    expect(world.counts.clientCredentialsRefused).toBe(1);
    expect(world.notes).toContainEqual(['rotation.client_refused', expect.objectContaining({ status: 401 })]);
  });

  it('asks only once when the secret is still the same', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push({ outcome: 'invalid_client', status: 401 });
    await world.rotate();
    expect(world.asked()).toHaveLength(1);
    expect(world.secretReads).toBe(2);
  });
});

describe('a throttled request', () => {
  it('waits what Procore asks and keeps the journal', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push({ outcome: 'throttled', status: 429, retryAfterSeconds: 200 });
    expect(await world.rotate()).toMatchObject({ outcome: 'cooling' });
    expect(world.stored()).toMatchObject({ notBefore: startTime + 220, attempt: { outcome: 'unknown' } });
    expect(world.counts.rotationThrottled).toBe(1);
    expect(world.notes).toContainEqual(['rotation.throttled', expect.objectContaining({ status: 429 })]);
  });

  it('cools down as usual when Procore does not say how long, and never longer than about an hour', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(
      { outcome: 'throttled', status: 503 },
      { outcome: 'throttled', status: 429, retryAfterSeconds: 1e9 },
    );
    await world.rotate();
    expect(world.stored().notBefore).toBe(startTime + 33);
    await rotateAfterCoolDown(world);
    expect((world.stored().notBefore ?? 0) - world.time.clock()).toBe(3960);
  });
});

describe('the SDK repeating a write that took effect', () => {
  it('does not cost a winner its claim, its tokens, its note or its verdict', async () => {
    const world = worldWithRotation();
    world.store.hooks = { repeats: () => true };
    world.tokenEndpoint.next.push({ outcome: 'unknown' });
    await world.rotate();
    expect(await rotateAfterCoolDown(world)).toMatchObject({ outcome: 'rotated', connection: { generation: 2 } });
    world.tokenEndpoint.next.push(invalidGrant);
    expect(await world.rotate()).toMatchObject({ outcome: 'ended' });
    expect(world.counts.reauthorizationRequired).toBe(1);
    expect(world.announced).toHaveLength(1);
  });
});

describe('a verdict that the table refuses', () => {
  it('is told to nobody: somebody has connected the account again a moment before', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(invalidGrant);
    world.store.hooks = {
      before: (call) => {
        if (call.operation === 'write' && call.write.set.status === 'reauthorization_required') {
          world.put({ generation: 2, authorizedBy: { sessionId: 'session-2', linkIssuedAt: startTime } }, 0);
        }
      },
    };
    expect(await world.rotate()).toMatchObject({ outcome: 'current', connection: { generation: 2 } });
    expect(world.announced).toEqual([]);
    expect(world.counts.reauthorizationRequired).toBeUndefined();
    expect(world.stored().status).toBe('connected');
  });
});

describe('a verdict that somebody else has come before', () => {
  const other = { owner: 'other', number: 2, startedAt: startTime, leaseUntil: startTime + 65 };

  it.each([
    ['holds the attempt by now', () => ({ attempt: other, attemptNumber: 2 })],
    ['has ended the attempt', () => ({ attemptNumber: 2 })],
  ])('is not passed when somebody %s', async (_, change) => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(() => {
      world.put(change());
      return invalidGrant;
    });
    expect(await world.rotate()).toMatchObject({ outcome: 'elsewhere' });
    expect(world.stored().status).toBe('connected');
    expect(world.announced).toEqual([]);
  });

  it('is told to nobody when the attempt is another’s at the moment of its write', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(invalidGrant);
    world.store.hooks = {
      before: (call) => {
        if (call.operation === 'write' && call.write.set.status) world.put({ attempt: other, attemptNumber: 2 });
      },
    };
    expect(await world.rotate()).toMatchObject({ outcome: 'elsewhere' });
    expect([world.announced, world.counts.reauthorizationRequired]).toEqual([[], undefined]);
  });
});

describe('a verdict about a connection that somebody has removed', () => {
  it('is told to nobody', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(invalidGrant);
    world.store.hooks = {
      before: (call) => {
        if (call.operation === 'write' && call.write.set.status) world.store.connections.clear();
      },
    };
    await expect(world.rotate()).rejects.toMatchObject({ code: 'connection_not_found' });
    expect(world.announced).toEqual([]);
  });
});

describe('a store that refuses after the refresh token is spent (I2, hard case 3)', () => {
  it('is tried again until it takes the tokens', async () => {
    const world = worldWithRotation();
    let refusals = 3;
    world.store.hooks = {
      before: (call) => {
        if (call.operation === 'write' && call.write.set.tokens && refusals-- > 0) throw new StoreFault();
      },
    };
    expect(await world.rotate()).toMatchObject({ outcome: 'rotated' });
    expect(world.escrowed).toEqual([]);
  });

  it.each([
    [9000, 'rotated', 0],
    [8999, 'escrowed', 1],
  ])('puts them into escrow when less than 9 s are left: with %i ms it is %s', async (left, outcome, deposits) => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(async () => {
      await world.time.sleep(30_000 - left);
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(1) };
    });
    let refusals = 1;
    world.store.hooks = {
      before: (call) => {
        if (call.operation === 'write' && call.write.set.tokens && refusals-- > 0) throw new StoreFault();
      },
    };
    expect(await world.rotate(30_000)).toMatchObject({ outcome });
    expect(world.escrowed).toHaveLength(deposits);
  });

  it('puts them into escrow before time is up, whence they land', async () => {
    const world = worldWithRotation();
    world.store.hooks = {
      before: (call) => {
        if (call.operation === 'write' && call.write.set.tokens) throw new StoreFault();
      },
    };
    const rotation = await world.rotate();
    expect(rotation).toMatchObject({
      outcome: 'escrowed',
      connection: { generation: 2, tokens: { accessToken: 'access-1' } },
    });
    expect(world.escrowed).toMatchObject([{ connectionId: 'acme', generation: 1, environment: 'sandbox' }]);
    expect(world.time.clock() - startTime).toBeLessThan(30);
    world.store.hooks = {};
    const [escrowed] = world.escrowed;
    if (!escrowed) throw new Error('nothing in escrow');
    expect(await untilReturn(() => recoverTokens(world.invocation(), escrowed))).toBe('recovered');
    expect(world.stored()).toMatchObject({ generation: 2, tokens: { refreshToken: 'refresh-1' } });
    expect(world.counts).toMatchObject({ rotationEscrowed: 1, rotationRecovered: 1 });
  });

  it.each([
    [500, 2],
    [499, 1],
  ])('tries both again while half a second is left: with %i ms it tries %i times', async (left, tries) => {
    const world = worldWithRotation();
    world.escrowIsThrottled = true;
    let refused = 0;
    world.tokenEndpoint.next.push(async () => {
      await world.time.sleep(30_000 - left);
      world.store.hooks = {
        before: () => {
          refused += 1;
          throw new StoreFault();
        },
      };
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(1) };
    });
    await expect(world.rotate(30_000)).rejects.toMatchObject({
      code: 'token_set_lost',
      cause: { name: 'ThrottlingException' },
    });
    expect(refused).toBe(tries);
  });

  it('says that they are lost when both refuse to the end, and hands them to nobody', async () => {
    const world = worldWithRotation();
    world.escrowIsThrottled = true;
    world.store.hooks = {
      before: (call) => {
        if (call.operation === 'write' && call.write.set.tokens) throw new StoreFault();
      },
    };
    await expect(world.rotate()).rejects.toMatchObject({ code: 'token_set_lost' });
    expect(world.stored().attempt).toMatchObject({ owner: 'owner-1' });
  });

  it('recognises its own write whose answer was lost', async () => {
    const world = worldWithRotation();
    let losses = 1;
    world.store.hooks = {
      after: (call) => {
        if (call.operation === 'write' && call.write.set.tokens && losses-- > 0) throw new StoreFault();
      },
    };
    expect(await world.rotate()).toMatchObject({ outcome: 'rotated', connection: { generation: 2 } });
    expect(world.stored().generation).toBe(2);
  });
});

describe('a winner that comes late', () => {
  it('never overwrites a newer token set (I3, hard case 4)', async () => {
    const world = worldWithRotation();
    const mine = world.stored();
    world.tokenEndpoint.next.push(async () => {
      await world.store.write(transitions.replace(mine, world.tokenEndpoint.tokenSet(7), { now: 0, fraction: 0 }));
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(8) };
    });
    expect(await world.rotate()).toMatchObject({ outcome: 'current', connection: { generation: 2 } });
    expect(world.stored().tokens?.accessToken).toBe('access-7');
    // Of the same authorization: to revoke it could end the set that won.
    expect(world.stored()).not.toHaveProperty('revoking');
  });

  it('lands after its lease, on its generation alone (hard case 5)', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(async () => {
      world.time.pass(200);
      world.tokenEndpoint.next.push(invalidGrant, invalidGrant);
      await untilReturn(() => rotateConnection(world.invocation(), world.stored()));
      world.time.pass(1000);
      await untilReturn(() => rotateConnection(world.invocation(), world.stored()));
      expect(world.stored().status).toBe('reauthorization_required');
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(8) };
    });
    expect(await world.rotate(30_000)).toMatchObject({ outcome: 'rotated' });
    expect(world.stored()).toMatchObject({ status: 'connected', generation: 2, tokens: { accessToken: 'access-8' } });
  });

  it('cannot note anything on an attempt that is another’s by now', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(async () => {
      world.time.pass(200);
      world.tokenEndpoint.next.push({ outcome: 'throttled', status: 429, retryAfterSeconds: 10 });
      await untilReturn(() => rotateConnection(world.invocation(), world.stored()));
      return { outcome: 'not_sent' };
    });
    await world.rotate();
    expect(world.stored().attempt).toMatchObject({ owner: 'owner-2' });
    expect(world.stored().failure?.code).toBe('throttled');
  });

  it('gives its tokens up when a person disconnected meanwhile: noted, used once, revoked', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(async () => {
      await world.store.write(transitions.disconnect(world.stored(), startTime));
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(8) };
    });
    expect(await world.rotate()).toMatchObject({ outcome: 'ended' });
    const revoked = world.tokenEndpoint.calls.filter(({ method }) => method === 'revoke').map(({ grant }) => grant);
    expect(revoked.toSorted()).toEqual(['access-0', 'access-8']);
    expect(world.notes).toContainEqual(['rotation.surrendered', { connectionId: 'acme', generation: 2 }]);
    expect(world.stored()).not.toHaveProperty('tokens');
    expect(world.stored()).not.toHaveProperty('revoking');
  });

  it('gives its tokens up with patience when the store refuses meanwhile', async () => {
    const world = worldWithRotation();
    let refusals = 3;
    world.tokenEndpoint.next.push(async () => {
      await world.store.write(transitions.disconnect(world.stored(), startTime));
      world.store.hooks = {
        before: () => {
          if (refusals-- > 0) throw new StoreFault();
        },
      };
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(8) };
    });
    expect(await world.rotate()).toMatchObject({ outcome: 'ended' });
    expect(refusals).toBeLessThan(0);
    expect(world.tokenEndpoint.calls).toContainEqual(expect.objectContaining({ method: 'revoke', grant: 'access-8' }));
  });

  it('puts tokens that it cannot give up into escrow, where they are given up', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(async () => {
      await world.store.write(transitions.disconnect(world.stored(), startTime));
      world.store.hooks = {
        before: (call) => {
          const isLanding = call.operation === 'write' && call.write.set.tokens !== undefined;
          if (!isLanding && world.escrowed.length === 0) throw new StoreFault();
        },
      };
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(8) };
    });
    await world.rotate();
    const [escrowed] = world.escrowed;
    if (!escrowed) throw new Error('nothing in escrow');
    expect(await untilReturn(() => recoverTokens(world.invocation(), escrowed))).toBe('too_late');
    expect(world.tokenEndpoint.calls).toContainEqual(expect.objectContaining({ method: 'revoke', grant: 'access-8' }));
  });

  it('puts tokens that came too late into escrow when giving them up fails, and hands them to nobody', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push(async () => {
      await world.store.write(transitions.disconnect(world.stored(), startTime));
      world.store.hooks = {
        before: (call) => {
          const isSurrender = call.operation === 'write' && call.write.set.tokens === undefined;
          if (isSurrender && world.escrowed.length === 0) throw new StoreFault();
        },
      };
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(8) };
    });
    const rotation = await world.rotate();
    expect(rotation.outcome).toBe('ended');
    expect(JSON.stringify(rotation)).not.toContain('refresh-8');
    expect(world.escrowed).toMatchObject([{ generation: 1, tokens: { accessToken: 'access-8' } }]);
  });

  it('gives its tokens up when a person reconnected meanwhile: noted, for the disconnect to revoke (hard case 16)', async () => {
    const world = worldWithRotation();
    const authorizedBy = { sessionId: 'session-2', linkIssuedAt: startTime };
    const tokens = world.tokenEndpoint.tokenSet(7);
    world.tokenEndpoint.next.push(async () => {
      const grant = 'authorization_code';
      const authorization = { connectionId: 'acme', grant, tokens, authorizedBy } as const;
      await world.store.write(transitions.reconnect(world.stored(), authorization, startTime));
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(8) };
    });
    expect(await world.rotate()).toMatchObject({ outcome: 'current' });
    expect(world.stored()).toMatchObject({ generation: 2, tokens, authorizedBy, revoking: ['access-0', 'access-8'] });
    expect(world.asked()).not.toContain('revoke');
  });

  it('revokes them at once where replaced sets are not kept', async () => {
    const world = worldWithRotation();
    world.keepReplaced = false;
    const authorizedBy = { sessionId: 'session-2', linkIssuedAt: startTime };
    world.tokenEndpoint.next.push(async () => {
      const tokens = world.tokenEndpoint.tokenSet(7);
      const authorization = { connectionId: 'acme', grant: 'authorization_code', tokens, authorizedBy } as const;
      await world.store.write(transitions.reconnect(world.stored(), authorization, startTime));
      return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(8) };
    });
    await world.rotate();
    expect(world.stored()).not.toHaveProperty('revoking');
    expect(world.stored().tokens?.accessToken).toBe('access-7');
    expect(world.tokenEndpoint.calls.filter(({ grant }) => grant === 'access-7')).toEqual([]);
  });
});

describe('what a rotation says', () => {
  it('lets an operator follow one connection, and holds no token (I8)', async () => {
    const world = worldWithRotation();
    world.tokenEndpoint.next.push({ outcome: 'unknown' });
    await world.rotate();
    await rotateAfterCoolDown(world);
    world.time.pass(5400);
    world.tokenEndpoint.next.push(invalidGrant);
    await world.rotate();
    expect(world.events()).toEqual([
      'rotation.claimed',
      'rotation.unknown',
      'rotation.cooling',
      'rotation.claimed',
      'rotation.replayed',
      'rotation.replaced',
      'rotation.claimed',
      'rotation.refused',
    ]);
    const known = { connectionId: 'acme', generation: 1 };
    expect(world.notes.slice(0, 6)).toEqual([
      ['rotation.claimed', { ...known, attemptNumber: 1 }],
      ['rotation.unknown', { ...known, attemptNumber: 1, status: undefined }],
      ['rotation.cooling', { ...known, code: 'unknown', notBefore: startTime + 33, count: 1 }],
      ['rotation.claimed', { ...known, attemptNumber: 2 }],
      ['rotation.replayed', { ...known, attemptNumber: 2, outcome: 'unknown' }],
      ['rotation.replaced', { ...known, generation: 2, rotateAt: startTime + 34 + 3915 }],
    ]);
    expect(world.notes.at(-1)).toEqual([
      'rotation.refused',
      { ...known, generation: 2, attemptNumber: 3, cause: 'revoked' },
    ]);
    expect(world.notes.every(([, fields]) => fields?.connectionId === 'acme')).toBe(true);
    expect(world.said()).not.toMatch(/access-\d|refresh-\d|secret-\d/);
  });
});
