import { describe, expect, it } from 'vitest';
import { parseReturnTo, parseReturnToOrigins, ReturnToNotAllowedError } from '../../functions/connect/return-to.ts';

const allowed = ['https://app.example.com', 'http://localhost:3000'];

describe('parseReturnTo', () => {
  it.each([
    'https://app.example.com',
    'https://app.example.com/',
    'https://app.example.com/done?company=1#top',
    'https://app.example.com?done',
    'http://localhost:3000/done',
  ])('allows %s', (value) => {
    expect(parseReturnTo(value, allowed)).toBe(new URL(value).href);
  });

  it.each([
    ['another host', 'https://evil.example'],
    ['a host that begins with ours', 'https://app.example.com.evil.example/'],
    ['a host that ends with ours', 'https://evil-app.example.com/'],
    ['our host as user information', 'https://app.example.com@evil.example/'],
    ['our host as user and password', 'https://app.example.com:x@evil.example/'],
    ['user information before our host', 'https://evil.example@app.example.com/'],
    ['another port', 'https://app.example.com:8443/'],
    ['another scheme', 'http://app.example.com/'],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/html,hello'],
    ['no scheme', '//evil.example/'],
    ['a path', '/done'],
    ['backslashes that browsers read as slashes', 'https://app.example.com\\@evil.example/'],
    ['backslashes in place of slashes', 'https:\\\\evil.example'],
    ['a backslash in the path', 'https://app.example.com/\\evil.example'],
    ['a tab inside the scheme', 'java\tscript:alert(1)'],
    ['a line break that would split a header', 'https://app.example.com/\r\nset-cookie: x=1'],
    ['a leading space', ' https://app.example.com/'],
    ['another spelling of the host', 'https://APP.example.com/'],
    ['a dot after the host', 'https://app.example.com./'],
    ['a look-alike of the host', 'https://app.examрle.com/'],
    ['a full-width slash', 'https://app.example.com／evil'],
    ['an empty text', ''],
    ['a list', ['https://app.example.com/']],
    ['an object that turns into an allowed text', { toString: () => 'https://app.example.com/' }],
    ['a number', 1],
    ['null', null],
  ])('refuses %s', (_, value) => {
    expect(() => parseReturnTo(value, allowed)).toThrow(ReturnToNotAllowedError);
  });

  it('refuses everything when nothing is allowed, and says what to do', () => {
    expect(() => parseReturnTo('https://app.example.com/', [])).toThrow(
      expect.objectContaining({
        name: 'ReturnToNotAllowedError',
        code: 'return_to_not_allowed',
        message:
          'No origin is allowed in returnTo yet. To allow one, add it to "returnToOrigins" in cdk.json and deploy.',
      }),
    );
  });

  it('names the origins that are allowed, and what to do to allow another', () => {
    expect(() => parseReturnTo('https://evil.example/', allowed)).toThrow(
      expect.objectContaining({
        message:
          'returnTo must be a URL that begins with an allowed origin: https://app.example.com, http://localhost:3000. ' +
          'To allow another origin, add it to "returnToOrigins" in cdk.json and deploy.',
      }),
    );
  });

  it('takes 2,000 characters', () => {
    const longest = `https://app.example.com/${'a'.repeat(2000 - 24)}`;
    expect(longest).toHaveLength(2000);
    expect(parseReturnTo(longest, allowed)).toBe(longest);
    expect(() => parseReturnTo(`${longest}a`, allowed)).toThrow(ReturnToNotAllowedError);
  });

  it('never repeats what was sent', () => {
    expect(() => parseReturnTo('https://evil.example/?secret', allowed)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('evil') }),
    );
  });

  it('allows http for this machine only, even when it is listed', () => {
    expect(() => parseReturnTo('http://app.example.com/', ['http://app.example.com'])).toThrow(ReturnToNotAllowedError);
  });
});

it('parseReturnToOrigins reads a list that may be empty', () => {
  expect(parseReturnToOrigins('')).toEqual([]);
  expect(parseReturnToOrigins('https://a.example, https://b.example,')).toEqual([
    'https://a.example',
    'https://b.example',
  ]);
});
