import { describe, expect, it } from 'vitest';
import { InsecureOriginError, requireSecureOrigin } from '../../functions/procore/secure-origin.ts';

describe('an origin for tokens', () => {
  it.each([
    'https://login.procore.com',
    'https://10.0.0.1:8443',
    'http://localhost:4400',
    'http://127.0.0.1',
    'http://127.255.255.255:1',
    'http://[::1]:4400',
  ])('may be %s', (origin) => {
    expect(requireSecureOrigin(origin).origin).toBe(origin);
  });

  it.each([
    'http://login.procore.com',
    'http://localhost.procore.com',
    'http://127.0.0.1.procore.com',
    'http://1.127.0.0.1.procore.com',
    'http://x127.0.0.1.nip.io',
    'http://128.0.0.1',
    'http://[::2]',
    'ftp://localhost',
    'ws://127.0.0.1',
  ])('may not be %s', (origin) => {
    expect(() => requireSecureOrigin(origin)).toThrow(InsecureOriginError);
  });

  it('is named without what stands behind it, which may be a secret', () => {
    expect(() => requireSecureOrigin('http://me:hunter2@x.example/path?code=1')).toThrow(
      new InsecureOriginError('http://x.example'),
    );
  });
});
