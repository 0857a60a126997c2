import { describe, expect, it } from 'vitest';
import { InvalidPublicOriginError, redirectUri } from '../../functions/oauth/redirect-uri.ts';

describe('redirectUri', () => {
  it.each([
    ['https://connect.example.com', 'https://connect.example.com/oauth/callback'],
    ['https://connect.example.com:8443', 'https://connect.example.com:8443/oauth/callback'],
    ['http://localhost:4400', 'http://localhost:4400/oauth/callback'],
    ['http://127.0.0.1:4400', 'http://127.0.0.1:4400/oauth/callback'],
    ['http://[::1]:4400', 'http://[::1]:4400/oauth/callback'],
  ])('of %s is %s', (origin, expected) => {
    expect(redirectUri(origin)).toBe(expected);
  });

  it.each([
    ['a slash at the end', 'https://connect.example.com/'],
    ['a path', 'https://connect.example.com/prod'],
    ['a query', 'https://connect.example.com?x'],
    ['capitals, which Procore would compare as they are', 'https://Connect.example.com'],
    ['the default port, which browsers leave out', 'https://connect.example.com:443'],
    ['user information', 'https://me@connect.example.com'],
    ['http on a host that is not this machine', 'http://connect.example.com'],
    ['a host that only looks like this machine', 'http://localhost.example.com'],
    ['another scheme', 'ftp://connect.example.com'],
    ['no scheme', 'connect.example.com'],
    ['nothing', ''],
  ])('refuses an origin with %s', (_, origin) => {
    expect(() => redirectUri(origin)).toThrow(InvalidPublicOriginError);
  });

  it('says what a public origin looks like', () => {
    expect(() => redirectUri('https://connect.example.com/prod')).toThrow(
      new InvalidPublicOriginError('https://connect.example.com/prod'),
    );
    expect(new InvalidPublicOriginError('https://connect.example.com/prod').message).toBe(
      'The public origin is "https://connect.example.com/prod". It must be only a scheme and a host, such as ' +
        'https://connect.example.com, without a slash at the end, a path, a query or a user. http is allowed only for ' +
        'this machine (localhost).',
    );
  });
});
