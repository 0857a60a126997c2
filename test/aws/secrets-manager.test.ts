import { beforeEach, describe, expect, it } from 'vitest';
import { secretsManagerOAuthClient } from '../../functions/aws/secrets-manager-oauth-client.ts';
import { secretsManagerWebhookAuthorization } from '../../functions/aws/secrets-manager-webhook-authorization.ts';
import {
  MalformedSecretError,
  PlaceholderSecretError,
  WrongEnvironmentError,
} from '../../functions/oauth/client-secret.ts';
import type { Observer } from '../../functions/observer.ts';
import { type UsedSecret, useSecret } from '../contracts/use-secret.ts';

describe('secrets in Secrets Manager', () => {
  const secret = useSecret();
  const { put } = secret;
  let notes: string[];
  let counts: string[];
  beforeEach(() => {
    notes = [];
    counts = [];
  });
  const clock = () => secret.now;
  const observer: Observer = { note: (event) => void notes.push(event), count: (metric) => void counts.push(metric) };
  const oauthClient = () => secretsManagerOAuthClient({ ...placeOf(secret), clock, observer });
  const webhookAuthorization = () => secretsManagerWebhookAuthorization({ ...placeOf(secret), clock, observer });
  const oauth = (clientSecret: string) => ({ environment: 'sandbox', clientId: 'id', clientSecret });

  it('are read once in five minutes, and by callers at the same time together', async () => {
    put(oauth('one'));
    const source = oauthClient();
    await Promise.all(Array.from({ length: 20 }, () => source.read()));
    put(oauth('two'));
    secret.now += 299;
    expect(await source.read()).toEqual({ clientId: 'id', clientSecret: 'one' });
    expect(secret.calls).toBe(1);
    secret.now += 1;
    expect(await source.read()).toEqual({ clientId: 'id', clientSecret: 'two' });
    expect(secret.calls).toBe(2);
  });

  it('are read again at once when the caller wants them fresh', async () => {
    put(oauth('one'));
    const source = oauthClient();
    await source.read();
    put(oauth('two'));
    expect(await source.read({ fresh: true })).toEqual({ clientId: 'id', clientSecret: 'two' });
    expect(await source.read()).toEqual({ clientId: 'id', clientSecret: 'two' });
    expect(secret.calls).toBe(2);
  });

  it('go on being served while Secrets Manager is out, which is said, and asked for only now and then', async () => {
    put(oauth('one'));
    const source = oauthClient();
    await source.read();
    secret.isDown = true;
    secret.now += 3600;
    for (let call = 0; call < 5; call++) expect((await source.read()).clientSecret).toBe('one');
    expect(secret.calls).toBe(2);
    expect((await source.read({ fresh: true })).clientSecret).toBe('one');
    expect(notes).toEqual(['secret.unread', 'secret.unread']);
    secret.isDown = false;
    put(oauth('two'));
    secret.now += 15;
    expect((await source.read()).clientSecret).toBe('two');
  });

  it('throw while Secrets Manager is out and none was read before, and are read as soon as it is back', async () => {
    put({ environment: 'sandbox', current: 'c'.repeat(48) });
    const source = webhookAuthorization();
    secret.isDown = true;
    await expect(source.read()).rejects.toThrow('server side');
    await expect(source.read()).rejects.toThrow('server side');
    secret.isDown = false;
    expect(await source.read()).toEqual({ current: 'c'.repeat(48) });
  });

  it('are refused, and not remembered, while they are of another environment, a placeholder or no JSON', async () => {
    put(oauth('REPLACE-ME'));
    const source = oauthClient();
    await expect(source.read()).rejects.toThrow(PlaceholderSecretError);
    put({ ...oauth('one'), environment: 'production' });
    await expect(source.read()).rejects.toThrow(WrongEnvironmentError);
    put('hunter2');
    await expect(source.read()).rejects.toThrow(MalformedSecretError);
    put(oauth('one'));
    expect((await source.read()).clientSecret).toBe('one');
  });

  it('are refused when a later version is not usable, although an earlier one was', async () => {
    put(oauth('one'));
    const source = oauthClient();
    await source.read();
    put({ ...oauth('two'), environment: 'production' });
    secret.now += 300;
    await expect(source.read()).rejects.toThrow(WrongEnvironmentError);
    await expect(source.read()).rejects.toThrow(WrongEnvironmentError);
  });

  it.each([
    ['no JSON', 'hunter2'],
    ['another environment', { environment: 'production', current: 'd'.repeat(48) }],
    ['too short a value', { environment: 'sandbox', current: 'short' }],
  ])(
    'go on being served after an edit to %s, where they are the webhook authorization, and it is counted',
    async (_, edit) => {
      const good = { current: 'c'.repeat(48) };
      put({ environment: 'sandbox', ...good });
      const source = webhookAuthorization();
      await source.read();
      put(edit);
      expect(await source.read({ fresh: true })).toEqual(good);
      expect(await source.read()).toEqual(good);
      expect(counts).toEqual(['webhookSecretUnusable']);
      expect(notes).toEqual(['secret.unusable']);
      await expect(webhookAuthorization().read()).rejects.toThrow(Error);
      put({ environment: 'sandbox', current: 'e'.repeat(48) });
      secret.now += 15;
      expect(await source.read()).toEqual({ current: 'e'.repeat(48) });
    },
  );

  it('are read again after half a minute while a webhook authorization has a previous value', async () => {
    const source = webhookAuthorization();
    put({ environment: 'sandbox', current: 'n'.repeat(48), previous: 'o'.repeat(48) });
    await source.read();
    put({ environment: 'sandbox', current: 'n'.repeat(48) });
    secret.now += 29;
    expect(await source.read()).toHaveProperty('previous');
    secret.now += 1;
    expect(await source.read()).not.toHaveProperty('previous');
    secret.now += 299;
    await source.read();
    expect(secret.calls).toBe(2);
  });

  it('give both values of a webhook authorization that is being rotated', async () => {
    const values = { current: 'n'.repeat(48), previous: 'o'.repeat(48) };
    put({ environment: 'sandbox', ...values });
    expect(await webhookAuthorization().read()).toEqual(values);
  });
});

const placeOf = ({ client, secretId }: UsedSecret) => ({ client, secretId, environment: 'sandbox' as const });
