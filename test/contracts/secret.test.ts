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
  });
});
