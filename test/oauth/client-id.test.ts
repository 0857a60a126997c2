import { describe, expect, it } from 'vitest';
import { noteClientId, rememberedClientId } from '../../functions/oauth/client-id.ts';
import { PlaceholderSecretError } from '../../functions/oauth/client-secret.ts';
import { memoryClientId } from '../memory/client-id.ts';
import { untilReturn } from '../memory/port.ts';
import { recordingObserver } from '../webhook/sample-events.ts';

/** A source whose cache and whose secret hold these client ids. */
const source = (cached: string, fresh = cached) => ({
  read: async (options: { readonly fresh?: boolean } = {}) => ({
    clientId: options.fresh ? fresh : cached,
    clientSecret: 'canary-of-a-secret',
  }),
});

describe('the client id', () => {
  it('is written where a release before has left none, and again when it has changed', async () => {
    const clientIds = memoryClientId();
    const note = (clientId: string) =>
      untilReturn(() => noteClientId({ oauthClient: source(clientId), clientIds, observer: recordingObserver() }));
    expect([await note('one'), await note('one'), await note('another')]).toEqual(['noted', 'unchanged', 'noted']);
    expect(await clientIds.read()).toBe('another');
  });

  it('is that of the secret, and not the one that a process remembers from before it was replaced', async () => {
    const clientIds = memoryClientId('new');
    await noteClientId({ oauthClient: source('old', 'new'), clientIds, observer: recordingObserver() });
    expect(await clientIds.read()).toBe('new');
  });

  it('stays unwritten while nobody has set the credentials', async () => {
    const clientIds = memoryClientId();
    const oauthClient = { read: () => Promise.reject(new PlaceholderSecretError('sandbox')) };
    expect(await noteClientId({ oauthClient, clientIds, observer: recordingObserver() })).toBe('unset');
    expect(await clientIds.read()).toBeUndefined();
  });

  it('is tried again by the next who passes when it cannot be read or written, and a note says so', async () => {
    const observer = recordingObserver();
    const clientIds = memoryClientId(undefined, (method) => (method === 'write' ? 'throttled' : undefined));
    expect(await noteClientId({ oauthClient: source('one'), clientIds, observer })).toBe('failed');
    const out = { read: () => Promise.reject(new TypeError('canary-of-a-secret')) };
    expect(await noteClientId({ oauthClient: out, clientIds: memoryClientId(), observer })).toBe('failed');
    expect(observer.notes).toEqual([
      ['client_id.unwritten', { errorName: 'ThrottlingException' }],
      ['client_id.unwritten', { errorName: 'TypeError' }],
    ]);
  });
});

describe('a remembered client id', () => {
  const setUp = (first: string | undefined) => {
    const now = { time: 1000 };
    const stored = { clientId: first, reads: 0, fails: false };
    const read = rememberedClientId(
      {
        async read() {
          stored.reads += 1;
          if (stored.fails) throw new TypeError('out');
          return stored.clientId;
        },
      },
      () => now.time,
    );
    return { now, stored, read };
  };

  it('is read once in five minutes, however many ask', async () => {
    const { now, stored, read } = setUp('one');
    expect(await Promise.all([read(), read()])).toEqual(['one', 'one']);
    stored.clientId = 'another';
    now.time += 299;
    expect(await read()).toBe('one');
    now.time += 1;
    expect(await read()).toBe('another');
    expect(stored.reads).toBe(2);
  });

  it('is asked for again after 15 seconds where nobody has written it yet', async () => {
    const { now, stored, read } = setUp(undefined);
    expect(await read()).toBeUndefined();
    stored.clientId = 'one';
    now.time += 14;
    expect(await read()).toBeUndefined();
    now.time += 1;
    expect(await read()).toBe('one');
  });

  it('is asked for again at once after a read that failed', async () => {
    const { stored, read } = setUp('one');
    stored.fails = true;
    await expect(read()).rejects.toThrow('out');
    stored.fails = false;
    expect(await read()).toBe('one');
  });
});
