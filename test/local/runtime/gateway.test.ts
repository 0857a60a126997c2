import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Gateway, type GatewayRoute, startGateway } from '../../../lib/local/runtime/gateway.ts';
import { TooManyExecutionsError } from '../../../lib/local/runtime/invocation.ts';

const running: Gateway[] = [];
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.stop();
});

async function start(routes: GatewayRoute[], port = 0): Promise<Gateway> {
  const gateway = await startGateway({ port, apiId: 'api123', routes });
  running.push(gateway);
  return gateway;
}

const result = (payload: unknown) => ({ payload, requestId: 'r' });

/** A gateway whose route answers with the event itself. */
const echo = (method = 'ANY', path = '$default') => start([{ method, path, invoke: async (event) => result(event) }]);

/** A gateway whose route answers with a payload. */
const answering = (payload: unknown) =>
  start([{ method: 'ANY', path: '$default', invoke: async () => result(payload) }]);

describe('the event', () => {
  test('has the fields of payload format 2.0', async () => {
    const { url, port } = await echo('POST', '/webhooks');
    const response = await fetch(`${url}/webhooks?a=1&b=x%20y&a=2`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'procore', Authorization: 'Bearer x' },
      body: '{"é":1}',
    });
    const event = await response.json();
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /webhooks',
      rawPath: '/webhooks',
      rawQueryString: 'a=1&b=x%20y&a=2',
      queryStringParameters: { a: '1,2', b: 'x y' },
      headers: {
        authorization: 'Bearer x',
        'content-type': 'application/json',
        host: `localhost:${port}`,
        'user-agent': 'procore',
        'x-forwarded-for': expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
        'x-forwarded-proto': 'http',
      },
      requestContext: {
        accountId: '000000000000',
        apiId: 'api123',
        domainName: 'localhost',
        domainPrefix: 'localhost',
        http: { method: 'POST', path: '/webhooks', protocol: 'HTTP/1.1', userAgent: 'procore' },
        requestId: response.headers.get('apigw-requestid'),
        routeKey: 'POST /webhooks',
        stage: '$default',
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        timeEpoch: expect.any(Number),
      },
      body: '{"é":1}',
      isBase64Encoded: false,
    });
    expect(event.headers).not.toHaveProperty('connection');
  });

  test('has no body, query parameters or cookies where the request has none', async () => {
    const { url } = await echo();
    const event = await (await fetch(`${url}/oauth/start`)).json();
    expect(event).toMatchObject({ rawQueryString: '', isBase64Encoded: false });
    for (const field of ['body', 'cookies', 'queryStringParameters']) expect(event).not.toHaveProperty(field);
  });

  test('joins headers sent twice with a comma', async () => {
    const { port } = await echo();
    const socket = connect(port, '127.0.0.1');
    socket.end(
      'GET / HTTP/1.1\r\nHost: localhost\r\nX-Two: a\r\nx-two: b\r\nX-Forwarded-For: 9.9.9.9\r\nConnection: close\r\n\r\n',
    );
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    const { headers } = JSON.parse(text.split('\r\n\r\n')[1] ?? '');
    expect(headers).toMatchObject({ 'x-two': 'a,b', 'x-forwarded-for': '9.9.9.9,127.0.0.1' });
  });

  test('lists cookies in a field of their own and takes them out of the headers', async () => {
    const { url } = await echo();
    const event = await (await fetch(url, { headers: { cookie: 'session=a=b; other=2' } })).json();
    expect(event.cookies).toEqual(['session=a=b', 'other=2']);
    expect(event.headers).not.toHaveProperty('cookie');
  });

  test.each([
    ['text/plain', false],
    ['Text/HTML; charset=utf-8', false],
    ['application/json; charset=utf-8', false],
    ['application/xml', false],
    ['application/javascript', false],
    ['application/x-www-form-urlencoded', true],
    ['application/vnd.api+json', true],
    ['application/octet-stream', true],
    [undefined, true],
  ])('of a body of type %s is base64 encoded: %s', async (type, encoded) => {
    const { url } = await echo();
    const body = new Uint8Array([...'link=1'].map((letter) => letter.charCodeAt(0)));
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: type === undefined ? {} : { 'content-type': type },
    });
    expect(await response.json()).toMatchObject({ body: encoded ? 'bGluaz0x' : 'link=1', isBase64Encoded: encoded });
  });
});

describe('a route', () => {
  test('with a greedy path variable takes all that is below it, and a slash at its end, after a full match', async () => {
    const named = (method: string, path: string) => ({ method, path, invoke: async (event: unknown) => result(event) });
    const { url } = await start([named('POST', '/a/{proxy+}'), named('POST', '/a'), named('POST', '/a/b')]);
    const post = async (path: string) => (await fetch(url + path, { method: 'POST' })).json();
    expect(await post('/a')).toMatchObject({ routeKey: 'POST /a' });
    expect(await post('/a')).not.toHaveProperty('pathParameters');
    expect(await post('/a/')).toMatchObject({ routeKey: 'POST /a/{proxy+}', pathParameters: { proxy: '' } });
    expect(await post('/a/c/d')).toMatchObject({ routeKey: 'POST /a/{proxy+}', pathParameters: { proxy: 'c/d' } });
    expect(await post('/a/b')).toMatchObject({ routeKey: 'POST /a/b' });
    expect((await fetch(`${url}/a/`)).status).toBe(404);
    expect((await fetch(`${url}/ab`, { method: 'POST' })).status).toBe(404);
  });

  test('is chosen by method and path, then by ANY, then $default', async () => {
    const named = (method: string, path: string) => ({ method, path, invoke: async (event: unknown) => result(event) });
    const { url } = await start([named('ANY', '$default'), named('ANY', '/a'), named('GET', '/a')]);
    const routeKey = async (method: string, path: string) =>
      (await (await fetch(url + path, { method })).json()).routeKey;
    expect(await routeKey('GET', '/a')).toBe('GET /a');
    expect(await routeKey('PUT', '/a')).toBe('ANY /a');
    expect(await routeKey('GET', '/a/')).toBe('$default');
  });

  test('that does not exist is 404', async () => {
    const { url } = await echo('GET', '/a');
    for (const [method, path] of [
      ['GET', '/b'],
      ['POST', '/a'],
    ]) {
      const response = await fetch(url + path, { method: method ?? '' });
      expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }]);
    }
  });

  test('with path parameters is refused by name', async () => {
    await expect(echo('GET', '/x/{id}')).rejects.toThrow('/x/{id}');
  });
});

describe('the response', () => {
  test('has the status, headers and body that the function gave', async () => {
    const { url } = await answering({ statusCode: 303, headers: { Location: '/next', 'X-Count': 2 }, body: 'go' });
    const response = await fetch(url, { redirect: 'manual' });
    expect(response.status).toBe(303);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      location: '/next',
      'x-count': '2',
      'content-type': 'text/plain;charset=UTF-8',
    });
    expect(await response.text()).toBe('go');
  });

  test('sets every cookie with a header of its own', async () => {
    const { url } = await answering({ statusCode: 204, cookies: ['a=1; HttpOnly', 'b=2'] });
    const response = await fetch(url);
    expect(response.status).toBe(204);
    expect(response.headers.getSetCookie()).toEqual(['a=1; HttpOnly', 'b=2']);
  });

  test('is decoded when the function says that it is base64 encoded', async () => {
    const { url } = await answering({ statusCode: 200, body: '/wA=', isBase64Encoded: true });
    expect([...new Uint8Array(await (await fetch(url)).arrayBuffer())]).toEqual([255, 0]);
  });

  test.each([
    [{ connected: true }, '{"connected":true}'],
    ['Hello', 'Hello'],
    [[1, 2], '[1,2]'],
    [null, 'null'],
  ])('is 200 with the result %j itself as JSON when it has no status', async (payload, body) => {
    const { url } = await answering(payload);
    const response = await fetch(url);
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'application/json',
      body,
    ]);
  });

  test.each([
    [{ statusCode: 'ok' }],
    [{ statusCode: 42 }],
    [{ statusCode: 200, body: { a: 1 } }],
    [{ statusCode: 200, headers: ['a'] }],
    [{ statusCode: 200, headers: { a: ['b'] } }],
    [{ statusCode: 200, headers: { a: 'b\r\nc: d' } }],
    [{ statusCode: 200, cookies: 'a=1' }],
    [{ statusCode: 200, isBase64Encoded: 'yes' }],
  ])('is 500 when the result is the malformed %j', async (payload) => {
    const { url } = await answering(payload);
    const response = await fetch(url);
    expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }]);
  });

  test('is 500 when the function failed or could not be invoked, and tells nothing of the error', async () => {
    const secret = { errorType: 'Error', errorMessage: 'secret' };
    const { url } = await start([
      { method: 'GET', path: '/failed', invoke: async () => ({ ...result(secret), functionError: 'Unhandled' }) },
      { method: 'GET', path: '/rejected', invoke: async () => Promise.reject(new Error('secret')) },
    ]);
    for (const path of ['/failed', '/rejected']) {
      const response = await fetch(url + path);
      expect([response.status, await response.text()]).toEqual([500, '{"message":"Internal Server Error"}']);
    }
  });

  test('is 503 when the function takes longer than the integration may', async () => {
    const { url } = await start([
      { method: 'GET', path: '/slow', timeoutMillis: 20, invoke: () => new Promise(() => {}) },
    ]);
    const response = await fetch(`${url}/slow`);
    expect([response.status, await response.json()]).toEqual([503, { message: 'Service Unavailable' }]);
  });

  test('is 413 when the body is larger than 10 MB, and the function is not invoked', async () => {
    const bytes: number[] = [];
    const { url } = await start([
      {
        method: 'POST',
        path: '/webhooks',
        invoke: async (event) => {
          bytes.push((event as { body: string }).body.length);
          return result({ statusCode: 200 });
        },
      },
    ]);
    const post = (size: number) =>
      fetch(`${url}/webhooks`, { method: 'POST', body: 'x'.repeat(size), headers: { 'content-type': 'text/plain' } });
    const refused = await post(10 * 1_024 * 1_024 + 1);
    expect([refused.status, await refused.json()]).toEqual([413, { message: 'Request Entity Too Large' }]);
    expect((await post(10 * 1_024 * 1_024)).status).toBe(200);
    expect(bytes).toEqual([10 * 1_024 * 1_024]);
  });
});

describe('the port', () => {
  test('answers on 127.0.0.1 and on localhost, whichever family that is', async () => {
    const { port } = await answering('here');
    const statuses = [4, 6].map(
      (family) =>
        new Promise((resolve) => {
          const sent = request({ host: 'localhost', family, port }, (response) =>
            resolve(response.resume().statusCode),
          );
          sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code)).end();
        }),
    );
    const [overFour, overSix] = await Promise.all(statuses);
    expect(overFour).toBe(200);
    // A machine without IPv6 has no such localhost.
    expect([200, 'ENOTFOUND', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']).toContain(overSix);
  });

  test('that is taken is an error with its number and the way out', async () => {
    const { port } = await answering('first');
    await expect(start([], port)).rejects.toMatchObject({
      code: 'port_taken',
      message: `Port ${port} is in use by another program. Stop that program, or choose another port with --port.`,
    });
  });

  test('is free again after stop, even with a request under way', async () => {
    const entered = Promise.withResolvers<void>();
    const gateway = await startGateway({
      port: 0,
      apiId: 'a',
      routes: [
        {
          method: 'GET',
          path: '/',
          invoke: () => {
            entered.resolve();
            return new Promise(() => {});
          },
        },
      ],
    });
    const cut = fetch(gateway.url).catch(() => 'cut');
    await entered.promise;
    await gateway.stop();
    expect(await cut).toBe('cut');
    expect((await start([], gateway.port)).port).toBe(gateway.port);
  });
});

test('answers 503, as an HTTP API does, when the account has no execution free', async () => {
  const invoke = () => Promise.reject(new TooManyExecutionsError('intake', 10));
  const { url } = await start([{ method: 'ANY', path: '$default', invoke }]);
  const response = await fetch(url);
  expect([response.status, await response.json()]).toEqual([503, { message: 'Service Unavailable' }]);
});
