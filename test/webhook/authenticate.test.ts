import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../functions/webhook/authenticate.ts';
import { fingerprint } from '../../functions/webhook/subscription.ts';
import type { WebhookAuthorization } from '../../functions/webhook/webhook-authorization.ts';
import { untilReturn } from '../memory/port.ts';
import { memoryPreviousUse } from '../memory/previous-use.ts';
import { memorySecret } from '../memory/secret.ts';
import { recordingObserver } from './sample-events.ts';

/** An authenticator that has read its secret before. */
async function setUp(first: WebhookAuthorization) {
  const state = { now: 1000 };
  const clock = () => state.now;
  const observer = recordingObserver();
  const secret = memorySecret(first, clock);
  const source = secret.source();
  await source.read();
  const previousUse = memoryPreviousUse(clock);
  const judge = createAuthenticator({ source, previousUse, clock, observer });
  const authenticate = (header: string | undefined) => untilReturn(() => judge(header));
  const { uses } = previousUse;
  return { state, secret, authenticate, uses, counts: observer.counts, notes: observer.notes };
}

describe('authenticate', () => {
  it('lets current and previous in', async () => {
    const { authenticate, counts } = await setUp({ current: 'newSecret', previous: 'oldSecret' });
    expect(await authenticate('Bearer newSecret')).toBe('authenticated');
    expect(await authenticate('Bearer oldSecret')).toBe('authenticated');
    expect(counts.size).toBe(0);
  });

  it.each(['newSecret', 'bearer newSecret', 'Bearer newSecret ', 'Bearer newSecre', 'Bearer ', 'Bearer undefined'])(
    'keeps %j out',
    async (header) => {
      const { authenticate, counts, notes } = await setUp({ current: 'newSecret' });
      expect(await authenticate(header)).toBe('wrong_sent');
      expect(counts).toEqual(new Map([['webhookAuthorizationWrong', 1]]));
      expect(notes).toEqual([['webhook.refused', { reason: 'authorization_wrong' }]]);
    },
  );

  it('tells a value that we issued once, which only hooks know, from a stranger’s guess', async () => {
    const { authenticate, counts, notes } = await setUp({
      current: 'newSecret',
      retired: [fingerprint('oldSecret'), fingerprint('olderSecret')],
    });
    expect(await authenticate('Bearer olderSecret')).toBe('wrong_sent');
    expect(counts).toEqual(new Map([['webhookAuthorizationRetired', 1]]));
    expect(notes).toEqual([['webhook.refused', { reason: 'authorization_retired' }]]);
    // The fingerprint itself, which is in tables and in the secret, is a guess as any other.
    expect(await authenticate(`Bearer ${fingerprint('oldSecret')}`)).toBe('wrong_sent');
    expect(counts.get('webhookAuthorizationWrong')).toBe(1);
  });

  it.each([undefined, ''])(
    'tells a scanner that sends %j from a wrong header, and reads no secret for it',
    async (header) => {
      const { authenticate, counts, notes, secret } = await setUp({ current: 'newSecret' });
      expect(await authenticate(header)).toBe('none_sent');
      expect(counts).toEqual(new Map([['webhookAuthorizationMissing', 1]]));
      expect(notes).toEqual([['webhook.refused', { reason: 'authorization_missing' }]]);
      expect(secret.reads).toBe(1);
    },
  );

  it('reads the secret again when the header was rotated meanwhile', async () => {
    const { authenticate, secret } = await setUp({ current: 'first' });
    secret.value = { current: 'second', previous: 'first' };
    expect(await authenticate('Bearer second')).toBe('authenticated');
    expect(await authenticate('Bearer second')).toBe('authenticated');
    expect(secret.reads).toBe(2);
  });

  it('reads it again 30 seconds after the last time, and not a second earlier', async () => {
    const { authenticate, secret, state } = await setUp({ current: 'first' });
    await authenticate('Bearer guess');
    secret.value = { current: 'second', previous: 'first' };
    state.now += 29;
    expect(await authenticate('Bearer second')).toBe('wrong_sent');
    state.now += 1;
    expect(await authenticate('Bearer second')).toBe('authenticated');
  });

  it('accepts the previous value that only the fresh read shows, and writes its use down', async () => {
    const { authenticate, secret, uses } = await setUp({ current: 'first' });
    secret.value = { current: 'third', previous: 'second' };
    expect(await authenticate('Bearer second')).toBe('authenticated');
    expect(uses).toEqual([[fingerprint('second'), 1000]]);
  });

  it('reads it again at most once in 30 seconds, however many wrong headers come', async () => {
    const { authenticate, secret, state } = await setUp({ current: 'first' });
    for (let second = 0; second < 90; second++) {
      await authenticate('Bearer guess');
      state.now += 1;
    }
    expect(secret.reads).toBe(4);
  });

  it('writes down that the previous value is in use, by its fingerprint, once a minute at most', async () => {
    const { authenticate, state, uses } = await setUp({ current: 'newSecret', previous: 'oldSecret' });
    for (let second = 0; second < 61; second++) {
      await authenticate('Bearer oldSecret');
      await authenticate('Bearer newSecret');
      state.now += 1;
    }
    expect(uses).toEqual([
      [fingerprint('oldSecret'), 1000],
      [fingerprint('oldSecret'), 1060],
    ]);
  });

  it('lets a delivery in although its trace cannot be written, and tries with the next one', async () => {
    let tries = 0;
    const observer = recordingObserver();
    const authenticate = createAuthenticator({
      source: { read: async () => ({ current: 'newSecret', previous: 'oldSecret' }) },
      previousUse: {
        note: () => {
          tries += 1;
          return Promise.reject(new Error('throttled'));
        },
      },
      clock: () => 0,
      observer,
    });
    expect(await authenticate('Bearer oldSecret')).toBe('authenticated');
    expect(await authenticate('Bearer oldSecret')).toBe('authenticated');
    expect(tries).toBe(2);
    expect(observer.notes).toEqual(Array(2).fill(['webhook.previous_use_unwritten', { errorName: 'Error' }]));
  });

  it('writes no part of a header down', async () => {
    const { authenticate, notes } = await setUp({ current: 'first' });
    await authenticate('Bearer guess');
    expect(notes).toHaveLength(1);
    expect(JSON.stringify(notes)).not.toMatch(/Bearer|guess|first/);
  });

  it('lets nobody in while the secret cannot be read', async () => {
    const authenticate = createAuthenticator({
      source: {
        read: () => Promise.reject(new Error('Secrets Manager is out')),
      },
      previousUse: { note: async () => {} },
      clock: () => 0,
      observer: recordingObserver(),
    });
    await expect(authenticate('Bearer anything')).rejects.toThrow();
  });
});
