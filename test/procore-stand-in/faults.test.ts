import { describe, expect, it } from 'vitest';
import type { Fault } from '../../lib/procore-stand-in/faults.ts';
import { callApi, callToken, connect, refresh, seeds, standIn } from './setup.ts';

describe('faults of the token endpoint', () => {
  const failures: [string, Fault, boolean][] = [
    ['a response lost before the effect', { kind: 'lost-response', effect: false }, false],
    ['a response lost after the effect', { kind: 'lost-response', effect: true }, true],
    ['a 5xx without effect', { kind: 'server-error', effect: false }, false],
    ['a 5xx with effect', { kind: 'server-error', effect: true }, true],
    ['an unreadable 200', { kind: 'unreadable', effect: true }, true],
  ];
  it.each(failures)('%s burns the refresh token or spares it', async (_name, fault, burns) => {
    const procore = await standIn();
    const { refreshToken } = await connect(procore);
    procore.control.failNext('token', fault);
    const outcome = await refresh(procore, refreshToken).then(
      ({ status }) => status,
      () => 'no answer',
    );
    expect(outcome).not.toBe(200);
    const replay = await refresh(procore, refreshToken);
    expect(replay.status === 200).toBe(!burns);
    expect(procore.control.counts.tokenRefreshes).toBe(2);
  });

  it('throttles with or without Retry-After, and burns or spares by seed', async () => {
    for (const throttlingBurnsRefreshToken of [true, false]) {
      const procore = await standIn({ unknowns: { throttlingBurnsRefreshToken } });
      const { refreshToken } = await connect(procore);
      procore.control.failNext('token', { kind: 'throttled', retryAfterSeconds: 7 });
      const throttled = await fetch(`${procore.loginOrigin}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
      });
      expect(throttled.status).toBe(429);
      expect(throttled.headers.get('retry-after')).toBe('7');
      expect((await refresh(procore, refreshToken)).status === 200).toBe(!throttlingBurnsRefreshToken);
    }
  });

  it('answers late when told to', async () => {
    const procore = await standIn();
    procore.control.failNext('token', { kind: 'slow', milliseconds: 80 });
    const began = performance.now();
    expect((await callToken(procore, { grant_type: 'client_credentials' })).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThanOrEqual(75);
  });

  it('refuses the old client secret once it was reset', async () => {
    const procore = await standIn();
    procore.control.setClientSecret('new');
    const old = await callToken(procore, { grant_type: 'client_credentials' });
    expect(old.body.error).toBe('invalid_client');
    const fresh = await callToken(procore, { grant_type: 'client_credentials', client_secret: 'new' });
    expect(fresh.status).toBe(200);
  });

  it('gives tokens the lifetime it is told', async () => {
    const procore = await standIn();
    procore.control.setAccessTokenLifetime(900);
    expect((await callToken(procore, { grant_type: 'client_credentials' })).body.expires_in).toBe(900);
  });

  it('kills both tokens when the person takes the grant back', async () => {
    const procore = await standIn();
    const { accessToken, refreshToken } = await connect(procore);
    procore.control.revokeGrant();
    expect((await callApi(procore, '/rest/v1.0/me', { token: accessToken })).status).toBe(401);
    expect((await refresh(procore, refreshToken)).body.error).toBe('invalid_grant');
  });
});

describe('faults of the API', () => {
  it('fails the next calls as arranged, then works', async () => {
    const procore = await standIn();
    const { accessToken: token } = await connect(procore);
    procore.control.failNext('api', { kind: 'throttled' });
    procore.control.failNext('api', { kind: 'server-error', effect: false }, 2);
    const statuses = [];
    for (let call = 0; call < 4; call++) statuses.push((await callApi(procore, '/rest/v1.0/me', { token })).status);
    expect(statuses[0]).toBe(429);
    expect(statuses.slice(1, 3).every((status) => status >= 500)).toBe(true);
    expect(statuses[3]).toBe(200);
  });

  it('fails calls of one path alone, while others are answered', async () => {
    const procore = await standIn();
    const { accessToken: token } = await connect(procore);
    procore.control.failNext('/rest/v1.0/me', { kind: 'throttled' });
    const status = async (path: string) => (await callApi(procore, path, { token })).status;
    expect(await status('/rest/v1.0/companies')).toBe(200);
    expect(procore.control.switches().failing.api).toBe(1);
    expect([await status('/rest/v1.0/me?page=1'), await status('/rest/v1.0/me')]).toEqual([429, 200]);
  });

  it('refuses all access tokens while told to, and refreshing goes on', async () => {
    const procore = await standIn();
    const { accessToken: token, refreshToken } = await connect(procore);
    procore.control.refuseAllTokens(true);
    expect((await callApi(procore, '/rest/v1.0/me', { token })).status).toBe(401);
    expect((await refresh(procore, refreshToken)).status).toBe(200);
    procore.control.refuseAllTokens(false);
  });

  it('is down with an HTML 503 everywhere', async () => {
    const procore = await standIn();
    procore.control.setDown(true);
    for (const url of [`${procore.loginOrigin}/oauth/token/info`, `${procore.apiOrigin}/rest/v1.0/me`]) {
      const response = await fetch(url);
      expect(response.status).toBe(503);
      expect(response.headers.get('content-type')).toContain('text/html');
    }
    expect(procore.control.counts.callsWhileDown).toBe(2);
    procore.control.setDown(false);
    expect((await fetch(`${procore.apiOrigin}/rest/v1.0/me`)).status).toBe(401);
  });

  it('answers a 5xx as JSON, HTML or nothing', async () => {
    const kinds = new Set<string>();
    for (const seed of seeds) {
      const procore = await standIn({ seed });
      procore.control.failNext('api', { kind: 'server-error', effect: false });
      const text = await (await fetch(`${procore.apiOrigin}/rest/v1.0/me`)).text();
      kinds.add(text === '' ? 'nothing' : text.startsWith('<') ? 'HTML' : 'JSON');
    }
    expect(kinds).toEqual(new Set(['nothing', 'HTML', 'JSON']));
  });
});

describe('the server', () => {
  it('says which port is taken', async () => {
    const { loginOrigin } = await standIn();
    const port = Number(new URL(loginOrigin).port);
    await expect(standIn({ loginPort: port })).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringContaining(String(port)),
    });
  });

  it('answers on localhost and on 127.0.0.1', async () => {
    const { apiOrigin } = await standIn();
    expect((await fetch(`${apiOrigin}/rest/v1.0/me`)).status).toBe(401);
    expect((await fetch(`${apiOrigin.replace('localhost', '127.0.0.1')}/rest/v1.0/me`)).status).toBe(401);
  });

  it('logs no query, token or secret', async () => {
    const lines: string[] = [];
    const procore = await standIn({ log: (line) => lines.push(line) });
    const { accessToken, refreshToken } = await connect(procore);
    await refresh(procore, refreshToken);
    expect(lines).toContain('sandbox login POST /oauth/token 200');
    expect(lines.join('\n')).not.toMatch(new RegExp(`${accessToken}|${refreshToken}|state1|secret|code=`));
  });
});

describe('outages', () => {
  async function outcomes(seed: string, calls: number): Promise<string[]> {
    const procore = await standIn({ seed, unknowns: { rateLimits: { windows: [] } } });
    procore.control.setOutages(true);
    const seen: string[] = [];
    for (let call = 0; call < calls; call++) {
      const outcome = await fetch(`${procore.apiOrigin}/rest/v1.0/me`).then(
        ({ status }) => String(status),
        () => 'cut',
      );
      seen.push(outcome);
    }
    return seen;
  }

  it('come in short bursts that the seed decides, and most calls are spared', async () => {
    const seen = await outcomes('one', 300);
    expect(seen).toEqual(await outcomes('one', 300));
    expect(seen.filter((outcome) => outcome === '401').length).toBeGreaterThan(200);
    expect(new Set(seen).size).toBeGreaterThan(3);
  });

  it('end when they are switched off, and come in no run that does not ask for them', async () => {
    const procore = await standIn({ unknowns: { rateLimits: { windows: [] } } });
    const statuses = async () => {
      const seen = new Set<number>();
      for (let call = 0; call < 60; call++) seen.add((await fetch(`${procore.apiOrigin}/nowhere`)).status);
      return seen;
    };
    expect(await statuses()).toEqual(new Set([401]));
    procore.control.setOutages(true);
    procore.control.setOutages(false);
    expect(await statuses()).toEqual(new Set([401]));
  });
});
