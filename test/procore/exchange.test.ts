import { describe, expect, it } from 'vitest';
import { redactText } from '../../functions/procore/exchange.ts';

describe('text of an exchange', () => {
  it.each([
    '{"access_token":"a.b"}',
    '{"code":"a1b2c3"}',
    '{"code":"ABCDEF012345"}',
    '{"client_secret" : "INVALID"}',
    'https://any.invalid/callback?code=INVALID_GRANT&x=1',
  ])('loses its secrets: %s', (text) => {
    expect(redactText(text)).toContain('(left out)');
  });

  it.each(['{"error":{"code":"VALIDATION_ERROR"}}', '{"code": "FORBIDDEN"}', '{"code":"invalid_property"}'])(
    'keeps the code of an error, by which it is recognised: %s',
    (text) => {
      expect(redactText(text)).toBe(text);
    },
  );
});
