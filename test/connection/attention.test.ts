import { describe, expect, it } from 'vitest';
import { attendConnection } from '../../functions/connection/attention.ts';
import { recoverBatch, recoverWaiting } from '../../functions/connection/escrow-messages.ts';
import { attendBatch } from '../../functions/connection/rotation-messages.ts';
import { memoryEscrow } from '../memory/escrow.ts';
import { untilReturn } from '../memory/port.ts';
import { connectionWorld, StoreFault, startTime } from './world.ts';

function worldToAttend(...put: Parameters<ReturnType<typeof connectionWorld>['put']>) {
  const world = connectionWorld();
  world.put(...put);
  const attend = (milliseconds?: number) =>
    world.time.run(untilReturn(() => attendConnection(world.invocation(milliseconds), 'acme')));
  return Object.assign(world, { attend });
}

describe('the sweep’s look at a connection', () => {
  it('rotates it when its time has come, with one read and two writes', async () => {
    const world = worldToAttend({}, 4000);
    expect(await world.attend()).toBe('attended');
    expect(world.stored().generation).toBe(2);
    expect(world.store.calls.map(({ operation }) => operation)).toEqual(['read', 'write', 'write']);
  });

  it('leaves it alone when somebody else has seen to it since it was queued', async () => {
    const world = worldToAttend({ rotateAt: startTime + 1 });
    expect(await world.attend()).toBe('not_due');
    expect(world.asked()).toEqual([]);
  });

  it('leaves a connection alone that is not there, or rests', async () => {
    const world = connectionWorld();
    expect(await untilReturn(() => attendConnection(world.invocation(), 'acme'))).toBe('not_due');
    const { rotateAt: _, ...resting } = world.put({ status: 'reauthorization_required' });
    world.store.connections.set('acme', resting);
    expect(await untilReturn(() => attendConnection(world.invocation(), 'acme'))).toBe('not_due');
  });

  describe('by a message that carries its time', () => {
    const look = (world: ReturnType<typeof connectionWorld>, rotateAt: number | undefined) =>
      world.time.run(
        untilReturn(() =>
          attendBatch(world.invocation(), [
            { messageId: 'm', group: 'g', body: JSON.stringify({ connectionId: 'acme', rotateAt }) },
          ]),
        ),
      );

    it.each([
      ['the stored one', startTime - 10, 2],
      ['an earlier one', startTime - 11, 1],
      ['a later one', startTime - 9, 1],
    ])('is made when it is the stored one: with %s', async (_, sent, generation) => {
      const world = connectionWorld();
      world.put({ rotateAt: startTime - 10 });
      expect(await look(world, sent)).toEqual([]);
      expect(world.stored().generation).toBe(generation);
    });

    it('is made although this clock is behind the one of the sweep', async () => {
      const world = connectionWorld();
      // Planned for 3,780 s after the issue, which the sweep's clock shows and this one does not.
      world.put({ rotateAt: startTime + 25 }, 3755);
      await look(world, startTime + 25);
      expect(world.stored().generation).toBe(2);
    });

    it('is judged by this clock when a version before has sent it', async () => {
      const world = connectionWorld();
      world.put({ rotateAt: startTime + 1 });
      await look(world, undefined);
      expect(world.stored().generation).toBe(1);
      world.time.pass(1);
      await look(world, undefined);
      expect(world.stored().generation).toBe(2);
    });

    it.each([
      ['a cool-down', { notBefore: startTime + 25, rotateAt: startTime + 25 }],
      [
        'a lease',
        {
          attempt: { owner: 'x', number: 1, startedAt: startTime, leaseUntil: startTime + 25 },
          attemptNumber: 1,
          rotateAt: startTime + 25,
        },
      ],
    ])(
      'moves the time when %s is not over by this clock, because the queue drops the same message for five minutes',
      async (_, fields) => {
        const world = connectionWorld();
        world.put(fields);
        await look(world, startTime + 25);
        expect(world.stored()).toMatchObject({ generation: 1, rotateAt: startTime + 26 });
        world.time.pass(27);
        await look(world, startTime + 26);
        expect(world.stored().generation).toBe(2);
      },
    );
  });

  it('replays for a holder that died when its lease has ended', async () => {
    const attempt = { owner: 'dead', number: 1, startedAt: startTime - 70, leaseUntil: startTime - 5 };
    const world = worldToAttend({ attempt, attemptNumber: 1, rotateAt: startTime - 5 }, 1000);
    await world.attend();
    expect(world.stored().generation).toBe(2);
    expect(world.notes).toContainEqual([
      'rotation.replayed',
      { connectionId: 'acme', generation: 1, attemptNumber: 2, outcome: 'unanswered' },
    ]);
  });

  it.each([
    [5400, 1],
    [5399, undefined],
  ])('counts tokens that have expired before they were rotated: of an age of %i s %s', async (age, count) => {
    const world = worldToAttend({}, age);
    await world.attend();
    expect(world.counts.sweepPastExpiry).toBe(count);
  });

  it('tells of a verdict that nobody could be told of, then lets the connection rest', async () => {
    const world = worldToAttend({ status: 'reauthorization_required', cause: 'revoked', rotateAt: startTime });
    expect(await world.attend()).toBe('attended');
    expect(world.announced).toMatchObject([{ change: 'reauthorization_required', cause: 'revoked' }]);
    expect(world.stored()).not.toHaveProperty('rotateAt');
    expect(world.asked()).toEqual([]);
  });

  it('goes on revoking what a reconnect replaced after a verdict, and tells of the verdict once', async () => {
    const world = worldToAttend({ status: 'reauthorization_required', rotateAt: startTime, revoking: ['access-x'] });
    world.keepReplaced = false;
    const refusing = { ...world.tokenEndpoint, revoke: async () => 'not_revoked' as const };
    for (let tries = 0; tries < 3; tries += 1) {
      world.store.calls.length = 0;
      await untilReturn(() => attendConnection({ ...world.invocation(), tokenEndpoint: refusing }, 'acme'));
      // That it was told is noted once.
      expect(world.store.calls).toHaveLength(tries === 0 ? 3 : 2);
      expect(world.stored()).toMatchObject({ revoking: ['access-x'], rotateAt: world.time.clock() + 300 });
      world.time.pass(301);
    }
    expect(world.announced).toMatchObject([{ change: 'reauthorization_required' }]);
    expect(world.announced[0]).not.toHaveProperty('cause');
    await world.attend();
    for (const field of ['revoking', 'rotateAt']) expect(world.stored()).not.toHaveProperty(field);
    expect(world.announced).toHaveLength(1);
  });

  it('finishes a revocation and goes on with what the connection needs', async () => {
    const world = worldToAttend({ revoking: ['access-x'] }, 4000);
    world.keepReplaced = false;
    await world.attend();
    expect(world.asked()).toEqual(['tokenInfo', 'revoke', 'redeemRefreshToken']);
    expect(world.stored()).not.toHaveProperty('revoking');
  });

  it('plans anew for a connection that is due for nothing', async () => {
    const world = worldToAttend({ rotateAt: startTime - 10, revoking: ['access-x'] }, 100);
    await world.attend();
    expect(world.stored().rotateAt).toBe(startTime - 100 + 3915);
    expect(world.asked()).toEqual([]);
  });

  it('puts a look off by no less than a second, and to the end of a cool-down', async () => {
    const late = worldToAttend({ rotateAt: startTime, revoking: ['access-x'] }, 3779);
    await late.attend();
    // Chance plans 3,915 s, and the earliest time is 3,780 s.
    expect(late.stored().rotateAt).toBe(startTime - 3779 + 3915);
    const brief = { accessToken: 'a', issuedAt: startTime - 59, expiresAt: startTime + 41 };
    const soon = worldToAttend({ rotateAt: startTime, tokens: brief, generation: 1 });
    await soon.attend();
    expect(soon.stored().rotateAt).toBe(startTime + 14);
    const cooling = worldToAttend({ rotateAt: startTime, notBefore: startTime + 9000 }, 100);
    await cooling.attend();
    expect(cooling.stored().rotateAt).toBe(startTime + 9000);
    const overdue = worldToAttend({ rotateAt: startTime, notBefore: startTime + 0.25 }, 5400);
    await overdue.attend();
    expect(overdue.stored().rotateAt).toBe(startTime + 1);
  });

  it('plans nothing for a connection without tokens', async () => {
    const world = connectionWorld();
    const { tokens: _, ...bare } = world.put({ rotateAt: startTime });
    world.store.connections.set('acme', bare);
    expect(await untilReturn(() => attendConnection(world.invocation(), 'acme'))).toBe('attended');
    expect(world.stored()).toEqual(bare);
  });

  it('leaves the time alone that a revocation has just planned', async () => {
    const world = worldToAttend({ rotateAt: startTime - 10, revoking: ['access-x'] }, 100);
    world.keepReplaced = false;
    const tokenEndpoint = { ...world.tokenEndpoint, revoke: async () => 'not_revoked' as const };
    await untilReturn(() => attendConnection({ ...world.invocation(), tokenEndpoint }, 'acme'));
    expect(world.stored()).toMatchObject({ revoking: ['access-x'], rotateAt: startTime + 300 });
  });

  it('rotates a connection on time whose environment Procore does not tell', async () => {
    const world = worldToAttend({ environmentChecked: false }, 4000);
    world.tokenEndpoint.info = { outcome: 'unavailable' };
    await world.attend();
    expect(world.stored()).toMatchObject({ generation: 2, environmentChecked: false, rotateAt: startTime + 120 });
  });

  it('checks the environment by the new token where the old one had expired', async () => {
    const world = worldToAttend({ environmentChecked: false }, 5401);
    const dependencies = world.invocation();
    const tokenEndpoint = {
      ...world.tokenEndpoint,
      tokenInfo: async (token: string) =>
        token === 'access-0' ? ({ outcome: 'refused' } as const) : ({ outcome: 'info', clientId: 'client-1' } as const),
    };
    await attendConnection({ ...dependencies, tokenEndpoint }, 'acme');
    expect(world.stored()).toMatchObject({ generation: 2, environmentChecked: true, rotateAt: startTime + 3915 });
  });

  it('does not rotate tokens that turn out to be another client’s', async () => {
    const world = worldToAttend({ environmentChecked: false }, 4000);
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'other' };
    await world.attend();
    expect(world.asked()).not.toContain('redeemRefreshToken');
    expect(world.stored().status).toBe('disconnected');
  });
});

describe('a batch of the rotation queue', () => {
  const message = (connectionId: string, n = 1) => ({
    messageId: `${connectionId}-${n}`,
    group: connectionId,
    body: JSON.stringify({ connectionId }),
  });

  it('works groups side by side and one group’s messages in order', async () => {
    const world = connectionWorld();
    for (const connectionId of ['a', 'b', 'c']) world.put({ connectionId });
    for (let n = 1; n <= 3; n += 1) {
      world.tokenEndpoint.next.push(async () => {
        await world.time.sleep(1000);
        return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(n) };
      });
    }
    const messages = [message('a'), message('b'), message('a', 2), message('c')];
    // Not by untilReturn, whose calls end in reverse: the groups would wait for each other.
    expect(await world.time.run(attendBatch(world.invocation(), messages))).toEqual([]);
    expect(world.time.clock()).toBe(startTime + 1);
    expect(world.asked()).toHaveLength(3);
  });

  it('gives back what failed with the rest of its group, and nothing else', async () => {
    const world = connectionWorld();
    for (const connectionId of ['a', 'b']) world.put({ connectionId });
    world.store.hooks = {
      before: (call) => {
        if (call.operation === 'read' && call.connectionId === 'a') throw new StoreFault();
      },
    };
    const messages = [message('a'), message('a', 2), message('b')];
    expect(await world.time.run(untilReturn(() => attendBatch(world.invocation(), messages)))).toEqual(['a-1', 'a-2']);
    expect(world.stored('b').generation).toBe(2);
    expect(world.notes).toContainEqual([
      'message.failed',
      { referenceId: 'a-1', code: undefined, errorName: 'ProvisionedThroughputExceededException' },
    ]);
  });

  it('gives back what it has no time for, unclaimed', async () => {
    const world = connectionWorld();
    world.put({ connectionId: 'a' });
    expect(await untilReturn(() => attendBatch(world.invocation(14_000), [message('a')]))).toEqual(['a-1']);
    expect(world.stored('a')).not.toHaveProperty('attempt');
  });

  it('gives back a message that it cannot read, for the dead letters', async () => {
    const world = connectionWorld();
    const messages = ['no json', '{}', 'null'].map((body, n) => ({ messageId: `m-${n}`, group: `g-${n}`, body }));
    expect(await untilReturn(() => attendBatch(world.invocation(), messages))).toEqual(['m-0', 'm-1', 'm-2']);
    expect(world.notes).toContainEqual([
      'message.failed',
      { referenceId: 'm-1', code: 'invalid_connection_id', errorName: 'InvalidConnectionIdError' },
    ]);
  });
});

describe('a batch of the escrow queue', () => {
  it('lands what it can and leaves the rest in escrow', async () => {
    const world = connectionWorld();
    const escrowed = { ...world.put(), tokens: world.tokenEndpoint.tokenSet(9) };
    const messages = [
      { messageId: 'good', body: JSON.stringify(escrowed), sentAt: startTime - 5000 },
      {
        messageId: 'foreign',
        body: JSON.stringify({ ...escrowed, environment: 'production' }),
        sentAt: startTime - 900,
      },
      { messageId: 'broken', body: 'no json', sentAt: startTime - 60 },
    ];
    expect(await untilReturn(() => recoverBatch(world.invocation(), messages))).toEqual(['foreign', 'broken']);
    expect(world.stored().tokens?.accessToken).toBe('access-9');
    // The age of the oldest that stays; what has landed does not count.
    expect(world.counts).toMatchObject({ rotationRecovered: 1, escrowAgeSeconds: 900 });
    expect(world.said()).not.toMatch(/access-\d|refresh-\d/);
  });

  it('is removed by a function that takes it itself when it has landed, and not before', async () => {
    const world = connectionWorld();
    const escrow = memoryEscrow();
    const escrowed = { ...world.put(), tokens: world.tokenEndpoint.tokenSet(9) };
    await escrow.deposit(escrowed);
    await escrow.deposit({ ...escrowed, environment: 'production' });
    expect(await untilReturn(() => recoverWaiting(world.invocation(), escrow.waiting))).toHaveLength(1);
    expect(world.stored().tokens?.accessToken).toBe('access-9');
    expect(escrow.deposited.map(({ environment }) => environment)).toEqual(['production']);
  });
});
