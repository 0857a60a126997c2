import { describe, expect, it } from 'vitest';
import { procoreTokenEndpoint } from '../../functions/oauth/procore-token-endpoint.ts';
import { startReusingServer } from './reuse/authorization-server.ts';
import { playReuseRounds } from './reuse/rounds.ts';

// The long form is `npm run prove -- reuse`: 200 rounds of 8 processes.

describe('a server that detects the reuse of refresh tokens', () => {
  it('ends the grant when one comes a second time, so that the proof would see it', async () => {
    const server = await startReusingServer();
    try {
      const clock = () => Date.now() / 1000;
      const origins = { loginOrigin: server.origin, apiOrigin: server.origin };
      const endpoint = procoreTokenEndpoint({ origins, fetch, clock });
      const { refreshToken = '' } = await server.grant();
      const first = await endpoint.redeemRefreshToken(server.client, refreshToken);
      expect(first).toMatchObject({ outcome: 'tokens' });
      expect(await endpoint.redeemRefreshToken(server.client, refreshToken)).toMatchObject({
        outcome: 'invalid_grant',
      });
      expect(server).toMatchObject({ reuses: 1, ended: 1, redeemed: 1 });
      const successor = first.outcome === 'tokens' ? (first.tokens.refreshToken ?? '') : '';
      expect(await endpoint.redeemRefreshToken(server.client, successor)).toMatchObject({ outcome: 'invalid_grant' });
    } finally {
      await server.stop();
    }
  });

  it('sees none twice while processes race, are killed, and lose answers', async () => {
    const figures = await playReuseRounds(8, 3);
    expect(figures).toMatchObject({ rounds: 8, reuses: 0, dead: 0, redeemed: 8 });
    expect(figures.killed).toBeGreaterThan(0);
  }, 60_000);
});
