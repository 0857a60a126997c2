import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepThisMachineDirect, ProxyVariableError, proxyFor, readProxyRules } from '../lib/proxy-rules.ts';

const proxy = 'http://proxy.corp:8080';

/** Whether a URL goes through the proxy when `NO_PROXY` is this. */
function isProxied(url: string, direct = ''): boolean {
  return proxyFor(readProxyRules({ HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: direct }), new URL(url)) === proxy;
}

describe('the proxy of a call', () => {
  it.each([
    ['https://api.example.com', '', true],
    ['https://api.example.com', '*', false],
    ['https://api.example.com', 'other.org *', false],
    ['https://api.example.com', 'example.com', false],
    ['https://api.example.com', '.example.com', false],
    ['https://example.com', '.example.com', false],
    ['https://api.example.com', '*.EXAMPLE.com', false],
    ['https://badexample.com', 'example.com', true],
    ['https://api.example.com.', 'api.example.com', false],
    ['https://api.example.com', 'api.example.com:443', false],
    ['https://api.example.com', 'api.example.com:8443', true],
    ['https://api.example.com:8443', 'api.example.com:8443', false],
    ['https://10.1.2.3', '10.0.0.0/8', false],
    ['https://11.1.2.3', '10.0.0.0/8', true],
    ['https://10.1.2.3', '10.1.2.0-10.1.2.9', false],
    ['https://10.1.2.10', '10.1.2.0-10.1.2.9', true],
    ['https://10.1.2.3', '10.1.2.9-10.1.2.0', true],
    ['https://10.1.2.3', '10.0.0.0/99', true],
    ['https://[fd00::1]', 'fd00::/8', false],
    ['https://[fd00::1]', '[fd00::1]', false],
    ['https://[fd00::1]', 'fd00::1', false],
    ['https://my-host.example.com', 'my-host.example.com', false],
  ])('of %s with NO_PROXY=%s: %s', (url, direct, expected) => {
    expect(isProxied(url, direct)).toBe(expected);
  });

  it.each([
    'http://127.0.0.1:4400',
    'http://127.8.9.10',
    'https://localhost:4400',
    'https://sandbox.localhost',
    'http://[::1]:4400',
    'http://[::ffff:127.0.0.1]',
    'http://169.254.169.254/latest/meta-data',
  ])('is none for this machine, with NO_PROXY and without: %s', (url) => {
    expect([isProxied(url), isProxied(url, 'example.com')]).toEqual([false, false]);
  });

  it('is that of its scheme, and of the lower-case name where both are set', () => {
    const rules = readProxyRules({
      HTTPS_PROXY: 'http://upper:1',
      https_proxy: 'lower:1',
      no_proxy: '',
      NO_PROXY: 'a.org',
    });
    expect(proxyFor(rules, new URL('https://b.org'))).toBe('http://lower:1');
    expect(proxyFor(rules, new URL('http://b.org'))).toBeUndefined();
    expect(proxyFor(rules, new URL('https://a.org'))).toBeUndefined();
  });

  it('is refused when it is none, without a word of it', () => {
    const refusal = () => readProxyRules({ HTTP_PROXY: 'ftp://me:secret@proxy' });
    expect(refusal).toThrow(ProxyVariableError);
    expect(refusal).toThrow(/^HTTP_PROXY is not(?!.*secret)/);
  });
});

describe('whatever hosts and NO_PROXY look like', () => {
  const label = fc.stringMatching(/^[a-z]([a-z\d-]{0,6}[a-z\d])?$/);
  const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => [...labels, 'corp'].join('.'));
  const byte = fc.integer({ min: 0, max: 255 });
  const v4 = fc.tuple(fc.integer({ min: 11, max: 100 }), byte, byte, byte).map((bytes) => bytes.join('.'));
  const v6 = fc.tuple(byte, byte).map(([one, other]) => ({ one, other }));
  const respelled = fc.constantFrom<(text: string) => string>(
    (text) => text,
    (text) => text.toUpperCase(),
    (text) => `${text}.`,
  );
  const port = fc.constantFrom(undefined, 443, 8443);
  /** A host as it stands in a URL, and spellings of it that people write into `NO_PROXY`. */
  const host = fc.oneof(
    name.map((text) => ({ inUrl: text, spellings: [text, `.${text}`, `*.${text}`, `${text}.`, text.toUpperCase()] })),
    v4.map((text) => ({ inUrl: text, spellings: [text, `${text}/32`, `${text}-${text}`] })),
    v6.map(({ one, other }) => {
      const short = `fd00:${one.toString(16)}::${(other + 1).toString(16)}`;
      const long = `FD00:${one.toString(16).padStart(4, '0')}:0:0:0:0:0:${(other + 1).toString(16).padStart(4, '0')}`;
      return { inUrl: `[${short}]`, spellings: [short, `[${short}]`, long, `[${long}]`, `${short}/128`] };
    }),
  );
  const separator = fc.constantFrom(',', ' ', ', ', ',,', '\t', '\n');
  const others = fc.array(fc.constantFrom('example.org', '9.9.9.0/24', '[2001:db8::1]:80', '::/99999', '-', '/', ':'));

  it('a host that is named there, in any spelling and among any others, is reached directly', () => {
    const places = fc.record({
      host,
      which: fc.nat(),
      respell: respelled,
      port,
      before: others,
      after: others,
      separator,
    });
    fc.assert(
      fc.property(
        places,
        ({ host: { inUrl, spellings }, which, respell, port: at, before, after, separator: between }) => {
          const spelled = spellings[which % spellings.length] ?? '';
          const isName = inUrl.endsWith('corp');
          const url = `https://${isName ? respell(inUrl) : inUrl}${at === undefined ? '' : `:${at}`}/path`;
          expect(isProxied(url, [...before, spelled, ...after].join(between)), url).toBe(false);
          expect(isProxied(url, [...before, ...after].join(between)), url).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('a host whose name only ends alike goes through the proxy', () => {
    fc.assert(
      fc.property(name, label, (text, more) => {
        expect(isProxied(`https://${more}${text}`, text)).toBe(true);
      }),
    );
  });

  it('this machine is never reached through a proxy, and what is no host is no reason to fail', () => {
    const own = fc.oneof(
      fc.tuple(byte, byte, byte).map((bytes) => `127.${bytes.join('.')}`),
      fc.tuple(byte, byte).map((bytes) => `[::ffff:127.0.${bytes.join('.')}]`),
      fc.constantFrom('localhost', 'LOCALHOST', 'localhost.', 'a.b.localhost', '[::1]', '[0:0:0:0:0:0:0:1]'),
      fc.constantFrom('127.1', '0x7f.1', '2130706433', '0.0.0.0', '[::]'),
    );
    const anything = fc.oneof(
      others.map((entries) => entries.join()),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(own, fc.constantFrom('http', 'https'), anything, (where, scheme, direct) => {
        expect(isProxied(`${scheme}://${where}:4400/`, direct)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

it('tells programs that it starts to reach this machine directly, once', () => {
  const variables: Record<string, string | undefined> = { HTTPS_PROXY: proxy, no_proxy: 'example.com' };
  keepThisMachineDirect(variables, readProxyRules(variables));
  expect(variables.NO_PROXY).toMatch(/^example\.com,localhost,.*127\.0\.0\.1/);
  expect(variables.no_proxy).toBe(variables.NO_PROXY);
  const before = { ...variables };
  keepThisMachineDirect(variables, readProxyRules(variables));
  expect(variables).toEqual(before);
});
