import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { procoreTokenEndpoint } from '../../functions/oauth/procore-token-endpoint.ts';
import { InsecureOriginError } from '../../functions/procore/secure-origin.ts';
import { type FaultProxy, startFaultProxy } from '../faults/fault-proxy.ts';
import { type Answer, answerWith, type LoopbackServer, startLoopbackServer } from '../faults/loopback-server.ts';

const now = 1_800_000_000;
const client = { clientId: 'our-client', clientSecret: 's3cret & more' };
const tokens = {
  access_token: 'access-2',
  token_type: 'bearer',
  expires_in: 5400,
  refresh_token: 'refresh-2',
  created_at: now + 1,
};

function endpointAt(loginOrigin: string, timeoutMs = 2000) {
  const origins = { loginOrigin, apiOrigin: 'https://api.invalid' };
  return procoreTokenEndpoint({ origins, fetch, clock: () => now, timeoutMs });
}

describe('the requests to Procore', () => {
  let answer: Answer = answerWith(200, tokens);
  let server: LoopbackServer;
  beforeEach(async () => {
    server = await startLoopbackServer((request, response) => answer(request, response));
  });
  afterEach(async () => {
    answer = answerWith(200, tokens);
    await server.close();
  });
  const form = (index = 0) => Object.fromEntries(new URLSearchParams(server.seen[index]?.body));

  it('redeems a code with all parameters in a form-encoded body', async () => {
    expect(await endpointAt(server.origin).redeemCode(client, 'code-1', 'https://us.example/oauth/callback')).toEqual({
      outcome: 'tokens',
      tokens: { accessToken: 'access-2', refreshToken: 'refresh-2', issuedAt: now + 1, expiresAt: now + 5401 },
    });
    expect(server.seen).toMatchObject([{ method: 'POST', url: '/oauth/token' }]);
    expect(server.seen[0]?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
    expect(form()).toEqual({
      grant_type: 'authorization_code',
      code: 'code-1',
      redirect_uri: 'https://us.example/oauth/callback',
      client_id: 'our-client',
      client_secret: 's3cret & more',
    });
  });

  it('redeems a refresh token', async () => {
    await endpointAt(server.origin).redeemRefreshToken(client, 'refresh-1');
    expect(form()).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-1',
      client_id: 'our-client',
      client_secret: 's3cret & more',
    });
  });

  it("asks for a service account's token, which comes without a refresh token", async () => {
    answer = answerWith(200, { ...tokens, refresh_token: undefined });
    expect(await endpointAt(server.origin).requestClientCredentials(client)).toEqual({
      outcome: 'tokens',
      tokens: { accessToken: 'access-2', issuedAt: now + 1, expiresAt: now + 5401 },
    });
    expect(form()).toEqual({
      grant_type: 'client_credentials',
      client_id: 'our-client',
      client_secret: 's3cret & more',
    });
  });

  it('opens a connection of its own for every request, so that none can be stale', async () => {
    const proxy = await startFaultProxy(server.origin);
    const endpoint = endpointAt(proxy.origin);
    for (let rotation = 0; rotation < 3; rotation++) await endpoint.redeemRefreshToken(client, 'refresh-1');
    await endpoint.tokenInfo('access-1');
    await endpoint.revoke(client, 'access-1');
    expect(proxy.connectionCount).toBe(5);
    expect(server.seen.map((request) => request.headers.connection)).toEqual(Array(5).fill('close'));
    await proxy.close();
  });

  it('follows no redirect, which would carry the secret elsewhere, and calls the outcome unknown', async () => {
    answer = (_request, response) => response.writeHead(307, { location: `${server.origin}/elsewhere` }).end();
    expect(await endpointAt(server.origin).redeemRefreshToken(client, 'refresh-1')).toEqual({
      outcome: 'unknown',
      status: 307,
    });
    expect(await endpointAt(server.origin).tokenInfo('access-1')).toEqual({ outcome: 'unavailable' });
    expect(await endpointAt(server.origin).revoke(client, 'access-1')).toBe('not_revoked');
    expect(server.seen.map((request) => request.url)).toEqual(['/oauth/token', '/oauth/token/info', '/oauth/revoke']);
  });

  it('refuses an origin that is neither https nor loopback', () => {
    expect(() => endpointAt('http://login.procore.example')).toThrow(InsecureOriginError);
    expect(() => endpointAt('http://localhost.procore.example')).toThrow(InsecureOriginError);
    expect(() => endpointAt('ftp://localhost')).toThrow(InsecureOriginError);
    expect(() => endpointAt('https://login.procore.example')).not.toThrow();
  });

  it('throws a mistake of ours on instead of calling it a fault of the wire', async () => {
    await expect(endpointAt(server.origin).redeemRefreshToken({ ...client, clientSecret: '' }, 'r')).rejects.toThrow(
      'clientSecret',
    );
    expect(server.seen).toEqual([]);
  });

  it('asks whose token it is', async () => {
    answer = answerWith(
      200,
      '{"resource_owner_id":9007199254740993,"scopes":[],"expires_in_seconds":7193,"application":{"uid":"our-client"}}',
    );
    expect(await endpointAt(server.origin).tokenInfo('access-1')).toEqual({
      outcome: 'info',
      clientId: 'our-client',
      procoreUserId: '9007199254740993',
    });
    expect(server.seen).toMatchObject([
      {
        method: 'GET',
        url: '/oauth/token/info',
        headers: { authorization: 'Bearer access-1', accept: 'application/json' },
      },
    ]);
  });

  it('revokes an access token', async () => {
    answer = answerWith(200, {});
    expect(await endpointAt(server.origin).revoke(client, 'access-1')).toBe('revoked');
    expect(server.seen[0]?.url).toBe('/oauth/revoke');
    expect(form()).toEqual({ token: 'access-1', client_id: 'our-client', client_secret: 's3cret & more' });
    answer = answerWith(500, 'oops');
    expect(await endpointAt(server.origin).revoke(client, 'access-1')).toBe('not_revoked');
  });
});

describe('what went wrong on the wire', () => {
  let server: LoopbackServer;
  let proxy: FaultProxy;
  beforeEach(async () => {
    server = await startLoopbackServer(answerWith(200, tokens));
    proxy = await startFaultProxy(server.origin);
  });
  afterEach(async () => {
    await proxy.close();
    await server.close();
  });
  const redeem = (origin: string, timeoutMs?: number) =>
    endpointAt(origin, timeoutMs).redeemRefreshToken(client, 'refresh-1');

  it('was surely not sent when the port refuses', async () => {
    await proxy.close();
    expect(await redeem(proxy.origin)).toEqual({ outcome: 'not_sent' });
    expect(await redeem(proxy.origin.replace('127.0.0.1', 'localhost'))).toEqual({ outcome: 'not_sent' });
  });

  it('was surely not sent when the name does not resolve', async () => {
    expect(await redeem('https://login.procore.invalid')).toEqual({ outcome: 'not_sent' });
  });

  it('was surely not sent when the certificate is not trusted', async () => {
    const untrusted = await startLoopbackServer(answerWith(200, tokens), { tls: true });
    expect(await redeem(untrusted.origin)).toEqual({ outcome: 'not_sent' });
    expect(untrusted.seen).toEqual([]);
    await untrusted.close();
  });

  it('was surely not sent when what listens on the port speaks no TLS', async () => {
    const plain = await startRawServer('HTTP/1.1 400 Bad Request\r\n\r\n');
    expect(await redeem(plain.origin.replace('http:', 'https:'))).toEqual({ outcome: 'not_sent' });
    await plain.close();
  });

  it('is unknown when the connection was cut before the request, for nobody can tell that from after', async () => {
    proxy.inject('cut_before_request');
    expect(await redeem(proxy.origin)).toEqual({ outcome: 'unknown' });
    expect(server.seen.length).toBe(0);
  });

  it('is unknown when the connection was cut after the request, and the request is not repeated', async () => {
    proxy.inject('cut_after_request');
    expect(await redeem(proxy.origin)).toEqual({ outcome: 'unknown' });
    expect(server.seen.length).toBe(1);
  });

  it('is unknown when the connection ended in the middle of the tokens', async () => {
    proxy.inject('cut_in_response_body');
    expect(await redeem(proxy.origin)).toEqual({ outcome: 'unknown', status: 200 });
  });

  it('is unknown when no answer came in time', async () => {
    proxy.inject('hang');
    expect(await redeem(proxy.origin, 200)).toEqual({ outcome: 'unknown' });
    expect(server.seen.length).toBe(1);
  });

  it('is unknown when the time ran out within the body', async () => {
    const slow = await startLoopbackServer((_request, response) =>
      response.writeHead(200, { 'content-length': 500 }).write('{"access_token":'),
    );
    expect(await redeem(slow.origin, 200)).toEqual({ outcome: 'unknown', status: 200 });
    await slow.close();
  });

  it('is unknown when the server closes without a word or says what is not HTTP', async () => {
    for (const words of ['', 'SSH-2.0-OpenSSH_9.9\r\n']) {
      const mute = await startRawServer(words);
      expect(await redeem(mute.origin)).toEqual({ outcome: 'unknown' });
      await mute.close();
    }
  });

  it('survives a delay below the time-out', async () => {
    proxy.inject({ delayMs: 50 });
    expect(await redeem(proxy.origin)).toMatchObject({ outcome: 'tokens' });
  });

  it('makes token/info unavailable and a revocation unconfirmed', async () => {
    proxy.inject('cut_after_request', 'cut_in_response_body', 'cut_after_request');
    expect(await endpointAt(proxy.origin).tokenInfo('access-1')).toEqual({ outcome: 'unavailable' });
    expect(await endpointAt(proxy.origin).tokenInfo('access-1')).toEqual({ outcome: 'unavailable' });
    expect(await endpointAt(proxy.origin).revoke(client, 'access-1')).toBe('not_revoked');
  });
});

async function startRawServer(words: string): Promise<{ origin: string; close(): Promise<void> }> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(words));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
