import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { secretsManagerAuthorizationKeeper } from '../../functions/aws/secrets-manager-authorization-keeper.ts';
import { secretsManagerOAuthClient } from '../../functions/aws/secrets-manager-oauth-client.ts';
import { secretsManagerWebhookAuthorization } from '../../functions/aws/secrets-manager-webhook-authorization.ts';
import {
  MalformedSecretError,
  PlaceholderSecretError,
  WrongEnvironmentError,
} from '../../functions/oauth/client-secret.ts';
import type { Observer } from '../../functions/observer.ts';
import { beginRollOver } from '../../functions/webhook/roll-over.ts';
import { AwsRefusal, jsonAnswer, refusalAnswer } from '../../lib/local/aws/answer.ts';
import { createSecretsManager } from '../../lib/local/aws/secrets-manager.ts';
import { type LoopbackServer, startLoopbackServer } from '../faults/loopback-server.ts';

describe('secrets in Secrets Manager', () => {
  const secretId = 'the-secret';
  let now: number;
  let isDown: boolean;
  let version: number;
  let notes: string[];
  let server: LoopbackServer;
  let client: SecretsManagerClient;
  let secretsManager: ReturnType<typeof createSecretsManager>;

  beforeEach(async () => {
    now = 1_800_000_000;
    isDown = false;
    version = 0;
    notes = [];
    secretsManager = createSecretsManager(() => now);
    server = await startLoopbackServer((request, response) => {
      const { status, headers, body } = answer(
        String(request.headers['x-amz-target']).split('.')[1] ?? '',
        request.body,
      );
      response.writeHead(status, headers).end(body);
    });
    client = new SecretsManagerClient({
      region: 'us-east-1',
      endpoint: server.origin,
      maxAttempts: 1,
      credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    });
  });
  afterEach(async () => {
    client.destroy();
    await server.close();
  });

  function answer(operation: string, body: string) {
    try {
      if (isDown) throw new AwsRefusal('InternalServiceError', 'An error occurred on the server side.', 500);
      return jsonAnswer(secretsManager(operation, JSON.parse(body)), '1.1');
    } catch (error) {
      if (error instanceof AwsRefusal) return refusalAnswer('secretsmanager', error);
      throw error;
    }
  }
  function put(value: unknown) {
    const SecretString = typeof value === 'string' ? value : JSON.stringify(value);
    const ClientRequestToken = `${version++}`.padStart(32, '0');
    if (version === 1) secretsManager('CreateSecret', { Name: secretId, ClientRequestToken, SecretString });
    else secretsManager('PutSecretValue', { SecretId: secretId, ClientRequestToken, SecretString });
  }
  const clock = () => now;
  const observer: Observer = { note: (event) => void notes.push(event), count: () => {} };
  const oauthClient = () => secretsManagerOAuthClient({ client, secretId, environment: 'sandbox', clock, observer });
  const webhookAuthorization = () =>
    secretsManagerWebhookAuthorization({ client, secretId, environment: 'sandbox', clock, maxAgeSeconds: 60 });
  const oauth = (clientSecret: string) => ({ environment: 'sandbox', clientId: 'id', clientSecret });

  it('are read once in five minutes, and by callers at the same time together', async () => {
    put(oauth('one'));
    const source = oauthClient();
    await Promise.all(Array.from({ length: 20 }, () => source.read()));
    put(oauth('two'));
    now += 299;
    expect(await source.read()).toEqual({ clientId: 'id', clientSecret: 'one' });
    expect(server.seen.length).toBe(1);
    now += 1;
    expect(await source.read()).toEqual({ clientId: 'id', clientSecret: 'two' });
    expect(server.seen.length).toBe(2);
  });

  it('are read again at once when the caller wants them fresh', async () => {
    put(oauth('one'));
    const source = oauthClient();
    await source.read();
    put(oauth('two'));
    expect(await source.read({ fresh: true })).toEqual({ clientId: 'id', clientSecret: 'two' });
    expect(await source.read()).toEqual({ clientId: 'id', clientSecret: 'two' });
    expect(server.seen.length).toBe(2);
  });

  it('go on being served while Secrets Manager is out, which is said, and asked for only now and then', async () => {
    put(oauth('one'));
    const source = oauthClient();
    await source.read();
    isDown = true;
    now += 3600;
    for (let call = 0; call < 5; call++) expect((await source.read()).clientSecret).toBe('one');
    expect(server.seen.length).toBe(2);
    expect((await source.read({ fresh: true })).clientSecret).toBe('one');
    expect(notes).toEqual(['secret.unread', 'secret.unread']);
    isDown = false;
    put(oauth('two'));
    now += 15;
    expect((await source.read()).clientSecret).toBe('two');
  });

  it('throw while Secrets Manager is out and none was read before, and are read as soon as it is back', async () => {
    put({ environment: 'sandbox', current: 'c'.repeat(48) });
    const source = webhookAuthorization();
    isDown = true;
    await expect(source.read()).rejects.toThrow('server side');
    await expect(source.read()).rejects.toThrow('server side');
    isDown = false;
    expect(await source.read()).toEqual({ current: 'c'.repeat(48) });
  });

  it('are written only over the version that was read: of two who roll the header over at once, one is told', async () => {
    const first = { current: 'a'.repeat(48) };
    put({ environment: 'sandbox', ...first });
    const keepers = [1, 2].map(() => secretsManagerAuthorizationKeeper({ client, secretId, environment: 'sandbox' }));
    const begun = await Promise.allSettled(
      keepers.map((keeper, index) => beginRollOver(first, `${index}`.repeat(48), { keeper, clock })),
    );
    expect(begun.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const winner = begun.find((one) => one.status === 'fulfilled')?.value;
    expect(await webhookAuthorization().read()).toEqual(winner);
    expect(await keepers[0]?.write(first, first)).toBe('changed');
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
    now += 300;
    await expect(source.read()).rejects.toThrow(WrongEnvironmentError);
    await expect(source.read()).rejects.toThrow(WrongEnvironmentError);
  });

  it('give both values of a webhook authorization that is being rotated', async () => {
    const values = { current: 'n'.repeat(48), previous: 'o'.repeat(48) };
    put({ environment: 'sandbox', ...values });
    expect(await webhookAuthorization().read()).toEqual(values);
  });
});
