import { describe, expect, it } from 'vitest';
import { beginRollOver, revokePrevious, setRetirement } from '../../functions/webhook/roll-over.ts';
import { fingerprint, type SubscribedHook } from '../../functions/webhook/subscription.ts';
import type { WebhookAuthorization } from '../../functions/webhook/webhook-authorization.ts';
import { untilReturn } from '../memory/port.ts';
import { memoryPreviousUse } from '../memory/previous-use.ts';
import { memoryAuthorizationKeeper, memorySecret } from '../memory/secret.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { goRound } from './round.ts';
import { recordingObserver } from './sample-events.ts';
import { sampleSubscription } from './sample-subscription.ts';

const [current, previous] = ['the-new-value-of-the-header', 'the-old-value-of-the-header'];
const rotatedAt = 1_800_000_000;
const thirteenHours = 13 * 3600;
const retireAt = rotatedAt + 26 * 3600;

const hook = (otherwise: Partial<SubscribedHook> = {}): SubscribedHook => ({
  hookId: '1',
  projectId: null,
  authorization: fingerprint(current),
  authorizedAt: rotatedAt,
  checkedAt: rotatedAt,
  ...otherwise,
});

/** A secret with both values, and a company with hooks. */
function setUp({
  authorization = { current, previous, rotatedAt } as WebhookAuthorization,
  hooks = [hook()] as readonly SubscribedHook[],
  isKeeperLate = false,
} = {}) {
  const time = { now: rotatedAt };
  const clock = () => time.now;
  const secret = memorySecret(authorization, clock);
  const use = memoryPreviousUse(clock);
  const store = memorySubscriptionStore([{ ...sampleSubscription({ hooks }), revision: 1 }]);
  const observer = recordingObserver();
  const keeper = isKeeperLate ? { write: async () => 'changed' as const } : memoryAuthorizationKeeper(secret);
  const retire = () => untilReturn(() => goRound(() => secret.value, { store, keeper, use, clock, observer }));
  return { time, clock, secret, use, keeper, retire, notes: observer.notes };
}

describe('the previous value', () => {
  it('is retired 13 hours after the roll-over, not a second earlier, and a note says so', async () => {
    const { time, retire, secret, notes } = setUp();
    time.now = rotatedAt + thirteenHours - 1;
    expect(await retire()).toBe('accepted');
    expect(secret.value).toEqual({ current, previous, rotatedAt });
    expect(notes).toEqual([]);
    time.now += 1;
    expect(await retire()).toBe('retired');
    expect(secret.value).toEqual({ current, retired: [fingerprint(previous)] });
    expect(notes).toEqual([['webhook.authorization_retired', {}]]);
    expect(await retire()).toBe('none');
  });

  it('is retired 13 hours after the last hook was moved', async () => {
    const hooks = [hook({ authorizedAt: rotatedAt + 50 }), hook({ projectId: '7', authorizedAt: rotatedAt + 100 })];
    const { time, retire } = setUp({ hooks });
    time.now = rotatedAt + 100 + thirteenHours - 1;
    expect(await retire()).toBe('accepted');
    time.now += 1;
    expect(await retire()).toBe('retired');
  });

  it('is retired 13 hours after the last delivery with it', async () => {
    const { time, retire, use } = setUp();
    await use.note(fingerprint(previous), rotatedAt + 200);
    time.now = rotatedAt + 200 + thirteenHours - 1;
    expect(await retire()).toBe('accepted');
    time.now += 1;
    expect(await retire()).toBe('retired');
  });

  it('is not kept by a delivery with another value', async () => {
    const { time, retire, use } = setUp();
    await use.note(fingerprint(current), rotatedAt + thirteenHours);
    time.now = rotatedAt + thirteenHours;
    expect(await retire()).toBe('retired');
  });

  it('stays as long as one hook has it, until its time has come', async () => {
    const hooks = [hook(), hook({ projectId: '7', authorization: fingerprint(previous) })];
    const { time, retire, secret } = setUp({ hooks });
    time.now = retireAt - 1;
    expect(await retire()).toBe('accepted');
    expect(secret.value.previous).toBe(previous);
    time.now = retireAt;
    expect(await retire()).toBe('retired');
    expect(secret.value.previous).toBeUndefined();
  });

  it('that a person has set begins its time at the first look, whatever the hooks have', async () => {
    const { time, retire, secret } = setUp({ authorization: { current, previous }, hooks: [] });
    time.now = rotatedAt + 7;
    expect(await retire()).toBe('accepted');
    expect(secret.value).toEqual({ current, previous, rotatedAt: rotatedAt + 7, retireAt: retireAt + 7 });
    time.now += thirteenHours - 1;
    expect(await retire()).toBe('accepted');
    time.now += 1;
    expect(await retire()).toBe('retired');
  });

  it('does not count as retired when somebody else has written the secret meanwhile', async () => {
    const { time, retire, notes } = setUp({ isKeeperLate: true });
    time.now = rotatedAt + thirteenHours;
    expect(await retire()).toBe('accepted');
    expect(notes).toEqual([]);
  });
});

describe('a roll-over', () => {
  const underWay = {
    name: 'RollOverUnderWayError',
    code: 'roll_over_under_way',
    message:
      'The previous Authorization value is still accepted, because hooks or retries may use it. It ends at its time ' +
      'at the latest; `webhooks rotate-authorization --revoke-previous` ends it now. Rotate again after that.',
  };

  it('makes the current value the previous one, and notes when', async () => {
    const { keeper, clock, secret } = setUp({ authorization: { current } });
    const rolled = { current: 'next', previous: current, rotatedAt, retireAt };
    expect(await beginRollOver({ current }, 'next', { keeper, clock })).toEqual(rolled);
    expect(secret.value).toEqual(rolled);
  });

  it('is refused while one is under way, and changes nothing', async () => {
    const { keeper, clock, secret } = setUp();
    await expect(beginRollOver(secret.value, 'next', { keeper, clock })).rejects.toMatchObject(underWay);
    expect(secret.value).toEqual({ current, previous, rotatedAt });
  });

  it('is refused when somebody else has written the secret meanwhile', async () => {
    const { keeper, clock } = setUp({ isKeeperLate: true });
    await expect(beginRollOver({ current }, 'next', { keeper, clock })).rejects.toMatchObject(underWay);
  });

  it('has no time set and no value revoked over what somebody else has written meanwhile', async () => {
    const { keeper, secret } = setUp({ isKeeperLate: true });
    const changed = { name: 'AuthorizationChangedError', code: 'authorization_changed' };
    await expect(setRetirement(secret.value, 1, keeper)).rejects.toMatchObject(changed);
    await expect(revokePrevious(secret.value, keeper)).rejects.toMatchObject(changed);
  });
});
