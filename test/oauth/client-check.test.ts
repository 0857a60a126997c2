import { describe, expect, it } from 'vitest';
import { type ClientCheck, checkOAuthClient } from '../../functions/oauth/client-check.ts';
import type { TokenOutcome } from '../../functions/oauth/token-endpoint.ts';
import { memoryTokenEndpoint } from '../memory/token-endpoint.ts';

const client = { clientId: 'client-1', clientSecret: 'secret-1' };
const redirectUri = 'https://connect.example.com/oauth/callback';

/** Checks the client against a token endpoint that gives these answers. */
async function check(...answers: readonly TokenOutcome[]) {
  const tokenEndpoint = memoryTokenEndpoint(() => 0, 'client-1');
  tokenEndpoint.next.push(...answers);
  const outcome = await checkOAuthClient({ tokenEndpoint, randomId: () => 'never-issued' }, client, redirectUri);
  return { outcome, calls: tokenEndpoint.calls };
}

const invalidGrant: TokenOutcome = { outcome: 'invalid_grant', status: 400 };
const invalidClient: TokenOutcome = { outcome: 'invalid_client', status: 401 };
const unreadable: TokenOutcome = { outcome: 'unknown', status: 400 };

describe('checking a client id and secret', () => {
  it('believes a refusal of the code that nobody has issued: the client was authenticated before', async () => {
    const { outcome, calls } = await check(invalidGrant);
    expect(outcome).toEqual({ outcome: 'right' });
    expect(calls).toEqual([{ method: 'redeemCode', grant: 'never-issued', clientSecret: 'secret-1', redirectUri }]);
  });

  it('believes a refusal of the client', async () => {
    expect((await check(invalidClient)).outcome).toEqual({ outcome: 'refused', status: 401 });
  });

  it('believes an answer with tokens, however odd it is', async () => {
    const token: TokenOutcome = { outcome: 'tokens', tokens: { accessToken: 'a', issuedAt: 0, expiresAt: 1 } };
    expect(await check(token)).toMatchObject({ outcome: { outcome: 'right' }, calls: [{ method: 'redeemCode' }] });
  });

  it('asks for a token of the app itself where the answer does not tell; only a success proves something', async () => {
    const token: TokenOutcome = { outcome: 'tokens', tokens: { accessToken: 'a', issuedAt: 0, expiresAt: 1 } };
    const { outcome, calls } = await check(unreadable, token);
    expect(outcome).toEqual({ outcome: 'right' });
    expect(calls.map(({ method }) => method)).toEqual(['redeemCode', 'requestClientCredentials']);
    expect((await check(unreadable, invalidClient)).outcome).toEqual({ outcome: 'unknown', status: 400 });
  });

  it.each([
    [499, 2],
    [500, 1],
  ])(
    'asks for it after a strange answer of Procore, not after a fault: status %i, %i requests',
    async (status, requests) => {
      const { outcome, calls } = await check({ outcome: 'unknown', status }, invalidGrant);
      expect(outcome).toEqual({ outcome: 'unknown', status });
      expect(calls).toHaveLength(requests);
    },
  );

  it.each<[TokenOutcome, ClientCheck]>([
    [{ outcome: 'not_sent' }, { outcome: 'unknown' }],
    [{ outcome: 'unknown' }, { outcome: 'unknown' }],
    [
      { outcome: 'unknown', status: 502 },
      { outcome: 'unknown', status: 502 },
    ],
    [
      { outcome: 'throttled', status: 429 },
      { outcome: 'unknown', status: 429 },
    ],
  ])('takes %j for no verdict, passes its status on, and asks no more', async (answer, expected) => {
    const { outcome, calls } = await check(answer);
    expect(outcome).toStrictEqual(expected);
    expect(calls).toHaveLength(1);
  });
});
