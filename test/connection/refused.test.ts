import { describe, expect, it } from 'vitest';
import { attendConnection } from '../../functions/connection/attention.ts';
import type { Connection } from '../../functions/connection/connection.ts';
import { recoverTokens } from '../../functions/connection/recovery.ts';
import { howToReconnect } from '../../functions/connection/refusals.ts';
import { rotateConnection } from '../../functions/connection/rotation.ts';
import { vendAccessToken } from '../../functions/connection/vending.ts';
import type { TokenOutcome } from '../../functions/oauth/token-endpoint.ts';
import { untilReturn } from '../memory/port.ts';
import { connectionWorld, StoreFault, startTime } from './world.ts';

const invalidRequest: TokenOutcome = { outcome: 'refused', status: 400, code: 'invalid_request' };
const hour = 3600;

function refusedWorld(fields: Partial<Connection> = {}, age = 4000) {
  const world = connectionWorld();
  world.put(fields, age);
  const rotate = () => world.time.run(untilReturn(() => rotateConnection(world.invocation(), world.stored())));
  /** Lets the cool-down pass and rotates. */
  async function tryAgain(answer: TokenOutcome = invalidRequest) {
    world.time.pass(Math.max(0, (world.stored().notBefore ?? 0) - world.time.clock() + 1));
    world.tokenEndpoint.next.push(answer);
    return rotate();
  }
  /** Is refused in the same way for so many hours and half an hour more. */
  async function refusedFor(hours: number): Promise<void> {
    const until = world.time.clock() + hours * hour + 1800;
    while (world.time.clock() < until) await tryAgain();
  }
  const vend = () =>
    world.time.run(
      untilReturn(() => vendAccessToken({ ...world.invocation(), apiOrigin: 'https://api' }, { connectionId: 'acme' })),
    );
  return Object.assign(world, { rotate, tryAgain, refusedFor, vend });
}

describe('a refusal with another code than invalid_grant (hard case 58)', () => {
  it('is kept with its code and status, logged, and no verdict: the connection is tried again (I4)', async () => {
    const world = refusedWorld();
    expect(await world.tryAgain()).toMatchObject({ outcome: 'cooling' });
    expect(world.stored()).toMatchObject({
      status: 'connected',
      failure: { kind: 'refused', code: 'invalid_request', status: 400, since: startTime, at: startTime, count: 1 },
      notBefore: startTime + 33,
      rotateAt: startTime + 33,
    });
    expect(world.stored(), 'nothing was given, so nothing can be lost').not.toHaveProperty('attempt');
    expect(world.notes).toContainEqual([
      'rotation.not_granted',
      { connectionId: 'acme', generation: 1, attemptNumber: 1, code: 'invalid_request', status: 400 },
    ]);
    expect(world.counts).toMatchObject({ rotationUnknown: 1 });
    expect(world.counts).not.toHaveProperty('reauthorizationRequired');
  });

  it('says since when it has been the same one; another one begins anew', async () => {
    const world = refusedWorld();
    await world.tryAgain();
    await world.tryAgain();
    expect(world.stored().failure).toMatchObject({ since: startTime, count: 2 });
    await world.tryAgain({ outcome: 'refused', status: 401, code: 'invalid_request' });
    const now = world.time.clock();
    expect(world.stored().failure).toMatchObject({ since: now, status: 401, count: 3 });
    await world.tryAgain({ outcome: 'unknown', status: 500 });
    expect(world.stored().failure).toEqual({ code: 'unknown', status: 500, at: world.time.clock(), count: 4 });
    await world.tryAgain();
    expect(world.stored().failure).toMatchObject({ since: world.time.clock(), count: 5 });
  });

  it('is told to people after six hours with the access token expired, once, with the link to reconnect', async () => {
    const world = refusedWorld();
    await world.refusedFor(5);
    expect(world.announced).toEqual([]);
    await world.refusedFor(6);
    expect(world.announced).toEqual([
      {
        connectionId: 'acme',
        environment: 'sandbox',
        change: 'reauthorization_required',
        generation: 1,
        cause: 'refused',
        reconnect: howToReconnect(world.stored()),
        at: expect.any(Number),
      },
    ]);
    expect(world.announced[0]?.at).toBeGreaterThanOrEqual(startTime + 6 * hour);
    expect(world.counts.reauthorizationRequired).toBe(1);
    expect(world.stored()).toMatchObject({ status: 'connected', toldGeneration: 1 });
  });

  it('goes on being tried slowly, and a success heals it and is told', async () => {
    const world = refusedWorld();
    await world.refusedFor(7);
    const tries = world.asked().length;
    await world.refusedFor(5);
    expect(world.asked().length - tries).toBeLessThanOrEqual(11);
    expect(world.asked().length - tries).toBeGreaterThan(5);
    await world.tryAgain({ outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(1) });
    expect(world.stored()).not.toHaveProperty('failure');
    expect(world.announced.map(({ change, generation }) => [change, generation])).toEqual([
      ['reauthorization_required', 1],
      ['connected', 2],
    ]);
  });

  it('is told nothing of when it heals before anybody was told', async () => {
    const world = refusedWorld();
    await world.refusedFor(3);
    await world.tryAgain({ outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(1) });
    expect(world.announced).toEqual([]);
  });

  it('is healed and told by a success out of escrow, too', async () => {
    const world = refusedWorld();
    await world.refusedFor(7);
    const { authorizedBy, generation, connectionId } = world.stored();
    const tokens = world.tokenEndpoint.tokenSet(9);
    await untilReturn(() =>
      recoverTokens(world.invocation(), { environment: 'sandbox', connectionId, generation, tokens, authorizedBy }),
    );
    expect(world.announced.map(({ change }) => change)).toEqual(['reauthorization_required', 'connected']);
  });

  it('is told nothing of while the access token lives', async () => {
    const tokens = { accessToken: 'a', refreshToken: 'r', issuedAt: startTime - 86_400, expiresAt: startTime + 86_400 };
    const world = refusedWorld({ tokens });
    await world.refusedFor(9);
    expect(world.announced).toEqual([]);
    expect(await world.vend()).toMatchObject({ accessToken: 'a' });
  });

  it('is told later when the queue refuses, or the note of it was lost', async () => {
    const world = refusedWorld();
    world.announceFault = new Error('no queue');
    await world.refusedFor(7);
    expect(world.stored()).not.toHaveProperty('toldGeneration');
    world.announceFault = undefined;
    let losses = 1;
    world.store.hooks = {
      before: (call) => {
        if (call.operation === 'write' && call.write.set.toldGeneration !== undefined && losses-- > 0)
          throw new StoreFault();
      },
    };
    await expect(world.tryAgain()).rejects.toThrow(StoreFault);
    await world.tryAgain();
    expect(world.announced.length).toBeGreaterThan(0);
    expect(world.stored().toldGeneration).toBe(1);
  });

  it('becomes a verdict when Procore says invalid_grant, and people are not told twice', async () => {
    const world = refusedWorld();
    await world.refusedFor(7);
    await world.tryAgain({ outcome: 'invalid_grant', status: 400 });
    expect(world.stored()).toMatchObject({ status: 'reauthorization_required', cause: 'revoked' });
    expect(world.announced).toHaveLength(1);
  });

  it('is what a caller hears: the code while it may pass, and how to reconnect when it does not', async () => {
    const world = refusedWorld({}, 5400);
    world.tokenEndpoint.next.push(invalidRequest);
    await expect(world.vend()).rejects.toMatchObject({
      code: 'rotation_pending',
      message: expect.stringContaining('Procore refuses to replace it (invalid_request, status 400)'),
    });
    await world.refusedFor(7);
    world.time.pass(2000);
    world.tokenEndpoint.next.push(invalidRequest);
    await expect(world.vend()).rejects.toMatchObject({
      code: 'reauthorization_required',
      reason: 'refused',
      reconnect: howToReconnect(world.stored()),
    });
  });

  it('is tried again by the sweep, whatever people were told', async () => {
    const world = refusedWorld();
    await world.refusedFor(7);
    world.time.pass(2000);
    await world.time.run(untilReturn(() => attendConnection(world.invocation(), 'acme', world.stored().rotateAt)));
    expect(world.stored()).toMatchObject({ generation: 2, status: 'connected' });
  });
});
