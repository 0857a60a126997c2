import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { secretsManagerAuthorizationKeeper } from '../../functions/aws/secrets-manager-authorization-keeper.ts';
import { secretsManagerOAuthClient } from '../../functions/aws/secrets-manager-oauth-client.ts';
import { secretsManagerWebhookAuthorization } from '../../functions/aws/secrets-manager-webhook-authorization.ts';
import type { OAuthClient } from '../../functions/oauth/token-endpoint.ts';
import type { WebhookAuthorization } from '../../functions/webhook/webhook-authorization.ts';
import type { PortFault } from '../memory/port.ts';
import { memoryAuthorizationKeeper, memorySecret } from '../memory/secret.ts';
import { keeperContract, type SecretUnderTest, sourceContract } from './secret.ts';
import { useSecret } from './use-secret.ts';

const authorizations = [{ current: 'a'.repeat(48) }, { current: 'b'.repeat(48), previous: 'a'.repeat(48) }] as const;
const oauthClients = [
  { clientId: 'one', clientSecret: 'first' },
  { clientId: 'one', clientSecret: 'second' },
] as const;

describe('in memory', () => {
  function inMemory<Value>(value: Value) {
    const state = { now: 0, fault: undefined as PortFault | undefined };
    const secret = memorySecret(value, () => state.now);
    return {
      secret,
      faults: () => state.fault,
      source: () => secret.source(() => state.fault),
      put: (next: Value) => Object.assign(secret, { value: next }),
      pass: (seconds: number) => Object.assign(state, { now: state.now + seconds }),
      breakDown: () => Object.assign(state, { fault: 'throttled' }),
    };
  }
  sourceContract<WebhookAuthorization>(...authorizations, async () => inMemory(authorizations[0]));
  keeperContract(async (first) => {
    const { secret, faults, source, breakDown } = inMemory(first);
    return { keeper: () => memoryAuthorizationKeeper(secret, faults), source, breakDown };
  });
});

describe('in Secrets Manager', () => {
  const used = useSecret();
  const place = () => ({ client: used.client, secretId: used.secretId, environment: 'sandbox' as const });
  const clock = () => used.now;
  function underTest<Value extends object>(first: Value, source: SecretUnderTest<Value>['source']) {
    const put = (value: Value) => used.put({ environment: 'sandbox', ...value });
    put(first);
    return {
      source,
      put,
      pass: (seconds: number) => Object.assign(used, { now: used.now + seconds }),
      breakDown: () => Object.assign(used, { isDown: true }),
    };
  }
  const webhookSource = () => secretsManagerWebhookAuthorization({ ...place(), clock });

  describe('the webhook authorization', () => {
    sourceContract<WebhookAuthorization>(...authorizations, async () => underTest(authorizations[0], webhookSource));
    keeperContract(async (first) => ({
      ...underTest(first, webhookSource),
      keeper: () => secretsManagerAuthorizationKeeper(place()),
    }));
  });

  describe('a field of a later version', () => {
    it('stays in the secret when the values are rolled over and when the previous one is retired', async () => {
      const [first, rolled] = authorizations;
      used.put({ environment: 'sandbox', ...first, ofALaterVersion: 'kept' });
      const keeper = secretsManagerAuthorizationKeeper(place());
      const stored = async () => {
        const { SecretString = '' } = await used.client.send(new GetSecretValueCommand({ SecretId: used.secretId }));
        return JSON.parse(SecretString);
      };
      expect(await keeper.write({ ...rolled, rotatedAt: 5 }, first)).toBe('written');
      expect(await stored()).toEqual({ environment: 'sandbox', ...rolled, rotatedAt: 5, ofALaterVersion: 'kept' });
      expect(await keeper.write({ current: rolled.current }, { ...rolled, rotatedAt: 5 })).toBe('written');
      expect(await stored()).toEqual({ environment: 'sandbox', current: rolled.current, ofALaterVersion: 'kept' });
    });
  });

  describe('the OAuth client', () => {
    sourceContract<OAuthClient>(...oauthClients, async () =>
      underTest(oauthClients[0], () => secretsManagerOAuthClient({ ...place(), clock })),
    );

    describe('by which a refusal is judged', () => {
      const [first, second] = oauthClients;
      const remembering = async () => {
        used.put({ environment: 'sandbox', ...first });
        const source = secretsManagerOAuthClient({ ...place(), clock });
        await source.read();
        used.put({ environment: 'sandbox', ...second });
        return source;
      };
      const unread = { code: 'secret_unread' };

      it('is read after the request was sent, never the one that was remembered then', async () => {
        const source = await remembering();
        expect(await source.read({ fresh: true, since: used.now })).toEqual(second);
        expect(await source.read()).toEqual(second);
      });

      it('is none while the secret cannot be read, though there is a remembered one', async () => {
        const source = await remembering();
        used.isDown = true;
        await expect(source.read({ since: used.now })).rejects.toMatchObject(unread);
        expect(await source.read({ fresh: true })).toEqual(first);
      });

      it('is read once in 30 s at most, however many are refused', async () => {
        const source = await remembering();
        const calls = used.calls;
        used.now += 10;
        const since = used.now - 1;
        const together = await Promise.all(Array.from({ length: 10 }, () => source.read({ since })));
        expect(together).toEqual(Array.from({ length: 10 }, () => second));
        expect(used.calls - calls).toBe(1);
        used.now += 29;
        // This request was sent after that reading.
        await expect(source.read({ since: used.now - 5 })).rejects.toMatchObject(unread);
        expect(await source.read({ since })).toEqual(second);
        expect(used.calls - calls).toBe(1);
        used.now += 1;
        expect(await source.read({ since: used.now - 5 })).toEqual(second);
        expect(used.calls - calls).toBe(2);
      });

      it('is no value of a reading that began before the request and is still under way', async () => {
        const source = await remembering();
        const early = source.read({ fresh: true });
        const calls = used.calls;
        expect(await source.read({ since: used.now })).toEqual(second);
        await early;
        expect(used.calls).toBeGreaterThan(calls);
      });
    });
  });
});
