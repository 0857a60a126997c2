import { describe, expect, it } from 'vitest';
import { judgeNoAnswer, judgeTokenAnswer, judgeTokenInfoAnswer } from '../../functions/oauth/token-response.ts';

const sentAt = 1_800_000_000.25;
const clockTime = 1_800_000_000;
const date = 'Fri, 15 Jan 2027 08:00:00 GMT';

function judge(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return judgeTokenAnswer({ status, headers: new Headers(headers), body: text, sentAt });
}
function judgeTokens(fields: Record<string, unknown>, headers?: Record<string, string>) {
  const judged = judge(200, { access_token: 'a', refresh_token: 'r', expires_in: 5400, ...fields }, headers);
  if (judged.outcome !== 'tokens') throw new Error(`expected tokens, got ${judged.outcome}`);
  return judged.tokens;
}

describe('tokens', () => {
  it('live as long as the answer says, counted from the time of issue that the server says', () => {
    expect(judgeTokens({ created_at: clockTime + 2, expires_in: 7200 })).toEqual({
      accessToken: 'a',
      refreshToken: 'r',
      issuedAt: clockTime + 2,
      expiresAt: clockTime + 7202,
    });
  });

  it.each([
    ['a lifetime as a string', { expires_in: '900' }, 900],
    ['no lifetime: the shortest that Procore announced', { expires_in: undefined }, 900],
    ['a lifetime of null', { expires_in: null }, 900],
    ['a lifetime of zero', { expires_in: 0 }, 900],
    ['a lifetime below zero', { expires_in: -5 }, 900],
    ['a lifetime in words', { expires_in: 'soon' }, 900],
    ['a lifetime that no store can write: a year', { expires_in: 1e300 }, 31_536_000],
    ['such a lifetime as a string', { expires_in: '90071992547409930' }, 31_536_000],
    ['a lifetime as a string with a fraction', { expires_in: '5400.25' }, 5400.25],
    ['a lifetime beyond all numbers', { expires_in: '9'.repeat(400) }, 900],
    ['a lifetime in another notation', { expires_in: '0x100' }, 900],
    ['a lifetime with an exponent', { expires_in: '1e3' }, 900],
    ['a lifetime of true', { expires_in: true }, 900],
    ['a lifetime in a list', { expires_in: [7200] }, 900],
    ['scope null, which oauth4webapi refuses', { scope: null }, 5400],
    ['no token_type, which oauth4webapi refuses', { token_type: undefined }, 5400],
    ['an unknown token_type', { token_type: 'mac' }, 5400],
    ['an id_token that nobody can verify', { id_token: 'x' }, 5400],
  ])('are kept with %s', (_what, fields, lifetime) => {
    const { accessToken, refreshToken, issuedAt, expiresAt } = judgeTokens(fields);
    expect([accessToken, refreshToken, expiresAt - issuedAt]).toEqual(['a', 'r', lifetime]);
  });

  it.each([
    ['created_at a little before our clock', { created_at: clockTime - 299 }, {}, clockTime - 299],
    ['created_at as a string', { created_at: String(clockTime - 7) }, {}, clockTime - 7],
    ['our clock when created_at is a day off', { created_at: clockTime - 86_400 }, {}, clockTime],
    ['our clock when created_at is beyond the skew that is allowed', { created_at: clockTime + 60 }, {}, clockTime],
    ['our clock when created_at is in milliseconds', { created_at: clockTime * 1000 }, {}, clockTime],
    ["the answer's Date where there is no created_at", {}, { date: 'Fri, 15 Jan 2027 07:59:50 GMT' }, clockTime - 10],
    ['our clock when the Date is years off', {}, { date: 'Fri, 15 Jan 2021 07:59:50 GMT' }, clockTime],
    ['our clock when nothing is said', {}, {}, clockTime],
  ])('are issued at %s', (_what, fields, headers, issuedAt) => {
    expect(judgeTokens(fields, headers).issuedAt).toBe(issuedAt);
  });

  it.each([
    [-300, -300],
    [-301, 0],
    [30, 30],
    [31, 0],
  ])('are issued by the server’s clock within its bounds: %i s from ours is taken as %i', (offset, taken) => {
    const body = JSON.stringify({ access_token: 'a', created_at: clockTime + offset });
    expect(judgeTokenAnswer({ status: 200, headers: new Headers(), body, sentAt: clockTime })).toMatchObject({
      tokens: { issuedAt: clockTime + taken },
    });
  });

  it('without a refresh token are tokens all the same', () => {
    for (const absent of [undefined, null, ''])
      expect(judgeTokens({ refresh_token: absent })).not.toHaveProperty('refreshToken');
  });
});

describe('the answer to a token request', () => {
  const html = '<html><body>Access denied</body></html>';
  const retry = { outcome: 'throttled', status: 429 };
  const doorkeeper =
    'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the ' +
    'authorization request, or was issued to another client.';

  it.each([
    // [what is answered, status, body, headers, outcome]
    ['400 invalid_grant', 400, { error: 'invalid_grant' }, {}, { outcome: 'invalid_grant', status: 400 }],
    ['401 invalid_grant', 401, { error: 'invalid_grant' }, {}, { outcome: 'invalid_grant', status: 401 }],
    [
      '403 invalid_grant: the code decides',
      403,
      { error: 'invalid_grant' },
      {},
      { outcome: 'invalid_grant', status: 403 },
    ],
    ["Doorkeeper's sentence alone", 401, { message: doorkeeper }, {}, { outcome: 'invalid_grant', status: 401 }],
    [
      'the sentence of the troubleshooting page',
      401,
      'The refresh token is invalid',
      {},
      { outcome: 'invalid_grant', status: 401 },
    ],
    [
      'the sentence on a status of a proxy',
      403,
      'The refresh token is invalid',
      {},
      { outcome: 'unknown', status: 403 },
    ],
    ['the sentence with 400', 400, 'The refresh token is invalid', {}, { outcome: 'invalid_grant', status: 400 }],
    ['401 invalid_client', 401, { error: 'invalid_client' }, {}, { outcome: 'invalid_client', status: 401 }],
    ['400 invalid_client', 400, { error: 'invalid_client' }, {}, { outcome: 'invalid_client', status: 400 }],
    [
      'an unknown client in words',
      401,
      'Client authentication failed due to unknown client, no client authentication included',
      {},
      { outcome: 'invalid_client', status: 401 },
    ],
    [
      'an app that may not use the grant',
      400,
      { error: 'unauthorized_client' },
      {},
      { outcome: 'invalid_client', status: 400 },
    ],
    [
      'a code whose description names the other',
      400,
      { error: 'invalid_grant', error_description: 'Client authentication failed' },
      {},
      { outcome: 'invalid_grant', status: 400 },
    ],
    [
      '400 with another code (hard case 58)',
      400,
      { error: 'invalid_request' },
      {},
      { outcome: 'refused', status: 400, code: 'invalid_request' },
    ],
    [
      '400 with a code that is not to be repeated',
      400,
      { error: 'Refused for bob@example.com' },
      {},
      { outcome: 'refused', status: 400, code: 'unspecified' },
    ],
    [
      '400 with a code of more than 40 characters',
      400,
      { error: 'x'.repeat(41) },
      {},
      { outcome: 'refused', status: 400, code: 'unspecified' },
    ],
    ['400 with an error that is no text', 400, { error: { code: 1 } }, {}, { outcome: 'unknown', status: 400 }],
    [
      '200 with an error and no token (hard case 58)',
      200,
      { error: 'temporarily_blocked' },
      {},
      { outcome: 'refused', status: 200, code: 'temporarily_blocked' },
    ],
    ['200 with invalid_grant', 200, { error: 'invalid_grant' }, {}, { outcome: 'invalid_grant', status: 200 }],
    [
      '200 with an access token that no header can carry',
      200,
      { access_token: 'a'.repeat(16_385) },
      {},
      { outcome: 'unknown', status: 200 },
    ],
    ["403 with a proxy's page", 403, html, {}, { outcome: 'unknown', status: 403 }],
    ['401 with an empty body (hard case 58)', 401, '', {}, { outcome: 'refused', status: 401, code: 'unspecified' }],
    ["401 with a proxy's page", 401, html, {}, { outcome: 'unknown', status: 401 }],
    ['404', 404, html, {}, { outcome: 'unknown', status: 404 }],
    ['408', 408, '', {}, { outcome: 'unknown', status: 408 }],
    ['300 with tokens', 300, { access_token: 'a' }, {}, { outcome: 'unknown', status: 300 }],
    ['302', 302, '', {}, { outcome: 'unknown', status: 302 }],
    ['399 that speaks of invalid_grant', 399, { error: 'invalid_grant' }, {}, { outcome: 'unknown', status: 399 }],
    ['500', 500, html, {}, { outcome: 'unknown', status: 500 }],
    ['500 that speaks of invalid_grant', 500, { error: 'invalid_grant' }, {}, { outcome: 'unknown', status: 500 }],
    ['502', 502, html, {}, { outcome: 'unknown', status: 502 }],
    ['504', 504, '', {}, { outcome: 'unknown', status: 504 }],
    ["200 with a proxy's page", 200, html, {}, { outcome: 'unknown', status: 200 }],
    ['200 with half of the tokens', 200, '{"access_token":"a","refr', {}, { outcome: 'unknown', status: 200 }],
    ['200 without an access token', 200, { refresh_token: 'r' }, {}, { outcome: 'unknown', status: 200 }],
    ['200 with an empty access token', 200, { access_token: '' }, {}, { outcome: 'unknown', status: 200 }],
    ['200 with null', 200, 'null', {}, { outcome: 'unknown', status: 200 }],
    ['204', 204, '', {}, { outcome: 'unknown', status: 204 }],
    ['429 without a time', 429, '', {}, retry],
    ['429 with seconds', 429, '', { 'retry-after': '7' }, { ...retry, retryAfterSeconds: 7 }],
    [
      '429 with an HTTP date',
      429,
      '',
      { 'retry-after': 'Fri, 15 Jan 2027 08:01:00 GMT' },
      { ...retry, retryAfterSeconds: 60 },
    ],
    [
      '429 with a date on a clock that differs from ours',
      429,
      '',
      { date: 'Fri, 15 Jan 2027 09:00:00 GMT', 'retry-after': 'Fri, 15 Jan 2027 09:00:30 GMT' },
      { ...retry, retryAfterSeconds: 30 },
    ],
    [
      '429 with a reset time',
      429,
      '',
      { date, 'x-rate-limit-reset': String(clockTime + 9) },
      { ...retry, retryAfterSeconds: 9 },
    ],
    [
      '429 with both: Retry-After counts',
      429,
      '',
      { 'retry-after': '3', 'x-rate-limit-reset': String(clockTime + 9) },
      { ...retry, retryAfterSeconds: 3 },
    ],
    [
      '429 with a reset time that has just passed',
      429,
      '',
      { date, 'x-rate-limit-reset': String(clockTime - 1) },
      { ...retry, retryAfterSeconds: 1 },
    ],
    [
      '429 with one long over, which says nothing',
      429,
      '',
      { date, 'x-rate-limit-reset': String(clockTime - 9) },
      retry,
    ],
    [
      '429 with a reset that counts from now',
      429,
      '',
      { date, 'x-rate-limit-reset': '9' },
      { ...retry, retryAfterSeconds: 9 },
    ],
    ['429 with an absurd time', 429, '', { 'retry-after': '99999999' }, { ...retry, retryAfterSeconds: 3600 }],
    ['429 with words', 429, '', { 'retry-after': 'later' }, retry],
    [
      '503 with seconds',
      503,
      html,
      { 'retry-after': '120' },
      { outcome: 'throttled', status: 503, retryAfterSeconds: 120 },
    ],
  ])('%s', (_what, status, body, headers, expected) => {
    expect(judge(status, body, headers)).toStrictEqual(expected);
  });

  it('is unknown when its body was cut, unless the status says all', () => {
    const cut = (status: number) => judgeTokenAnswer({ status, headers: new Headers(), sentAt });
    expect([200, 400, 401, 429].map((status) => cut(status).outcome)).toEqual([
      'unknown',
      'unknown',
      'unknown',
      'throttled',
    ]);
  });
});

describe('no answer', () => {
  const failed = (cause: unknown) => new TypeError('fetch failed', { cause });
  const coded = (code: string, syscall?: string) => Object.assign(new Error(code), { code, syscall });

  it.each(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED'])(
    'with %s was surely not sent',
    (code) => {
      expect(judgeNoAnswer(failed(coded(code)))).toEqual({ outcome: 'not_sent' });
    },
  );

  it.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'EPROTO', 'EHOSTUNREACH'])(
    'with %s is unknown',
    (code) => {
      expect(judgeNoAnswer(failed(coded(code, 'read')))).toEqual({ outcome: 'unknown' });
    },
  );

  it('was surely not sent when connecting itself failed, for whatever reason', () => {
    expect(judgeNoAnswer(failed(coded('EHOSTUNREACH', 'connect')))).toEqual({ outcome: 'not_sent' });
  });

  it('was surely not sent only when every address that was tried failed before sending', () => {
    const refused = coded('ECONNREFUSED', 'connect');
    expect(judgeNoAnswer(failed(new AggregateError([refused, refused])))).toEqual({ outcome: 'not_sent' });
    expect(judgeNoAnswer(failed(new AggregateError([refused, coded('ECONNRESET', 'read')])))).toEqual({
      outcome: 'unknown',
    });
    expect(judgeNoAnswer(failed(new AggregateError([])))).toEqual({ outcome: 'unknown' });
  });

  it('is unknown when our own time ran out', () => {
    expect(judgeNoAnswer(new DOMException('timed out', 'TimeoutError'))).toEqual({ outcome: 'unknown' });
  });

  it('is unknown when what was thrown is no error', () => {
    expect(judgeNoAnswer('ECONNREFUSED')).toEqual({ outcome: 'unknown' });
  });
});

describe('the answer to token/info', () => {
  const ask = (status: number, body: unknown) =>
    judgeTokenInfoAnswer({ status, headers: new Headers(), body: JSON.stringify(body), sentAt });

  it('names the client and the user', () => {
    expect(ask(200, { resource_owner_id: 5960067, application: { uid: 'us' } })).toEqual({
      outcome: 'info',
      clientId: 'us',
      procoreUserId: '5960067',
    });
  });

  it("names no user for a service account's token", () => {
    expect(ask(200, { resource_owner_id: null, application: { uid: 'us' } })).toStrictEqual({
      outcome: 'info',
      clientId: 'us',
    });
  });

  it('refuses a token that Procore does not know', () => {
    expect(ask(401, { error: 'invalid_token' })).toEqual({ outcome: 'refused' });
    expect(ask(400, { error: 'invalid_token' })).toEqual({ outcome: 'refused' });
  });

  it('is unavailable where it tells nothing', () => {
    for (const [status, body] of [
      [200, {}],
      [200, { application: null }],
      [200, { application: { uid: 7 } }],
      [200, { application: { uid: '' } }],
      [400, {}],
      [400, { error: 'invalid_request' }],
      [403, {}],
      [403, { error: 'invalid_token' }],
      [429, {}],
      [500, { application: { uid: 'us' } }],
    ] as const)
      expect(ask(status, body)).toEqual({ outcome: 'unavailable' });
  });
});
