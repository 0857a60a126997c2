import { describe, expect, it } from 'vitest';
import { drawLists } from '../../lib/procore-stand-in/list-unknowns.ts';
import { seededRandomness } from '../../lib/procore-stand-in/randomness.ts';
import { drawUnknowns } from '../../lib/procore-stand-in/unknowns.ts';
import {
  authorizeUrl,
  callApi,
  callToken,
  clientId,
  clientSecret,
  codeOf,
  connect,
  exchange,
  redirectUri,
  refresh,
  seeds,
  standIn,
} from './setup.ts';

describe('the login and consent page', () => {
  it('has the two buttons and no script', async () => {
    const procore = await standIn();
    const response = await fetch(authorizeUrl(procore));
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(html).toMatch(/<button[^>]*>Allow<\/button>/);
    expect(html).toMatch(/<button[^>]*>Deny<\/button>/);
    expect(html).toContain('<html lang="en">');
    expect(html).not.toContain('<script');
  });

  it('redirects to the app with a code and the state, unchanged', async () => {
    const procore = await standIn();
    const location = new URL(await procore.control.approve(authorizeUrl(procore, { state: 'Ab9', scope: 'x' })));
    expect(location.origin + location.pathname).toBe(redirectUri);
    expect(location.searchParams.get('state')).toBe('Ab9');
    expect(location.searchParams.get('code')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('redirects with access_denied when the person denies', async () => {
    const procore = await standIn();
    const location = new URL(await procore.control.deny(authorizeUrl(procore)));
    expect(location.searchParams.get('error')).toBe('access_denied');
    expect(location.searchParams.get('state')).toBe('state1');
    expect(location.searchParams.has('code')).toBe(false);
  });

  it.each([
    ['another client', { client_id: 'stranger' }],
    ['a redirect URI with a slash more', { redirect_uri: `${redirectUri}/` }],
    ['a redirect URI on another host', { redirect_uri: 'http://localhost:4401/oauth/callback' }],
  ])('shows an error page, and redirects nowhere, for %s', async (_name, parameters) => {
    const procore = await standIn();
    const response = await fetch(authorizeUrl(procore, parameters), { redirect: 'manual' });
    expect([400, 401]).toContain(response.status);
    expect(response.headers.get('location')).toBeNull();
    await expect(procore.control.approve(authorizeUrl(procore, parameters))).rejects.toThrow('authorize page answered');
  });

  it('checks the redirect URI again when the form comes back', async () => {
    const { loginOrigin } = await standIn();
    const response = await fetch(`${loginOrigin}/oauth/authorize`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: clientId,
        redirect_uri: 'https://evil.example/',
        response_type: 'code',
        decision: 'allow',
      }),
      redirect: 'manual',
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get('location')).toBeNull();
  });

  it('refuses response types other than code by redirect', async () => {
    const procore = await standIn();
    const response = await fetch(authorizeUrl(procore, { response_type: 'token' }), { redirect: 'manual' });
    expect(response.headers.get('location')).toContain('error=unsupported_response_type');
  });

  it('refuses or echoes a state with other characters, by seed', async () => {
    const echoed = await standIn({ unknowns: { otherStateCharacters: 'echoed' } });
    const refused = await standIn({ unknowns: { otherStateCharacters: 'refused' } });
    const state = 'a-b_c.d';
    expect(new URL(await echoed.control.approve(authorizeUrl(echoed, { state }))).searchParams.get('state')).toBe(
      state,
    );
    await expect(refused.control.approve(authorizeUrl(refused, { state }))).rejects.toThrow('not alphanumeric');
  });
});

describe('the code', () => {
  it('gives both tokens, with lifetime and time of creation', async () => {
    const procore = await standIn();
    const { status, body } = await exchange(procore, await codeOf(procore));
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in', 'refresh_token', 'created_at']);
    expect(body).toMatchObject({
      token_type: 'bearer',
      expires_in: 5400,
      created_at: Date.UTC(2026, 10, 24, 12) / 1000,
    });
  });

  it('works once', async () => {
    const procore = await standIn();
    const code = await codeOf(procore);
    expect((await exchange(procore, code)).status).toBe(200);
    expect((await exchange(procore, code)).body.error).toBe('invalid_grant');
  });

  it('revokes or spares the tokens of its first use when it is used again, by seed', async () => {
    for (const codeReuseRevokesTokens of [true, false]) {
      const procore = await standIn({ unknowns: { codeReuseRevokesTokens } });
      const code = await codeOf(procore);
      const first = await exchange(procore, code);
      await exchange(procore, code);
      const me = await callApi(procore, '/rest/v1.0/me', { token: first.body.access_token ?? '' });
      expect(me.status).toBe(codeReuseRevokesTokens ? 401 : 200);
    }
  });

  it('ends after 10 minutes', async () => {
    const procore = await standIn();
    const [early, late] = [await codeOf(procore), await codeOf(procore)];
    await procore.control.advance(599);
    expect((await exchange(procore, early)).status).toBe(200);
    await procore.control.advance(1);
    expect((await exchange(procore, late)).body.error).toBe('invalid_grant');
  });

  it('is bound to its redirect URI', async () => {
    const other = 'http://localhost:4400/other';
    const procore = await standIn({ redirectUris: [redirectUri, other] });
    const code = await codeOf(procore);
    const refused = await callToken(procore, { grant_type: 'authorization_code', code, redirect_uri: other });
    expect(refused.body.error).toBe('invalid_grant');
  });
});

describe('the token endpoint', () => {
  it('takes form, JSON and multipart', async () => {
    const procore = await standIn();
    const { loginOrigin } = procore;
    const parameters = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const form = new FormData();
    for (const [name, value] of Object.entries(parameters)) form.set(name, value);
    const json = { body: JSON.stringify(parameters), headers: { 'content-type': 'application/json' } };
    for (const encoded of [{ body: new URLSearchParams(parameters) }, { body: form }, json]) {
      const response = await fetch(`${loginOrigin}/oauth/token`, { method: 'POST', ...encoded });
      expect(response.status).toBe(200);
    }
  });

  it('gives a service account no refresh token', async () => {
    const { body } = await callToken(await standIn(), { grant_type: 'client_credentials' });
    expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in', 'created_at']);
  });

  it('takes client and secret from the body only', async () => {
    const { loginOrigin } = await standIn();
    const response = await fetch(`${loginOrigin}/oauth/token?client_id=${clientId}&client_secret=${clientSecret}`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    expect(await response.json()).toMatchObject({ error: 'invalid_client' });
  });

  it.each([
    ['invalid_client', { grant_type: 'client_credentials', client_secret: 'wrong' }],
    ['invalid_client', { grant_type: 'client_credentials', client_id: 'of another environment' }],
    ['unsupported_grant_type', { grant_type: 'password' }],
    ['invalid_request', {}],
    ['invalid_request', { grant_type: 'refresh_token' }],
    ['invalid_request', { grant_type: 'authorization_code' }],
    ['invalid_grant', { grant_type: 'refresh_token', refresh_token: 'never issued' }],
  ])('refuses with %s', async (error, parameters) => {
    const { status, body } = await callToken(await standIn(), parameters as Record<string, string>);
    expect([400, 401]).toContain(status);
    expect(body).toEqual({ error, error_description: expect.any(String) });
  });

  it('draws the status of a refusal, and whether a challenge comes with it', async () => {
    const seen = new Set<string>();
    const procore = await standIn();
    for (let call = 0; call < 40; call++) {
      const { status, headers } = await callToken(procore, { grant_type: 'client_credentials', client_secret: 'no' });
      seen.add(`${status} ${headers.has('www-authenticate')}`);
    }
    expect([...seen].sort()).toEqual(['400 false', '401 false', '401 true']);
  });
});

describe('a refresh token', () => {
  it('is redeemed by exactly one of a hundred concurrent calls', async () => {
    const procore = await standIn();
    const { refreshToken } = await connect(procore);
    const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(procore, refreshToken)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error === 'invalid_grant')).toHaveLength(99);
    expect(procore.control.counts.tokenRefreshes).toBe(100);
  });

  it('is replaced by one that works', async () => {
    const procore = await standIn();
    const { refreshToken } = await connect(procore);
    const second = await refresh(procore, refreshToken);
    expect(second.body.refresh_token).not.toBe(refreshToken);
    expect((await refresh(procore, second.body.refresh_token ?? '')).status).toBe(200);
  });

  it.each([true, false])('may or may not take the old access token with it (survives: %s)', async (survives) => {
    const procore = await standIn({ unknowns: { oldAccessTokenSurvivesRefresh: survives } });
    const { accessToken, refreshToken } = await connect(procore);
    await refresh(procore, refreshToken);
    const { status } = await callApi(procore, '/rest/v1.0/me', { token: accessToken });
    expect(status).toBe(survives ? 200 : 401);
  });

  it.each([true, false])(
    'may or may not be burned by a wrong client secret (burns: %s)',
    async (burns) => {
      const procore = await standIn({ unknowns: { refusedClientBurnsRefreshToken: burns } });
      const { refreshToken } = await connect(procore);
      const parameters = { grant_type: 'refresh_token', refresh_token: refreshToken };
      const wrong = await callToken(procore, { ...parameters, client_secret: 'wrong' });
      expect(wrong.body.error).toBe('invalid_client');
      expect((await callToken(procore, parameters)).status === 200).toBe(!burns);
    },
    10_000,
  );

  it('never expires by time alone', async () => {
    const procore = await standIn();
    const { refreshToken } = await connect(procore);
    await procore.control.advance(400 * 24 * 3600);
    expect((await refresh(procore, refreshToken)).status).toBe(200);
  });
});

describe('token/info', () => {
  it('has the shape that PROCORE.md gives', async () => {
    const procore = await standIn();
    const { accessToken } = await connect(procore);
    await procore.control.advance(100);
    const headers = { authorization: `Bearer ${accessToken}` };
    const response = await fetch(`${procore.loginOrigin}/oauth/token/info`, { headers });
    expect(await response.json()).toEqual({
      resource_owner_id: 5960067,
      scopes: [],
      expires_in_seconds: 5300,
      application: { uid: clientId },
      created_at: Date.UTC(2026, 10, 24, 12) / 1000,
    });
  });

  it('refuses an expired token', async () => {
    const procore = await standIn();
    const { accessToken } = await connect(procore);
    await procore.control.advance(5400);
    const headers = { authorization: `Bearer ${accessToken}` };
    const response = await fetch(`${procore.loginOrigin}/oauth/token/info`, { headers });
    expect([400, 401]).toContain(response.status);
  });
});

describe('revoke', () => {
  const revoke = (loginOrigin: string, token: string, secret = clientSecret) =>
    fetch(`${loginOrigin}/oauth/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ token, client_id: clientId, client_secret: secret }),
    });

  it('ends access and refresh token', async () => {
    const procore = await standIn();
    const { accessToken, refreshToken } = await connect(procore);
    expect((await revoke(procore.loginOrigin, accessToken)).status).toBe(200);
    expect((await callApi(procore, '/rest/v1.0/me', { token: accessToken })).status).toBe(401);
    expect((await refresh(procore, refreshToken)).body.error).toBe('invalid_grant');
  });

  it('answers 200 for a token that it does not know', async () => {
    expect((await revoke((await standIn()).loginOrigin, 'unknown')).status).toBe(200);
  });

  it('revokes nothing for a wrong client secret', async () => {
    const procore = await standIn();
    const { accessToken } = await connect(procore);
    expect([400, 401]).toContain((await revoke(procore.loginOrigin, accessToken, 'wrong')).status);
    expect((await callApi(procore, '/rest/v1.0/me', { token: accessToken })).status).toBe(200);
  });

  it.each([true, false])('may or may not spare another set of the same person (spares: %s)', async (spares) => {
    const procore = await standIn({ unknowns: { revokeSparesOtherSets: spares } });
    const [first, second] = [await connect(procore), await connect(procore)];
    await revoke(procore.loginOrigin, first.accessToken);
    const { status } = await callApi(procore, '/rest/v1.0/me', { token: second.accessToken });
    expect(status).toBe(spares ? 200 : 401);
  });

  it.each([true, false])('may or may not take a refresh token (takes: %s)', async (takes) => {
    const procore = await standIn({ unknowns: { revokeTakesRefreshTokens: takes } });
    const { accessToken, refreshToken } = await connect(procore);
    expect((await revoke(procore.loginOrigin, refreshToken)).status).toBe(200);
    expect((await callApi(procore, '/rest/v1.0/me', { token: accessToken })).status).toBe(takes ? 401 : 200);
  });
});

describe('the seed', () => {
  it('replays every draw', async () => {
    const run = async () => {
      const procore = await standIn({ seed: 'the same' });
      const tokens = await connect(procore);
      const refusals = [];
      for (let call = 0; call < 5; call++)
        refusals.push(await refresh(procore, 'unknown').then(({ status }) => status));
      return { tokens, refusals, unknowns: procore.unknowns };
    };
    expect(await run()).toEqual(await run());
  });

  it('makes each answer to each unknown happen', () => {
    const drawn = seeds.map((seed) => ({
      ...drawUnknowns(seededRandomness(seed, 'unknowns')),
      ...drawLists(seed)('RFIs'),
    }));
    for (const name of Object.keys(drawn[0] ?? {}) as (keyof (typeof drawn)[0])[]) {
      expect(new Set(drawn.map((unknowns) => JSON.stringify(unknowns[name]))).size, name).toBeGreaterThan(1);
    }
  });

  it('gives two environments different tokens', async () => {
    const sandbox = await connect(await standIn({ environment: 'sandbox' }));
    const production = await connect(await standIn({ environment: 'production' }));
    expect(sandbox.accessToken).not.toBe(production.accessToken);
    expect(sandbox.refreshToken).not.toBe(production.refreshToken);
  });
});
