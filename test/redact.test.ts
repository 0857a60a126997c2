import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSecretName, redactFields, redactHeaders, redactText } from '../functions/redact.ts';
import { systemRandomId } from '../functions/system.ts';

/** What tokens are made of, with a digit, so that no canary is a word. */
const canary = fc
  .string({
    unit: fc.constantFrom(...'ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz23456789'),
    minLength: 11,
    maxLength: 60,
  })
  .map((text) => `x7${text}9Q`);
/** Passwords may have any of these characters. */
const password = fc
  .string({ unit: fc.constantFrom(...'ABCDEFabcdef23456789!$%&()*+,-.;=[]^_{|}~ \\"\''), minLength: 12, maxLength: 30 })
  .map((text) => `x7${text}9Q`);
const secretName = fc.constantFrom(
  ...['access_token', 'accessToken', 'refresh_token', 'refreshToken', 'id_token', 'client_secret', 'clientSecret'],
  ...['authorization', 'Authorization', 'password', 'api_key', 'x-api-key', 'cookie', 'set-cookie', 'X-Auth-Token'],
  ...['X-Amz-Signature', 'X-Amz-Security-Token', 'X-Amz-Credential', 'sig', 'webhookSecret', 'private_key', 'code'],
);
const innocent = fc.constantFrom('id', 'name', 'status', 'projectId', 'notes', 'items');
const prose = fc.constantFrom('', 'The CRM answered 500: ', 'Unexpected token in JSON at position 4: ', '{"a":1} and ');

/** Puts a value into objects and lists, some levels deep. */
const nest = (levels: readonly string[], value: unknown): unknown =>
  levels.reduce(
    (inner: unknown, level) => (level === 'items' ? [1, inner, 'x'] : { id: 7, [level]: inner, z: null }),
    value,
  );

/** Every position in which a secret can stand in a text. */
const positions: Readonly<Record<string, (name: string, secret: string) => string>> = {
  'a member of JSON': (name, secret) => JSON.stringify({ id: 1, [name]: secret, after: true }),
  'a member of indented JSON': (name, secret) => JSON.stringify({ id: 1, [name]: secret }, null, 2),
  'a list of JSON': (name, secret) => JSON.stringify({ [name.replace(/^code$/, 'tokens')]: [secret, 'x'] }),
  'an object below its name': (name, secret) =>
    JSON.stringify({ [name.replace(/^code$/, 'token')]: { list: [{ a: secret }], value: secret } }),
  'JSON within JSON': (name, secret) => JSON.stringify({ body: JSON.stringify({ [name]: secret }) }),
  'JSON within JSON within JSON': (name, secret) =>
    JSON.stringify({
      Message: JSON.stringify({ body: JSON.stringify({ [name]: { value: secret }, b: secret && 1 }) }),
    }).replace(/code/g, 'token'),
  'what Node prints of an object': (name, secret) => `{ id: 1, '${name}': '${secret}', ok: true }`,
  'what Node prints of a member': (name, secret) => `{ ${name}: '${secret}' }`,
  'a form': (name, secret) => `grant_type=x&${name}=${encodeURIComponent(secret)}&b=2`,
  'a query': (name, secret) => `https://any.invalid/a/b?x=1&${name}=${encodeURIComponent(secret)}#top`,
  'a query within a query': (name, secret) =>
    `https://any.invalid/?next=${encodeURIComponent(`https://b.invalid/?${name}=${secret}&c=1`)}`,
  'a header': (name, secret) => `GET / HTTP/1.1\r\n${name}: ${secret}\r\nhost: any.invalid`,
  'a line of a file': (name, secret) => `PORT=80\n${name}=${secret}\nHOST=b`,
};

/** Positions that tell a secret without a name. */
const forms: Readonly<Record<string, (secret: string) => string>> = {
  'a bearer value': (secret) => `curl -H 'authorization: Bearer ${secret}' failed`,
  'a bearer value of its own': (secret) => `sent Bearer ${secret}, got 401`,
  'a basic value': (secret) => `Basic ${secret}`,
  'a header with another scheme': (secret) => `Authorization: ApiKey ${secret}`,
  'a JWT': (secret) => `got eyJhbGciOiJIUzI1NiJ9.${secret}.${secret}`,
  'a JWT in one piece with others': (secret) => `token-eyJhbGciOiJIUzI1NiJ9.${secret}`,
  'the user of a URL': (secret) => `https://${secret}@any.invalid/x`,
  'the password of a URL': (secret) => `connect postgres://me:${secret}@db.invalid:5432/x failed`,
  'a password with a slash in a URL': (secret) => `Invalid URL: postgres://me:a/${secret}?b@db.invalid:5432/x`,
  'several cookies': (secret) => `cookie: a=b; session=${secret}; c=d`,
  'a private key': (secret) => `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----`,
};

describe('what is left of a text', () => {
  it.each(Object.entries(positions))('has no secret that stood in %s', (_, put) => {
    fc.assert(
      fc.property(prose, secretName, canary, (before, name, secret) => {
        expect(redactText(`${before}${put(name, secret)} and more`)).not.toContain(secret);
      }),
      { numRuns: 300 },
    );
  });

  it.each(Object.entries(forms))('has no secret that stood in %s', (_, put) => {
    fc.assert(
      fc.property(prose, canary, (before, secret) => {
        expect(redactText(`${before}${put(secret)} and more`)).not.toContain(secret);
      }),
      { numRuns: 200 },
    );
  });

  it('has no password of any characters that stood in JSON, and is still JSON', () => {
    fc.assert(
      fc.property(secretName, password, fc.array(innocent, { maxLength: 4 }), (name, secret, levels) => {
        const text = JSON.stringify(nest(levels, { [name]: secret, after: 'kept' }));
        const left = redactText(text);
        expect(left).not.toContain(JSON.stringify(secret).slice(1, -1));
        expect(JSON.parse(left)).toEqual(nest(levels, { [name]: '(left out)', after: 'kept' }));
        const within = JSON.stringify({ body: text });
        expect(JSON.parse(JSON.parse(redactText(within)).body)).toEqual(JSON.parse(left));
      }),
      { numRuns: 500 },
    );
  });

  it('has no value of our own webhook header, whatever stands around it', () => {
    for (let run = 0; run < 200; run += 1) {
      // One in a thousand values looks like words in camel case: those are not told from names.
      const secret = `${systemRandomId().slice(0, 24)}a1B2c3D4e5F6g7H8i9J0k1L2`;
      for (const text of [secret, `previous was ${secret}.`, JSON.stringify({ current: secret })]) {
        expect(redactText(text)).not.toContain(secret);
      }
    }
  });

  it('has no part of a secret that the cut went through', () => {
    const all = [
      ...Object.values(positions).map((put) => (secret: string) => put('client_secret', secret)),
      ...Object.values(forms),
    ];
    const longest = 500;
    fc.assert(
      fc.property(fc.constantFrom(...all), canary, fc.nat(120), (put, secret, offset) => {
        const text = put(secret);
        // Long secrets, of which little is left: so what stands where reading ends is near the end of what is kept.
        const end = longest + 4096;
        const before = `eyJ${'a'.repeat(end - 5 - text.indexOf(secret) - (offset % 16))} `;
        const left = redactText(`${before}${text} and more ${'x '.repeat(1000)}`, longest);
        expect(left).toMatch(/^\(left out\) /);
        expect(left).not.toContain(secret.slice(0, 3));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    '{"access_token":"a.b"}',
    '{"code":"a1b2c3"}',
    '{"code":"ABCDEF012345"}',
    '{"client_secret" : "INVALID"}',
    '{"password": 12345678}',
    'wrong password: hunter',
    'https://any.invalid/callback?code=INVALID_GRANT&x=1',
    'AKIAIOSFODNN7EXAMPLE',
  ])('has lost its secret: %s', (text) => {
    expect(redactText(text)).toContain('(left out)');
  });

  it.each([
    '{"error":{"code":"VALIDATION_ERROR"}}',
    '{"code": "FORBIDDEN"}',
    '{"code":"invalid_property"}',
    '{"errors":{"code":["has already been taken"]}}',
    "{ code: 'ECONNREFUSED', errno: -111 }",
    "{ code: '42P01' }",
    "code: 'P2002'",
    '{"code":404,"max_tokens":100,"token":null,"idempotency-token":"0f6c-11"}',
    'Procore refused the refresh token: invalid_grant',
    'Bearer token is missing. Basic information follows',
    'connect ECONNREFUSED http://localhost:5432/a?mail=me@any.invalid',
    'see https://any.invalid:8443/a and mail me@any.invalid',
    'not authorized: arn:aws:secretsmanager:us-east-1:123456789012:secret:procore/sandbox-AbCdEf',
    'arn:aws:sts::123456789012:assumed-role/ProcoreConnectorSandbox-WebhookWorkerServiceRole5A7B9C1D-Q8W2E4R6T1Y3/x',
    'sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    "Cannot read properties of undefined (reading 'name')",
  ])('keeps what is no secret: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('is the same when it is redacted again', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(positions)), secretName, canary, (put, name, secret) => {
        const once = redactText(put(name, secret));
        expect(redactText(once)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });

  it('is any text, at most as long as is asked for', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'token:="\\\'{}[]@/.eyJ \u0000\u00e9'), maxLength: 400 }),
        fc.nat(100),
        (text, longest) => {
          expect(redactText(text, longest).length).toBeLessThanOrEqual(longest);
        },
      ),
    );
  });
});

/** @returns the processor's time, so that a busy machine does not count */
function processorMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('the time that it takes', () => {
  const hostile = {
    'beginnings of JWTs': '-eyJ',
    'beginnings of URLs': '://a:b',
    'names without values': 'token ',
    'names with empty values': 'token="" ',
    'open quotes': 'token:"\\',
    'open quotes of lists': 'token:["\\"',
    'open brackets': '{"token":[{',
    schemes: 'Bearer Bearer ',
    codes: 'code:"A\\"',
    spaces: 'token:                                                               ',
    cookies: 'cookie: (left out) ',
    keys: '-----BEGIN PRIVATE KEY-----',
    letters: 'aB1',
    words: 'token.secret-password_',
  };

  it.each(Object.entries(hostile))('grows with the length and not with its square: %s', (_, part) => {
    const time = (length: number) => {
      const text = part.repeat(length / part.length);
      return Math.min(...[1, 2, 3].map(() => processorMs(() => redactText(text, length))));
    };
    const [short, long] = [time(20_000), time(320_000)];
    // Sixteen times the length; its square would be 256 times.
    expect(long).toBeLessThan(Math.max(short, 2) * 80);
  });

  it('does not depend on what is cut', () => {
    const text = '-eyJ'.repeat(5_000_000);
    expect(processorMs(() => redactText(text, 500))).toBeLessThan(500);
  });
});

describe('headers', () => {
  it('lose what is secret, by name or by form, and keep the rest by lower-case name', () => {
    const headers = {
      Authorization: 'Bearer a',
      'X-Api-Key': 'k',
      'Idempotency-Token': 'i',
      Location: 'https://a/?code=b12',
      Age: '7',
    };
    expect(redactHeaders(headers)).toEqual({
      authorization: '(left out)',
      'x-api-key': '(left out)',
      'idempotency-token': 'i',
      location: 'https://a/?code=(left out)',
      age: '7',
    });
    expect(redactHeaders(new Headers({ 'Set-Cookie': 'a=b' }))).toEqual({ 'set-cookie': '(left out)' });
  });
});

describe('the fields of a log line', () => {
  it('have no secret, wherever it stood', () => {
    fc.assert(
      fc.property(secretName, password, fc.array(innocent, { maxLength: 3 }), (name, secret, levels) => {
        const written = JSON.stringify(
          redactFields(nest(levels, { [name]: secret, note: `Bearer x7${'q'.repeat(20)}`, ok: 1 })),
        );
        expect(written).not.toContain(JSON.stringify(secret).slice(1, -1));
        expect(written).not.toContain('qqqqq');
        expect(written).toContain('"ok":1');
      }),
      { numRuns: 500 },
    );
  });

  it('are bounded, whatever they are', () => {
    fc.assert(
      fc.property(fc.anything({ withMap: true, withDate: true, withBigInt: true, withTypedArray: true }), (fields) => {
        expect(JSON.stringify(redactFields(fields)).length).toBeLessThan(30_000);
      }),
      { numRuns: 300 },
    );
    const long = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`field${index}`, 'word '.repeat(1000)]),
    );
    expect(JSON.stringify(redactFields(long)).length).toBeLessThan(12_000);
    const fifty = (value: unknown) => Array.from({ length: 50 }, () => value);
    for (const one of [7.25, '', null, true, new Date(0), new Uint8Array(1), fifty, fifty({})]) {
      const wide = { name: fifty(fifty(fifty(one))) };
      expect(JSON.stringify(redactFields(wide)).length, String(one)).toBeLessThan(30_000);
    }
    const endless: Record<string, unknown> = {};
    endless.self = endless;
    expect(JSON.stringify(redactFields(endless))).toContain('(too deep)');
    const throwing = {
      get name() {
        throw new Error('not now');
      },
    };
    expect(redactFields(throwing)).toBe('(unreadable)');
  });

  it('name errors and times as people do', () => {
    const fields = {
      error: new TypeError('no Bearer abc123'),
      at: new Date(0),
      id: 5n,
      url: new URL('https://a:b@c.invalid'),
    };
    expect(redactFields(fields)).toEqual({
      error: 'TypeError: no Bearer (left out)',
      at: '1970-01-01T00:00:00.000Z',
      id: '5',
      url: 'https://(left out)@c.invalid/',
    });
  });
});

it('knows a secret by its name in any spelling', () => {
  for (const name of ['Client-Secret', 'CLIENT_SECRET', 'a.b.clientSecret', 'tokens', '3Fclient_secret']) {
    expect(isSecretName(name), name).toBe(true);
  }
  for (const name of ['token_type', 'secretArn', 'codes', 'authorized', 'Idempotency-Token', 'tokenEndpoint']) {
    expect(isSecretName(name), name).toBe(false);
  }
});
