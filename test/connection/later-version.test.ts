import { beforeEach, describe, expect, it } from 'vitest';
import { attendConnection } from '../../functions/connection/attention.ts';
import type {
  Attempt,
  Connection,
  ConnectionStatus,
  ReauthorizationCause,
} from '../../functions/connection/connection.ts';
import { disconnectConnection } from '../../functions/connection/disconnect.ts';
import { vendAccessToken } from '../../functions/connection/vending.ts';
import { connectionWorld, startTime } from './world.ts';

// While a deployment goes on, and after it went back, this version finds what the next one has stored: words that it does
// not know, and attributes. It uses nothing that it does not understand, breaks nothing, and leaves it as it was.

const vend = (world: ReturnType<typeof connectionWorld>) =>
  vendAccessToken({ ...world.invocation(), apiOrigin: 'https://api.test' }, { connectionId: 'acme' });

let world: ReturnType<typeof connectionWorld>;
beforeEach(() => {
  world = connectionWorld();
});

describe('a status that this version does not know', () => {
  const status = 'paused' as ConnectionStatus;

  it('gives no token, though there is a valid one, and tells the caller to ask again', async () => {
    world.put({ status }, 10);
    await expect(vend(world)).rejects.toMatchObject({ code: 'rotation_pending', retryAfterSeconds: 5 });
    expect(world.asked()).toEqual([]);
  });

  it('is left to the later version by the sweep: the connection stays due, as it was', async () => {
    const before = world.put({ status });
    expect(await attendConnection(world.invocation(), 'acme')).toBe('not_due');
    expect(world.stored()).toEqual(before);
    expect(world.asked()).toEqual([]);
  });

  it('does not keep a person from disconnecting', async () => {
    world.put({ status });
    await disconnectConnection(world.invocation(), 'acme');
    expect(world.stored()).toMatchObject({ status: 'disconnected' });
  });
});

it('tells a caller to connect again for a cause that it does not know, by its name', async () => {
  world.put({ status: 'reauthorization_required', cause: 'moved_away' as ReauthorizationCause });
  await expect(vend(world)).rejects.toThrow('its access has ended (moved_away)');
});

it('doubts a refusal after an attempt whose outcome it does not know, as after one without', async () => {
  const attempt = { owner: 'other', number: 1, startedAt: startTime - 90, leaseUntil: startTime - 60 };
  world.put({ attempt: { ...attempt, outcome: 'parked' as NonNullable<Attempt['outcome']> }, attemptNumber: 1 });
  world.tokenEndpoint.next.push({ outcome: 'invalid_grant', status: 400 });
  await expect(vend(world)).rejects.toMatchObject({ code: 'rotation_pending' });
  expect(world.stored()).toMatchObject({ status: 'connected', attempt: { outcome: 'suspect' } });
});

it('refreshes a grant that it does not know by its refresh token, and never by the app’s own credentials', async () => {
  world.put({ grant: 'device_code' as Connection['grant'] });
  await vend(world);
  expect(world.asked()).toEqual(['redeemRefreshToken']);
});

it('keeps attributes that it does not know through a rotation, a refusal and a disconnection', async () => {
  const later = { ofALaterVersion: { kept: true } };
  world.put({ ...later } as Partial<Connection>);
  await vend(world);
  expect(world.stored()).toMatchObject({ generation: 2, ...later });
  await disconnectConnection(world.invocation(), 'acme');
  expect(world.stored()).toMatchObject({ status: 'disconnected', ...later });
});
